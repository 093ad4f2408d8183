/** A batch of events through the script. */
import type { Batch } from "./batch.ts";
import { type Json, plain } from "./draft.ts";
import { OwnMap, OwnSet, parse, stringify, textOf } from "./intrinsics.ts";
import { setMoment, tellHost } from "./moment.ts";
import type { Output } from "./output.ts";
import type { Entry, Partitions } from "./partitions.ts";
import type { Program } from "./program.ts";
import { Stepper } from "./stepper.ts";
import {
	described,
	type Handler,
	handlerOf,
	type RawFault,
	Work,
	type WorkOptions,
} from "./work.ts";

export type RunLimits = { readonly stateChars: number; readonly partitionsHeld: number };

/** As `Step` of script.ts, without what is the host's. */
type StepRow = {
	readonly event: number;
	readonly partition: string;
	readonly handler: string;
	readonly before: string;
	readonly after: string;
	readonly sharedBefore: string | undefined;
	readonly sharedAfter: string | undefined;
	readonly result: string | undefined;
};

type ResultRow = readonly [event: number, partition: string, result: string | undefined];

export class Runner {
	readonly #program: Program;
	readonly #output: Output;
	readonly #partitions: Partitions;
	readonly #stepper: Stepper;
	readonly #limits: RunLimits;
	#work: Work | undefined;
	#results: ResultRow[] = [];
	#steps: StepRow[] = [];
	/** Partition → its last event of this batch, for their results. */
	#touched = new OwnMap<string, number>();

	constructor(program: Program, output: Output, partitions: Partitions, limits: RunLimits) {
		this.#program = program;
		this.#output = output;
		this.#partitions = partitions;
		this.#limits = limits;
		this.#stepper = new Stepper(program, output, partitions);
	}

	/** @returns JSON: the outcome, or `{ missing }` with the partitions whose states are needed */
	start(batch: Batch, options: WorkOptions): string {
		this.#partitions.nextBatch();
		this.#results = [];
		this.#steps = [];
		this.#touched = new OwnMap();
		this.#work = new Work(batch, options, this.#program);
		return this.#prepare(this.#work);
	}

	/** Goes on with what was missing. */
	supply(states: readonly (readonly [partition: string, state: string | null])[]): string {
		for (const [partition, state] of states)
			if (state !== null) this.#partitions.load(partition, state);
		return this.#work ? this.#go(this.#work) : "{}";
	}

	loadShared(text: string): void {
		const { shared } = this.#stepper;
		shared.state = parse(text);
		shared.isLoaded = true;
	}

	/** Goes on after an interruption: with what came before the event at hand, which failed. */
	recover(fault: RawFault): string {
		const work = this.#work;
		if (!work) return "{}";
		work.fault ??= { ...fault, during: work.during, event: work.at };
		if (work.phase === "partitions") {
			work.end = work.at;
			return this.#ask(work);
		}
		if (work.phase === "events") this.#stepper.rollBack();
		return this.#finish(work);
	}

	/** @returns JSON: the state and the result of a partition; `{ missing }` if it is not here */
	look(partition: string, isSupplied: boolean): string {
		const entry = this.#partitions.get(partition);
		if (!entry && this.#partitions.isPartial && !isSupplied)
			return stringify({ missing: [partition] });
		const { shared } = this.#stepper;
		const sharedText = shared.isLoaded ? stringify(shared.state) : undefined;
		if (!entry) return stringify({ shared: sharedText });
		tellHost();
		setMoment(undefined, 0);
		const looked = { state: stringify(entry.state), shared: sharedText };
		try {
			return stringify({ ...looked, result: this.#resultOf(entry) });
		} catch (error) {
			return stringify({ ...looked, fault: described(error) });
		}
	}

	/** What runs, for faults that nothing can be asked about any more. */
	whereabouts(): string {
		const { during, at } = this.#work ?? {};
		return stringify({ during, event: at });
	}

	forget(keep: number): void {
		this.#partitions.forget(keep);
	}

	/** Finds each event's partition first, so that the host is asked at most once. */
	#prepare(work: Work): string {
		const by = this.#program.partitionBy;
		if (by) {
			work.during = "partitionBy";
			for (work.at = 0; work.at < work.end; work.at++) {
				if (!this.#handlerOf(work, work.at)) continue;
				tellHost();
				setMoment(work.batch, work.at);
				try {
					work.partitions[work.at] = partitionName(by(work.envelope(work.at)));
				} catch (error) {
					work.failed(error);
					work.end = work.at;
				}
			}
			work.during = undefined;
		}
		return this.#ask(work);
	}

	#ask(work: Work): string {
		if (!this.#partitions.isPartial) return this.#go(work);
		const missing = new OwnSet<string>();
		for (let event = 0; event < work.end; event++) {
			const partition = this.#handlerOf(work, event) && this.#partitionOf(work, event);
			if (partition !== undefined && !this.#partitions.has(partition)) missing.add(partition);
		}
		return missing.size === 0 ? this.#go(work) : stringify({ missing: [...missing] });
	}

	#go(work: Work): string {
		work.phase = "events";
		for (work.at = 0; work.at < work.end; work.at++) {
			const handler = this.#handlerOf(work, work.at);
			const partition = handler && this.#partitionOf(work, work.at);
			if (!handler || partition === undefined) continue;
			try {
				this.#step(work, handler, partition);
			} catch (error) {
				this.#fail(work, error);
				break;
			}
		}
		return this.#finish(work);
	}

	#step(work: Work, handler: Handler, partition: string): void {
		const { results, trace } = work.options;
		const before = trace ? this.#shown(this.#partitions.get(partition)) : undefined;
		const entry = this.#stepper.step(work, work.at, partition, handler);
		work.handled++;
		if (results === "last") {
			// Again at the end, if it is there: results are in the order of their events.
			this.#touched.delete(partition);
			this.#touched.set(partition, work.at);
		}
		if (results !== "each" && !before) return;
		const result = this.#resultOf(entry, work);
		if (results === "each") this.#results.push([work.at, partition, result]);
		if (before) this.#trace(work, handler, partition, before, entry, result);
	}

	#trace(
		{ at }: Work,
		{ name }: Handler,
		partition: string,
		before: Shown,
		entry: Entry,
		result: string | undefined,
	): void {
		const { state, shared } = this.#shown(entry);
		this.#steps.push({
			...{ event: at, partition, handler: name, before: before.state, after: state },
			...{ sharedBefore: before.shared, sharedAfter: shared, result },
		});
	}

	#shown(entry: Entry | undefined): Shown {
		const { shared } = this.#stepper;
		return {
			state: entry ? stringify(entry.state) : "",
			shared: shared.isLoaded ? stringify(shared.state) : undefined,
		};
	}

	#fail(work: Work, error: unknown): void {
		const { violation } = this.#output;
		this.#stepper.rollBack();
		work.failed(error, violation);
	}

	#finish(work: Work): string {
		const isGood = work.phase === "events" && this.#computeLast(work);
		work.phase = "over";
		const { emitted, log } = this.#output.take();
		const states = isGood && work.options.handOut ? this.#handOut(work) : undefined;
		if (!isGood || this.#stepper.isLost) return this.#lost(work, log);
		const { handled, fault, batch, options } = work;
		return stringify({
			...{ done: fault?.event ?? batch.length, handled, emitted, log, states, fault },
			results: this.#results,
			steps: options.trace ? this.#steps : undefined,
			shared: states && this.#takeShared(),
			partitions: this.#partitions.size,
		});
	}

	/** The fault took states with it: the host has to go back to what was handed out last. */
	#lost({ fault }: Work, log: Output["log"]): string {
		const nothing = { done: 0, handled: 0, emitted: [], results: [] };
		return stringify({ ...nothing, log, fault, isLost: true, partitions: this.#partitions.size });
	}

	/** @returns whether all went well; a result that is missing could not be made up for later */
	#computeLast(work: Work): boolean {
		work.phase = "results";
		for (const [partition, event] of this.#touched) {
			const entry = this.#partitions.get(partition);
			if (!entry) continue;
			work.at = event;
			tellHost();
			setMoment(work.batch, event);
			try {
				this.#results.push([event, partition, this.#resultOf(entry, work)]);
			} catch (error) {
				work.failed(error);
				return false;
			}
		}
		return true;
	}

	#handOut(work: Work): readonly (readonly [string, string])[] | undefined {
		const { stateChars, partitionsHeld } = this.#limits;
		const states = this.#partitions.handOut(stateChars);
		if (!("chars" in states)) {
			this.#partitions.forget(partitionsHeld);
			return states;
		}
		const { partition, chars, event } = states;
		const message =
			`the state of partition ${stringify(partition)} is ${chars} characters long as JSON; ` +
			`the limit is ${stateChars}`;
		this.#stepper.isLost = true;
		work.fault = { kind: "state-size", message, stack: "", during: undefined, event };
		return undefined;
	}

	#takeShared(): string | undefined {
		const { shared } = this.#stepper;
		if (!shared.isChanged) return undefined;
		shared.isChanged = false;
		return stringify(shared.state);
	}

	/** The state after transforms, as JSON; undefined if they drop it. */
	#resultOf(entry: Entry, work?: Work): string | undefined {
		const { transforms, isBiState } = this.#program;
		const { shared } = this.#stepper;
		const state = isBiState ? [entry.state, shared.state] : entry.state;
		if (state === null) return undefined;
		// Transforms get a copy: what they do to it is no change of the state.
		let result: Json = transforms.length > 0 ? plain(state) : state;
		for (const { kind, call } of transforms) {
			if (work) work.during = kind;
			const returned = call(result);
			if (kind === "filterBy" ? returned !== true : returned === undefined || returned === null)
				return undefined;
			if (kind === "transformBy") result = returned;
		}
		return stringify(result);
	}

	#handlerOf(work: Work, event: number): Handler | undefined {
		return handlerOf(work, event, this.#program);
	}

	/** Undefined if the event belongs to none. */
	#partitionOf({ batch, partitions }: Work, event: number): string | undefined {
		if (this.#program.byStreams) return batch.stream(event);
		return this.#program.partitionBy ? partitions[event] : "";
	}
}

type Shown = { readonly state: string; readonly shared: string | undefined };

/** Texts and numbers name partitions; events with any other value belong to none. */
function partitionName(value: unknown): string | undefined {
	if (typeof value === "string") return value === "" ? undefined : value;
	return typeof value === "number" ? textOf(value) : undefined;
}
