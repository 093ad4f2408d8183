/** What comes of a batch of events. */
import type { Fault } from "./fault.ts";

export type RunOptions = {
	/** Hand out all states that changed since they were last handed out, as of the end of `done`. */
	readonly handOut?: boolean;
	/**
	 * Results after transforms: `last` gives one for each partition that the batch touched, `each`
	 * one for each event. `none` is the default.
	 */
	readonly results?: "none" | "last" | "each";
	/** State before and after each event, for debuggers: slow. */
	readonly trace?: boolean;
};

export type Outcome = Progress & Said & Kept;

export type Progress = {
	/** How many events of the batch are behind the script: all of them, unless `fault` is there. */
	readonly done: number;
	/** How many of those a handler saw. */
	readonly handled: number;
	readonly fault?: Fault;
	/**
	 * The fault took the states with it (no memory, a state too long, a transform that threw …).
	 * This outcome is as if nothing of the batch had run, and what earlier batches changed but did
	 * not hand out is gone, too. Close the script; the last checkpoint is where it stands.
	 */
	readonly isLost?: true;
};

export type Said = {
	/** What the script wants appended, in order. */
	readonly emitted: readonly Emitted[];
	/** In order. */
	readonly results: readonly Result[];
	readonly log: readonly LogLine[];
	/** With `trace`. */
	readonly steps?: readonly Step[];
};

export type Kept = {
	/** With `handOut`. */
	readonly states?: HandedOut;
	readonly held: Held;
};

/** `event` is everywhere the index within the batch that was handed in. */
export type Emitted = {
	readonly event: number;
	/** Counts what one event emitted: 0, 1, 2 …; with the position it makes an id that repeats. */
	readonly index: number;
	readonly partition: string;
	readonly stream: string;
	/** What the script calls it: `$>` for links to events, `$@` for links to streams. */
	readonly type: string;
	readonly isJson: boolean;
	/** JSON text; of links `3@order-7`, of links to streams the stream's name. */
	readonly data: string;
	/** JSON text of an object, or undefined. */
	readonly metadata: string | undefined;
};

/** A partition's result after transforms; `undefined` if they dropped it, or the state is null. */
export type Result = {
	readonly event: number;
	readonly partition: string;
	readonly result: string | undefined;
};

export type LogLine = { readonly event: number; readonly text: string };

export type HandedOut = {
	/** Partition → JSON text; those that changed since they were last handed out. */
	readonly partitions: readonly (readonly [partition: string, state: string])[];
	/** The shared state of a bi-state script, if it changed. */
	readonly shared: string | undefined;
};

/** What one event did, for debuggers. Events that no handler saw have none. */
export type Step = {
	readonly event: number;
	readonly partition: string;
	/** The key in `when` that took the event: a type, `$any`, `$deleted`, or "" where none is. */
	readonly handler: string;
	readonly before: string;
	readonly after: string;
	readonly sharedBefore: string | undefined;
	readonly sharedAfter: string | undefined;
	readonly result: string | undefined;
};

/** What the sandbox holds for one script. */
export type Held = {
	readonly partitions: number;
	/** What the engine has allocated for the script, its states included. */
	readonly heapBytes: number;
	/** Hand out with the next batch: what was not handed out cannot be dropped. */
	readonly isFull: boolean;
};

export type Look = {
	/** Undefined if the partition is not known, neither here nor to the source of states. */
	readonly state: string | undefined;
	readonly result: string | undefined;
	readonly shared: string | undefined;
	/** A transform failed; the script itself goes on. */
	readonly fault?: Fault;
};
