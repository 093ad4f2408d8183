/** The memory of a group: `step` reads and changes it, and nothing else does. */

export type State = {
	leaseMs: number;
	/** Which numbers of the stream its partitions hold. */
	layout: Layout;
	/** The layout that follows once everything before its first number is handled. */
	next: Layout | undefined;
	/** By the number of the partition. */
	holds: Hold[];
	/** By id, in the order in which they joined. */
	readonly members: Map<string, Member>;
	/** The newest that was given out. */
	generation: number;
	/** The log knows that those below it may have been given out. */
	generationsBefore: number;
	/** Members of before a restart may believe to have partitions until then. */
	readonly closedUntilMs: number;
};

/** A stream from a number on, divided into so many partitions. */
export type Layout = { readonly partitions: number; readonly from: number };

/**
 * A partition, and who has it. `step.ts` draws it.
 */
export type Hold = {
	/** Everything of the partition up to this number is handled; -1 for nothing. */
	at: number;
	/** The id of a member. */
	owner: string | undefined;
	/** Of its owner: it rises from owner to owner, and never falls. */
	generation: number;
	/** Until then nobody else gets it, by the loop's clock. */
	untilMs: number;
	/** Whether its owner is to give it back. */
	isLeaving: boolean;
};

export type Member = {
	readonly id: string;
	/** As it calls itself; "" if it does not. */
	readonly name: string;
	/** Who joined; "" if nobody is known. */
	readonly login: string;
	untilMs: number;
	/** It changes when what the member has changes. */
	revision: number;
};

/** What the log knows of a group. */
export type Known = {
	readonly leaseMs: number;
	readonly layout: Layout;
	readonly next: Layout | undefined;
	readonly generationsBefore: number;
	/** By the number of the partition. */
	readonly checkpoints: readonly number[];
};

/** @param closedUntilMs see `State` */
export function newState(known: Known, closedUntilMs: number): State {
	return {
		leaseMs: known.leaseMs,
		layout: known.layout,
		next: known.next,
		holds: known.checkpoints.map(free),
		members: new Map(),
		generation: known.generationsBefore - 1,
		generationsBefore: known.generationsBefore,
		closedUntilMs,
	};
}

/** A partition that nobody has. */
export function free(at: number): Hold {
	return { at, owner: undefined, generation: 0, untilMs: 0, isLeaving: false };
}

/** The first number that is not of this layout; Infinity if none is the last. */
export function endOf({ next }: Pick<State, "next">): number {
	return next?.from ?? Infinity;
}

/** Whether all of a partition's numbers in this layout are handled. */
export function isDrained(state: Pick<State, "next">, { at }: Pick<Hold, "at">): boolean {
	return at >= endOf(state) - 1;
}
