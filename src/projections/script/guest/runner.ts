/** A batch of events through the script. */
import type { Batch } from "./events/batch.ts";
import { setMoment, tellHost } from "./events/moment.ts";
import type { Output } from "./language/output.ts";
import type { Program } from "./language/program.ts";
import { OwnSet, parse, stringify, textOf } from "./realm/intrinsics.ts";
import { Results } from "./results.ts";
import type { Partitions } from "./states/partitions.ts";
import { Stepper } from "./stepper.ts";
import { described, type RawFault, Work, type WorkOptions } from "./work.ts";

export type RunLimits = { readonly stateChars: number; readonly partitionsHeld: number };

export class Runner {
	readonly #program: Program;
	readonly #output: Output;
	readonly #partitions: Partitions;
	readonly #stepper: Stepper;
	readonly #results: Results;
	readonly #limits: RunLimits;
	#work: Work | undefined;

	/** @param program whole: its body has run */
	constructor(program: Program, output: Output, partitions: Partitions, limits: RunLimits) {
		this.#program = program;
		this.#output = output;
		this.#partitions = partitions;
		this.#limits = limits;
		this.#stepper = new Stepper(program, output, partitions);
		this.#results = new Results(program, this.#stepper.shared);
	}

	/** @returns JSON: the outcome, or `{ missing }` with the partitions whose states are needed */
	start(batch: Batch, options: WorkOptions): string {
		this.#results.clear();
		this.#work = new Work(batch, options, this.#program, this.#partitions.nextBatch());
		this.#findPartitions(this.#work);
		return this.#ask(this.#work);
	}

	/** Goes on with what was missing. */
	supply(states: readonly (readonly [partition: string, state: string | null])[]): string {
		for (const [partition, state] of states)
			if (state !== null) this.#partitions.load(partition, state);
		return this.#work?.phase === "partitions" ? this.#go(this.#work) : "{}";
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
		if (work.phase === "events" && work.at === work.end) {
			// All events were behind it.
			this.#stepper.rollBack(work);
			return this.#finish(work);
		}
		work.fault = { ...fault, during: work.during, event: work.at };
		if (work.phase === "partitions") {
			work.end = work.at;
			return this.#ask(work);
		}
		if (work.phase === "events") this.#stepper.rollBack(work);
		return this.#finish(work);
	}

	/** @returns JSON: the state and the result of a partition; `{ missing }` if it is not here */
	look(partition: string, isSupplied: boolean): string {
		const entry = this.#partitions.get(partition);
		if (!entry && this.#partitions.isPartial && !isSupplied)
			return stringify({ missing: [partition] });
		const { state, shared } = this.#results.shown(entry);
		if (!entry) return stringify({ shared });
		tellHost();
		setMoment(undefined);
		try {
			return stringify({ state, shared, result: this.#results.of(entry) });
		} catch (error) {
			return stringify({ state, shared, fault: described(error) });
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

	/** Finds each event's partition before any handler runs, so that the host is asked once. */
	#findPartitions(work: Work): void {
		setMoment(work);
		const by = this.#program.partitionBy;
		if (!by) return;
		work.during = "partitionBy";
		for (; work.at < work.end; work.at++) {
			if (!work.handlerOf(work.at)) continue;
			tellHost();
			try {
				work.partitions[work.at] = partitionName(by(work.envelope(work.at)));
			} catch (error) {
				work.failed(error);
				work.end = work.at;
			}
		}
		work.during = undefined;
	}

	#ask(work: Work): string {
		if (!this.#partitions.isPartial) return this.#go(work);
		const missing = new OwnSet<string>();
		for (let event = 0; event < work.end; event++) {
			const partition = work.handlerOf(event) && work.partitionOf(event);
			if (partition !== undefined && !this.#partitions.has(partition)) missing.add(partition);
		}
		return missing.size === 0 ? this.#go(work) : stringify({ missing: [...missing] });
	}

	#go(work: Work): string {
		work.phase = "events";
		setMoment(work);
		try {
			if (work.options.trace || work.options.results !== "none") this.#watch(work);
			else this.#stepper.run(work);
		} catch (error) {
			const { violation } = this.#output;
			this.#stepper.rollBack(work);
			work.failed(error, violation);
		}
		return this.#finish(work);
	}

	/** The same, with results and steps. */
	#watch(work: Work): void {
		const { trace } = work.options;
		for (work.at = 0; work.at < work.end; work.at++) {
			const handler = work.handlerOf(work.at);
			const partition = handler && work.partitionOf(work.at);
			if (!handler || partition === undefined) continue;
			const known = trace ? this.#partitions.get(partition) : undefined;
			const before = trace ? this.#results.shown(known) : undefined;
			const entry = this.#stepper.step(work, partition, handler);
			this.#results.add(work, handler.name, entry, before);
		}
	}

	#finish(work: Work): string {
		const isWhole = work.phase === "events";
		work.phase = "results";
		const isGood = isWhole && this.#results.computeLast(work, this.#partitions);
		work.phase = "over";
		setMoment(undefined);
		const { emitted, log } = this.#output.take();
		const states = isGood && work.options.handOut ? this.#handOut(work) : undefined;
		if (!isGood || this.#stepper.isLost) return this.#lost(work, log);
		const { handled, fault, batch, options } = work;
		return stringify({
			...{ done: fault?.event ?? batch.length, handled, emitted, log, states, fault },
			results: this.#results.rows,
			steps: options.trace ? this.#results.steps : undefined,
			shared: states && this.#takeShared(),
			partitions: this.#partitions.size,
		});
	}

	/** The fault took states with it: the host has to go back to what was handed out last. */
	#lost({ fault }: Work, log: Output["log"]): string {
		const nothing = { done: 0, handled: 0, emitted: [], results: [] };
		return stringify({ ...nothing, log, fault, isLost: true, partitions: this.#partitions.size });
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
}

/** Texts and numbers name partitions; events with any other value belong to none. */
function partitionName(value: unknown): string | undefined {
	if (typeof value === "string") return value === "" ? undefined : value;
	return typeof value === "number" ? textOf(value) : undefined;
}
