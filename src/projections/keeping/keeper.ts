/** What a run needs of whatever keeps the states of its projection. */
import { createHash } from "node:crypto";

/** A state in JSON; of the result, undefined for none. */
export type StateText = { readonly state: string; readonly result: string | undefined };

export type Checkpoint = {
	/** All events before this position are handled. */
	readonly next: number;
	/** As clients see it: see `tags.ts`. */
	readonly tag: string;
	/** Where each stream that it reads goes on. */
	readonly cursors: { readonly [stream: string]: number };
	/** Events that its handlers have seen, since it began or was reset. */
	readonly handled: number;
	/** Whether it has come to its end. */
	readonly isCompleted: boolean;
	/** What all partitions share, in JSON; undefined for nothing. */
	readonly shared: string | undefined;
} & Made;

/** How the states of a step were made. */
type Made = {
	/** `originOf` the query that has made all of them; undefined if several have. */
	readonly origin: string | undefined;
	/** How many partitions there are by then; undefined if nobody has counted. */
	readonly partitions?: number | undefined;
};

/** Tells one query from others. */
export function originOf(query: string): string {
	return createHash("sha256").update(query).digest("base64url").slice(0, 22);
}

export interface Keeper {
	/** The newest step; undefined before the first one. */
	readonly checkpoint: Checkpoint | undefined;
	/** How many partitions have a state. */
	readonly size: number;
	/** The partitions that have a state, in no order that means anything. */
	partitions(): Iterable<string>;
	/** The same, in the order of their names. */
	ordered(): Promise<readonly string[]>;
	/**
	 * Takes in what was kept since the last call: all of it, at first.
	 * @param before leaves out the steps that are beyond this position
	 */
	load(before?: number): Promise<void>;
	/** The state of a partition as of the newest step; undefined if it has none. */
	state(partition: string): Promise<StateText | undefined>;
	/**
	 * Keeps a step: as a whole, or not at all.
	 * @throws Superseded, TooMuchState, and Refusals of an append
	 */
	save(checkpoint: Checkpoint, changed: ReadonlyMap<string, StateText>): Promise<void>;
	/** Forgets everything: what is kept next is the first step of another run. */
	clear(): Promise<void>;
}

/** Another server has kept a step in between: it is the one that runs the projection. */
export class Superseded extends Error {}

/** There are more partitions, or more bytes of states, than one projection may have. */
export class TooMuchState extends Error {}

/** Each costs some hundred bytes of memory while the projection runs. */
export const PARTITIONS_MAX = 1_000_000;

/** @throws TooMuchState */
export function checkPartitions(count: number): void {
	if (count <= PARTITIONS_MAX) return;
	throw new TooMuchState(`A projection has at most ${PARTITIONS_MAX} partitions.`);
}
