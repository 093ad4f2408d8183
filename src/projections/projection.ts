/**
 * A projection on this server: what it is, what it keeps, and its run, if it runs.
 *
 *     Stopped ──enable──▶ Preparing ──▶ Running ──▶ Completed (if it is to end at the head)
 *        ▲                   │            │
 *        └─disable, abort────┴────────────┤
 *                         Faulted ◀───────┘ a fault that does not pass, or the third in a row
 *
 * If another server keeps a step of the same projection, this one leaves it to that one, and looks
 * now and then whether it still goes on.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ALL } from "../event.ts";
import { logFault, type OperatorLog } from "../observe/operator-log.ts";
import type { Definition } from "./definition.ts";
import type { Keeper } from "./keeping/keeper.ts";
import { resultStream } from "./names.ts";
import { keeperOf, type Opened, type RunParts } from "./running/open.ts";
import { type Looked, Run } from "./running/run.ts";
import { verdictOn } from "./running/verdict.ts";
import { workOf } from "./running/work.ts";
import { type Fault, SandboxLost, ScriptFault } from "./script/script.ts";
import { tagOf } from "./source/tags.ts";
import { type ManagerState, type Standing, statusOf } from "./status.ts";

export type ProjectionParts = RunParts & {
	readonly operatorLog: OperatorLog;
	/** Told whenever one does not run any more. */
	readonly onEnd?: () => void;
};

/** It tries again after so long, for each fault in a row. */
const FAULT_PAUSE_MS = 200;
/** One that another server runs is looked at this often. */
const STANDBY_MS = 15_000;

export class Projection {
	definition: Definition;
	/** The number of the event that defines it. */
	at: number;
	readonly #parts: ProjectionParts;
	#keeper: Keeper;
	#run: Run | undefined;
	#driving: Promise<void> | undefined;
	#over = new AbortController();
	#state: ManagerState = "Stopped";
	#reason = "";
	#fault: Fault | undefined;
	#resultStream: string | undefined;
	#isLoaded = false;
	#isHeld = false;

	constructor(definition: Definition, at: number, parts: ProjectionParts) {
		this.definition = definition;
		this.at = at;
		this.#parts = parts;
		this.#keeper = keeperOf(parts.own, definition);
	}

	get isRunning(): boolean {
		return this.#driving !== undefined;
	}

	/** Whether it is to run as soon as the server has room for it. */
	get isHeld(): boolean {
		return this.#isHeld;
	}

	get state(): ManagerState {
		return this.#state;
	}

	/** Takes another definition, of a projection that does not run. */
	redefine(definition: Definition, at: number): void {
		const { epoch, kept, id } = this.definition;
		const isSame = id === definition.id && epoch === definition.epoch && kept === definition.kept;
		this.definition = definition;
		this.at = at;
		if (isSame) return;
		this.#keeper = keeperOf(this.#parts.own, definition);
		this.#isLoaded = false;
	}

	/** Begins to run, if it does not. */
	start(): void {
		if (this.#driving) return;
		this.#over = new AbortController();
		this.#fault = undefined;
		this.#isHeld = false;
		this.#set("Preparing");
		this.#driving = this.#drive().finally(() => {
			this.#driving = undefined;
			this.#run = undefined;
			this.#parts.onEnd?.();
		});
	}

	/** @returns whether it had come to its end before this server started, and stays there */
	async noteCompleted(): Promise<boolean> {
		if (this.definition.mode === "Continuous") return false;
		const { checkpoint } = await this.keeper();
		if (checkpoint?.isCompleted !== true || this.isRunning) return false;
		this.#isHeld = false;
		this.#set("Completed");
		return true;
	}

	/**
	 * It does not run, though it is enabled.
	 * @param isHeld whether it is to run as soon as the server has room for it
	 */
	hold(reason: string, isHeld = true): void {
		this.#isHeld = isHeld;
		this.#set("Stopped", reason);
	}

	/** @param saves whether it writes down how far it is */
	async stop(saves: boolean): Promise<void> {
		this.#isHeld = false;
		if (this.#driving) {
			this.#set(saves ? "Stopping" : "Aborting");
			this.#over.abort();
			this.#run?.stop(saves);
			await this.#driving;
		}
		this.#set(saves ? "Stopped" : "Aborted");
	}

	/** Resolves when it does not run any more. */
	async ended(): Promise<void> {
		await this.#driving;
	}

	/** What it keeps, as of now. */
	async keeper(): Promise<Keeper> {
		// A run loads it, and knows what it has written itself.
		if (this.#isLoaded && this.isRunning && this.#state === "Running") return this.#keeper;
		await this.#keeper.load();
		this.#isLoaded = true;
		return this.#keeper;
	}

	/** The same, with all that a run has done until now. */
	async keptNow(): Promise<Keeper> {
		if (this.#state === "Running") await this.#run?.keep();
		return this.keeper();
	}

	/** Forgets all states. */
	clear(): Promise<void> {
		return this.#keeper.clear();
	}

	/**
	 * Resolves when everything before a position is handled, or the wait is over.
	 * @returns the first position that is not handled
	 */
	async until(next: number, signal: AbortSignal): Promise<number> {
		await this.#run?.until(next, signal);
		return this.reached();
	}

	/** The first position that is not handled: of now if it runs, else of the newest checkpoint. */
	async reached(): Promise<number> {
		const run = this.#run;
		if (run?.opened) return run.place.next;
		return (await this.keeper()).checkpoint?.next ?? 0;
	}

	/** The state of a partition: of now if it runs, else of the newest checkpoint. */
	async look(partition: string): Promise<Looked> {
		const run = this.#run;
		if (run !== undefined && this.#state === "Running") {
			const looked = await run.look(partition).catch(noneIfLost);
			if (looked) return looked;
		}
		const keeper = await this.keeper();
		const text = await keeper.state(partition);
		const tag = keeper.checkpoint?.tag ?? "";
		return { state: text?.state, result: text?.result ?? text?.state, tag };
	}

	async standing(): Promise<Standing> {
		const { name, mode, isEnabled, author, version, epoch } = this.definition;
		const run = this.#run;
		const end = Number(await this.#parts.own.log.last(ALL)) + 1;
		const { checkpoint } = run === undefined ? await this.keeper() : this.#keeper;
		const next = run?.opened ? run.place.next : (checkpoint?.next ?? 0);
		const lastCheckpoint = checkpoint?.tag ?? tagOf({ next: 0, cursors: {} }, true);
		const isThere = run?.isAtHead === true || this.#state === "Completed";
		return {
			name,
			mode,
			status: statusOf(this.#state, isEnabled),
			reason: this.#reason || (run?.waitsFor ?? ""),
			fault: this.#fault,
			isSystem: false,
			isEnabled,
			author: author.login,
			version,
			epoch,
			progress: {
				next,
				end,
				lag: isThere ? 0 : Math.max(0, end - next),
				position: run?.opened ? run.tag : (checkpoint?.tag ?? ""),
				lastCheckpoint,
				handled: run?.opened ? run.handled : (checkpoint?.handled ?? 0),
			},
			work: workOf(run, this.#keeper),
			resultStream: this.#resultStream,
			candidate: undefined,
		};
	}

	async #drive(): Promise<void> {
		let faults = 0;
		let before = -1;
		while (!this.#over.signal.aborted) {
			const run = new Run(this.definition, this.#keeper, this.#parts, faults);
			this.#run = run;
			try {
				const isCompleted = await run.run(() => this.#noteRunning(run));
				if (isCompleted) this.#set("Completed");
				return;
			} catch (error) {
				if (this.#over.signal.aborted) return;
				const { next } = run.place;
				faults = next > before ? 1 : faults + 1;
				before = next;
				if (!(await this.#goOn(error, faults))) return;
			}
		}
	}

	#noteRunning(run: Run): void {
		const { output } = (run.opened as Opened).script.definition;
		this.#isLoaded = true;
		const named = output.resultStream ?? resultStream(this.definition.name, "");
		this.#resultStream = output.producesResults ? named : undefined;
		if (this.#state === "Preparing") this.#set("Running");
	}

	/** @returns whether it goes on */
	async #goOn(error: unknown, faults: number): Promise<boolean> {
		const verdict = verdictOn(error, faults);
		switch (verdict.is) {
			case "again":
				this.#set("Preparing", verdict.reason);
				await this.#pause(FAULT_PAUSE_MS * faults);
				return true;
			case "standby":
				await this.#standBy();
				return true;
			case "stop":
				this.#set("Stopped", verdict.reason);
				return false;
			case "fault": {
				const { reason, fault, isOurs } = verdict;
				this.#fault = fault;
				this.#set("Faulted", reason);
				if (isOurs) logFault(this.#parts.operatorLog, error);
				const facts = { projection: this.definition.name, reason };
				this.#parts.operatorLog.warn("a projection has stopped with a fault", facts);
				return false;
			}
		}
	}

	/** Waits as long as another server writes down how far the projection is. */
	async #standBy(): Promise<void> {
		this.#set("Running", "Another server runs it.");
		this.#run = undefined;
		for (let seen = -1; !this.#over.signal.aborted; ) {
			// If that fails, it does so again in the run that follows.
			await this.#keeper.load().catch(() => undefined);
			const { next = 0 } = this.#keeper.checkpoint ?? {};
			if (next === seen) break;
			seen = next;
			await this.#pause(STANDBY_MS);
		}
		this.#set("Preparing");
	}

	#set(state: ManagerState, reason = ""): void {
		this.#state = state;
		this.#reason = reason;
	}

	async #pause(ms: number): Promise<void> {
		const { signal } = this.#over;
		await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
	}
}

function noneIfLost(error: unknown): undefined {
	if (error instanceof SandboxLost || error instanceof ScriptFault) return undefined;
	throw error;
}
