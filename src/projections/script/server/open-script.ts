/** A script that is open in the sandbox, as the server sees it. */
import type { Definition } from "../model/definition.ts";
import type { ScriptEvent } from "../model/events.ts";
import { type Fault, ScriptFault } from "../model/fault.ts";
import type { Limits } from "../model/limits.ts";
import type { Look, Outcome, Result, RunOptions } from "../model/outcome.ts";
import type { Script, ScriptSource } from "../model/script.ts";
import { SandboxLost } from "../model/script.ts";
import type { GuestCall, RawFault, Reply, ScriptId } from "../process/protocol.ts";
import { batchEnd, encodeBatch } from "./encode.ts";
import type { Home } from "./home.ts";
import { type GuestOutcome, lastResults, lostOutcome, merge } from "./outcome.ts";
import { faultOf } from "./place.ts";

export type Opened = {
	readonly id: ScriptId;
	readonly home: Home;
	readonly definition: Definition;
	readonly script: ScriptSource;
	readonly limits: Limits;
	/** Gives its place up. */
	readonly leave: () => void;
};

type GuestLook = {
	readonly missing?: readonly string[];
	readonly state?: string;
	readonly result?: string;
	readonly shared?: string;
	readonly fault?: RawFault;
};

export class OpenScript implements Script {
	readonly definition: Definition;
	readonly #opened: Opened;
	#heapBytes = 0;
	#last: Promise<unknown> = Promise.resolve();
	#isSharedLoaded: boolean;
	#fault: Fault | undefined;

	constructor(opened: Opened) {
		this.#opened = opened;
		this.definition = opened.definition;
		const { isBiState } = opened.definition.handlers;
		this.#isSharedLoaded = !isBiState || opened.script.startsFromNothing === true;
	}

	run(events: readonly ScriptEvent[], options: RunOptions = {}): Promise<Outcome> {
		return this.#inTurn(() => this.#run(events, options));
	}

	look(partition: string): Promise<Look> {
		return this.#inTurn(() => this.#lookOrLoad(partition));
	}

	unload(keepPartitions: number): Promise<void> {
		return this.#inTurn(async () => {
			await this.#ask({ to: "forget", keep: keepPartitions });
		});
	}

	async close(): Promise<void> {
		this.#opened.leave();
	}

	/** The sandbox has one answer for a script on its way, not two. */
	#inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
		const result = this.#last.then(work);
		this.#last = result.catch(() => undefined);
		return result;
	}

	async #run(events: readonly ScriptEvent[], options: RunOptions): Promise<Outcome> {
		if (this.#fault) throw new ScriptFault(this.#fault);
		await this.#loadShared();
		let outcome: Outcome | undefined;
		let start = 0;
		do {
			const end = batchEnd(events, start);
			outcome = await this.#cross(events, [start, end], options, outcome);
			start = end;
		} while (start < events.length && !outcome.fault);
		// States are handed out with the last crossing; a fault may have come before it.
		const isOwed = options.handOut && !outcome.states && !outcome.isLost;
		if (isOwed) outcome = await this.#handOut(outcome);
		this.#fault = outcome.fault;
		return { ...outcome, results: lastOf(outcome.results, options) };
	}

	async #lookOrLoad(partition: string): Promise<Look> {
		await this.#loadShared();
		let looked = await this.#look(partition, false);
		if (looked.missing) {
			const text = await this.#load(looked.missing);
			await this.#ask({ to: "supply", text });
			looked = await this.#look(partition, true);
		}
		const { state, result, shared, fault } = looked;
		const known = { state, result, shared };
		return fault ? { ...known, fault: faultOf(fault, [], 0) } : known;
	}

	async #cross(
		events: readonly ScriptEvent[],
		[start, end]: readonly [number, number],
		options: RunOptions,
		before: Outcome | undefined,
	): Promise<Outcome> {
		const text = JSON.stringify({
			handOut: end === events.length && options.handOut === true,
			results: options.results ?? "none",
			trace: options.trace === true,
		});
		const batch = encodeBatch(events, start, end);
		let part = await this.#outcome({ to: "run", batch, options: text });
		if ("missing" in part) {
			const text = await this.#load(part.missing);
			part = await this.#outcome({ to: "supply", text });
		}
		return this.#merge(before, part as GuestOutcome, events, start);
	}

	/** Hands out what the events before a fault left. */
	async #handOut(outcome: Outcome): Promise<Outcome> {
		const options = JSON.stringify({ handOut: true, results: "none", trace: false });
		const batch = encodeBatch([], 0, 0);
		const part = (await this.#outcome({ to: "run", batch, options })) as GuestOutcome;
		if (part.isLost) return this.#merge(undefined, part, [], 0);
		const { states, held } = this.#merge(undefined, part, [], 0);
		return { ...outcome, ...(states && { states }), held };
	}

	#merge(
		before: Outcome | undefined,
		part: GuestOutcome,
		events: readonly ScriptEvent[],
		start: number,
	): Outcome {
		const { limits } = this.#opened;
		return merge(before, part, { events, start, heapBytes: this.#heapBytes, limits });
	}

	async #outcome(call: GuestCall): Promise<GuestOutcome | { missing: readonly string[] }> {
		const reply = await this.#reply(call);
		// The engine is gone, and the states with it.
		if ("fault" in reply) return lostOutcome(reply.fault);
		return JSON.parse(reply.answer);
	}

	async #look(partition: string, isSupplied: boolean): Promise<GuestLook> {
		return JSON.parse(await this.#ask({ to: "look", partition, isSupplied }));
	}

	async #ask(call: GuestCall): Promise<string> {
		const reply = await this.#reply(call);
		if (!("fault" in reply)) return reply.answer;
		this.#fault = faultOf(reply.fault, [], 0);
		throw new ScriptFault(this.#fault);
	}

	async #reply(call: GuestCall): Promise<Exclude<Reply, { lost: string }>> {
		const { id, home } = this.#opened;
		const reply = await new Promise<Reply>((answer) =>
			home.ask({ kind: "call", script: id, call }, answer),
		);
		if ("lost" in reply) throw new SandboxLost(reply.lost);
		if ("answer" in reply) this.#heapBytes = reply.heapBytes;
		return reply;
	}

	/** @returns JSON: the states of partitions as the user of the script has them */
	async #load(partitions: readonly string[]): Promise<string> {
		const states = await this.#opened.script.states.load(partitions);
		return JSON.stringify(partitions.map((partition, at) => [partition, states[at] ?? null]));
	}

	async #loadShared(): Promise<void> {
		if (this.#isSharedLoaded) return;
		this.#isSharedLoaded = true;
		const text = await this.#opened.script.states.loadShared();
		if (text !== undefined) await this.#ask({ to: "loadShared", text });
	}
}

function lastOf(results: readonly Result[], options: RunOptions): readonly Result[] {
	return options.results === "last" ? lastResults(results) : results;
}
