/**
 * One run of a projection: the loop that reads, hands events to the script, writes what that emits,
 * and keeps how far it is.
 *
 *     open ─▶ read ─▶ run ─▶ write ──▶ checkpoint, if one is due ─▶ read …
 *              ▲                            │ at the head
 *              └────── a commit wakes it ───┴─▶ it waits; or, if it is to end there, it is complete
 *
 * What is emitted is in the log before the checkpoint that is beyond it. So after a stop at any
 * moment, the next run gives the events since the checkpoint to the script again, and the log takes
 * none of what they emit twice.
 */
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import type { Definition } from "../definition.ts";
import type { Emission } from "../keeping/emitter.ts";
import type { Keeper } from "../keeping/keeper.ts";
import type { Outcome, ScriptEvent } from "../script/script.ts";
import { correlationIn } from "../source/selection.ts";
import { type Place, tagOf } from "../source/tags.ts";
import type { RunCounts } from "../status.ts";
import { News } from "./news.ts";
import { type Opened, openRun, type RunParts } from "./open.ts";
import { whilePassing } from "./passing.ts";
import { type Reached, Saver } from "./saver.ts";
import { Faulted } from "./verdict.ts";
import { Waiters } from "./waiters.ts";

/** Events go to the script in batches of at most so many: none holds up other work for long. */
const BATCH = 500;

export class Run {
	readonly definition: Definition;
	readonly counts: RunCounts = { events: 0, scriptMs: 0, partitions: 0, heapBytes: 0 };
	readonly #keeper: Keeper;
	readonly #parts: RunParts;
	/** Whether it hands out states with each batch, so that a fault finds them as they were. */
	readonly #isExact: boolean;
	/** Whether events come one by one at first: a fault may take the states of its batch with it. */
	readonly #isCareful: boolean;
	readonly #over = new AbortController();
	#opened: Opened | undefined;
	#place: Place = { next: -1, cursors: {} };
	#handled = 0;
	readonly #saver: Saver;
	readonly #news = new News();
	/** Whether the sandbox can hold no more states that were not handed out. */
	#mustHandOut = false;
	#turn: Promise<unknown> = Promise.resolve();
	#waitsFor: string | undefined;
	#isAtHead = false;
	readonly #waiting = new Waiters();
	readonly #keeping = new Waiters();

	/**
	 * @param keeper what it goes on from, and writes to
	 * @param faults how many there were in a row before it
	 */
	constructor(definition: Definition, keeper: Keeper, parts: RunParts, faults: number) {
		this.definition = definition;
		this.#keeper = keeper;
		this.#parts = parts;
		this.#isExact = faults > 0;
		this.#isCareful = faults > 1;
		this.#saver = new Saver(keeper, definition);
	}

	get opened(): Opened | undefined {
		return this.#opened;
	}

	/** Where it is: everything before `next` is handled; -1 until the script is open. */
	get place(): Place {
		return this.#place;
	}

	get tag(): string {
		return tagOf(this.#place, this.#opened?.selection.isAll ?? true);
	}

	get handled(): number {
		return this.#handled;
	}

	/** What keeps it from going on for now; undefined if nothing does. */
	get waitsFor(): string | undefined {
		return this.#waitsFor;
	}

	/** Whether it waits for events, and has read and handled all there are. */
	get isAtHead(): boolean {
		return this.#isAtHead && !this.#news.has;
	}

	/**
	 * Runs until it is stopped, or has come to its end.
	 * @param onRunning is told when the script is open
	 * @returns whether it has come to its end
	 * @throws Faulted, ScriptFault, EmissionRefused, SandboxLost, Superseded, and Refusals of reads
	 */
	async run(onRunning: () => void): Promise<boolean> {
		try {
			await this.#open();
			onRunning();
			this.#waiting.wake();
			return await this.#loop();
		} finally {
			this.#over.abort();
			this.#reach();
			this.#news.wake();
			await this.#turn;
			await this.#opened?.intake.close();
			this.#opened?.unregister();
			await this.#opened?.script.close();
		}
	}

	/** Ends it after the batch that it is at. @param saves whether it writes down how far it is */
	stop(saves: boolean): void {
		this.#over.abort(saves ? "save" : undefined);
		this.#news.wake();
	}

	/** The state and the result of a partition as of now, and where that is. */
	async look(partition: string): Promise<Looked> {
		return this.#inTurn(async () => {
			const { script } = this.#opened as Opened;
			return { ...(await script.look(partition)), tag: this.tag };
		});
	}

	/** Resolves when everything before a position is handled, or the run or the wait is over. */
	async until(next: number, signal: AbortSignal): Promise<void> {
		while (this.#place.next < next && !this.#over.signal.aborted && !signal.aborted) {
			this.#news.tell();
			await this.#waiting.wait(signal);
		}
	}

	/** Keeps how far it is as soon as it can. Resolves when that is done, or the run is over. */
	async keep(): Promise<void> {
		while (!this.#over.signal.aborted && !this.#saver.isUpToDate(this.#reached)) {
			this.#mustHandOut = true;
			this.#news.tell();
			await this.#keeping.wait();
		}
	}

	async #open(): Promise<void> {
		this.#opened = await openRun(this.definition, this.#keeper, this.#parts, this.#news);
		const { checkpoint } = this.#keeper;
		this.#place = { next: 0, cursors: this.#opened.reader.cursors() };
		if (checkpoint === undefined) return;
		const { next, cursors, handled } = checkpoint;
		this.#place = { next, cursors };
		this.#handled = handled;
		this.#saver.begin();
	}

	/** @returns whether it has come to its end */
	async #loop(): Promise<boolean> {
		const { intake } = this.#opened as Opened;
		const { ends = this.definition.mode !== "Continuous" && { isCompleted: true } } = this.#parts;
		while (!this.#over.signal.aborted) {
			this.#isAtHead = false;
			const taken = await this.#whilePassing(() => intake.take(this.#limit));
			const { events, passedBytes, place, isAtHead } = taken;
			// After a fault, nothing goes on before it is known how the events before ended.
			if (!isAtHead && !this.#isExact) intake.readAhead(BATCH);
			if (events.length > 0) await this.#handle(events);
			this.#saver.passed(passedBytes);
			this.#place = place;
			this.#isAtHead = isAtHead;
			if (isAtHead) this.#parts.onAtHead?.();
			this.#reach();
			if (isAtHead && ends) {
				await this.#checkpoint(ends.isCompleted);
				return true;
			}
			if (this.#mustHandOut || this.#saver.dueMs(this.#reached) <= 0) await this.#checkpoint(false);
			if (isAtHead) await this.#wait();
			else await setImmediate();
		}
		if (this.#over.signal.reason === "save") await this.#checkpoint(false);
		return false;
	}

	async #handle(events: readonly ScriptEvent[]): Promise<void> {
		// Nobody sees a state before what was emitted on the way to it is there.
		const outcome = await this.#inTurn(() => this.#runScript(events));
		if (outcome.fault === undefined) return;
		if (this.#isExact) await this.#keepBefore(events, outcome);
		const isWhole = !outcome.isLost || events.length === 1;
		throw new Faulted(outcome.fault, this.#isExact && isWhole);
	}

	get #limit(): number {
		return this.#isCareful && this.counts.events < 2 * BATCH ? 1 : BATCH;
	}

	async #runScript(events: readonly ScriptEvent[]): Promise<Outcome> {
		const { script } = this.#opened as Opened;
		const { producesResults } = script.definition.output;
		const results = producesResults ? "each" : "none";
		const started = performance.now();
		const outcome = await script.run(events, { handOut: this.#isExact, results });
		const { counts } = this;
		counts.scriptMs += performance.now() - started;
		counts.events += outcome.done;
		counts.partitions = outcome.held.partitions;
		counts.heapBytes = outcome.held.heapBytes;
		this.#handled += outcome.handled;
		if (outcome.states) this.#saver.takeIn(outcome.states);
		this.#mustHandOut = outcome.held.isFull;
		if (outcome.fault === undefined || this.#isExact) await this.#emit(events, outcome);
		return outcome;
	}

	/** Keeps what came before the event that caused a fault: the next run begins with that event. */
	async #keepBefore(events: readonly ScriptEvent[], { done, isLost }: Outcome): Promise<void> {
		const cause = isLost ? undefined : events[done];
		// If the states are gone, those of before the batch were handed out.
		if (cause) this.#place = { ...this.#place, next: cause.position };
		await this.#save(false);
	}

	async #emit(events: readonly ScriptEvent[], { emitted, results }: Outcome): Promise<void> {
		if (emitted.length === 0 && results.length === 0) return;
		const { emitter, results: known } = this.#opened as Opened;
		const causeOf = (event: number) => {
			const { position, id, metadata } = events[event] as ScriptEvent;
			return { position, id, correlation: correlationIn(Buffer.from(metadata)) };
		};
		const written: Emission[] = emitted.map(({ event, index, ...rest }) => ({
			...rest,
			index: String(index),
			cause: causeOf(event),
		}));
		const changes = await known.emissionsOf(results, causeOf);
		// One that is only asked writes nothing.
		if (this.definition.mode !== "Transient") written.push(...changes);
		if (this.#parts.isSilent) return;
		await this.#whilePassing(() => emitter.write(written));
	}

	async #checkpoint(isCompleted: boolean): Promise<void> {
		const { script } = this.#opened as Opened;
		if (this.#saver.isUpToDate(this.#reached) && !isCompleted) return;
		const { fault, states } = await this.#inTurn(() => script.run([], { handOut: true }));
		this.#mustHandOut = false;
		if (fault) throw new Faulted(fault, this.#isExact);
		if (states) this.#saver.takeIn(states);
		await this.#save(isCompleted);
	}

	async #save(isCompleted: boolean): Promise<void> {
		const { results } = this.#opened as Opened;
		const reached = this.#reached;
		await this.#whilePassing(() => this.#saver.save(reached, results, isCompleted));
		this.#reach();
	}

	/** Waits for news, as long as no checkpoint is due. */
	async #wait(): Promise<void> {
		const { signal } = this.#over;
		while (!this.#news.has && !signal.aborted) {
			const dueMs = this.#saver.dueMs(this.#reached);
			if (dueMs <= 0) await this.#checkpoint(false);
			else await this.#news.wait(dueMs);
		}
		// What comes a little later comes along.
		if (!signal.aborted) await sleep(this.#parts.lingerMs(), undefined, { signal }).catch(() => 0);
	}

	#whilePassing<T>(work: () => Promise<T>): Promise<T> {
		return whilePassing(work, this.#over.signal, (reason) => {
			this.#waitsFor = reason;
		});
	}

	get #reached(): Reached {
		return { place: this.#place, tag: this.tag, handled: this.#handled };
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#turn.then(work);
		this.#turn = done.catch(() => undefined);
		return done;
	}

	#reach(): void {
		this.#waiting.wake();
		if (!this.#mustHandOut || this.#over.signal.aborted) this.#keeping.wake();
	}
}

export type Looked = {
	readonly state: string | undefined;
	readonly result: string | undefined;
	readonly tag: string;
};
