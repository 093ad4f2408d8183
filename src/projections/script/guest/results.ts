/** What an outcome has besides states: results after transforms, and the steps of a trace. */

import { setMoment, tellHost } from "./events/moment.ts";
import type { Program } from "./language/program.ts";
import { OwnMap, stringify } from "./realm/intrinsics.ts";
import type { Entry, Partitions } from "./states/partitions.ts";
import { type Json, plain } from "./states/plain.ts";
import type { Shared } from "./stepper.ts";
import type { Work } from "./work.ts";

/** As `Step` of script.ts. */
export type StepRow = {
	readonly event: number;
	readonly partition: string;
	readonly handler: string;
	readonly before: string;
	readonly after: string;
	readonly sharedBefore: string | undefined;
	readonly sharedAfter: string | undefined;
	readonly result: string | undefined;
};

export type ResultRow = readonly [event: number, partition: string, result: string | undefined];

export type Shown = { readonly state: string; readonly shared: string | undefined };

export class Results {
	rows: ResultRow[] = [];
	steps: StepRow[] = [];
	/** Partition → its last event of this batch. */
	#touched = new OwnMap<string, number>();
	readonly #program: Program;
	readonly #shared: Shared;

	constructor(program: Program, shared: Shared) {
		this.#program = program;
		this.#shared = shared;
	}

	clear(): void {
		this.rows = [];
		this.steps = [];
		this.#touched = new OwnMap();
	}

	/** A handler is done with an event. `before` is there if a trace is wanted. */
	add(work: Work, handler: string, entry: Entry, before: Shown | undefined): void {
		const { results } = work.options;
		const { partition } = entry;
		if (results === "last") {
			// Again at the end, if it is there: results are in the order of their events.
			this.#touched.delete(partition);
			this.#touched.set(partition, work.at);
		}
		if (results !== "each" && !before) return;
		const result = this.of(entry, work);
		if (results === "each") this.rows.push([work.at, partition, result]);
		if (!before) return;
		const { state, shared } = this.shown(entry);
		this.steps.push({
			...{ event: work.at, partition, handler, before: before.state, after: state },
			...{ sharedBefore: before.shared, sharedAfter: shared, result },
		});
	}

	/**
	 * Computes the results that are wanted of each partition's last event.
	 * @returns whether all went well; a result that is missing could not be made up for later
	 */
	computeLast(work: Work, partitions: Partitions): boolean {
		for (const [partition, event] of this.#touched) {
			const entry = partitions.get(partition);
			if (!entry) continue;
			work.at = event;
			tellHost();
			setMoment(work);
			try {
				this.rows.push([event, partition, this.of(entry, work)]);
			} catch (error) {
				work.failed(error);
				return false;
			}
		}
		return true;
	}

	/** The state after transforms, as JSON; undefined if they drop it. */
	of(entry: Entry, work?: Work): string | undefined {
		const { transforms, isBiState } = this.#program;
		const state = isBiState ? [entry.state, this.#shared.state] : entry.state;
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

	shown(entry: Entry | undefined): Shown {
		const { isLoaded, state } = this.#shared;
		return {
			state: entry ? stringify(entry.state) : "",
			shared: isLoaded ? stringify(state) : undefined,
		};
	}
}
