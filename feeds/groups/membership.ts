/**
 * What a member of a group has, as far as it can know: a partition is its own until a moment that
 * it counts from before it asked, by a clock that never goes back. The server counts from when it
 * heard, so nobody else has the partition earlier.
 *
 * Answers may come late, and in another order than they were made. A generation of a partition that
 * was given up is never taken up again, whatever an answer says.
 */

/** What the server says of a member; see docs/readers.md. */
export type Assignment = {
	readonly member: string;
	/** It rises when what the member has changes. */
	readonly revision: number;
	readonly leaseMilliseconds: number;
	readonly group: AssignedGroup;
	readonly partitions: readonly AssignedPartition[];
	/** To be given back. */
	readonly leaving: readonly AssignedPartition[];
};

export type AssignedGroup = DividedStream & {
	readonly name: string;
	/** The last number of the stream, when it was answered; -1 for none. */
	readonly head: number;
	/** How the names of streams begin whose events are nobody's. */
	readonly leftOut: readonly string[];
};

export type DividedStream = {
	readonly stream: string;
	readonly filter?: GroupFilter;
	readonly key: string;
	readonly partitions: number;
	/** The first number that is divided like that: everything before it is handled. */
	readonly from: number;
	/** The first number that is not divided like that; absent for no end. */
	readonly end?: number;
};

export type GroupFilter = {
	readonly context: "streamid" | "eventtype";
	readonly type: "prefix" | "regex";
	readonly data: string;
};

export type AssignedPartition = {
	readonly partition: number;
	readonly generation: number;
	/** Everything of it up to this number is handled; -1 for nothing. */
	readonly at: number;
	readonly leaseLeftMilliseconds: number;
};

/** A partition that is the member's. */
export type Holding = {
	readonly partition: number;
	readonly generation: number;
	/** The checkpoint with which it came. */
	readonly at: number;
	untilMs: number;
	isLeaving: boolean;
};

export type Release = { readonly partition: number; readonly generation: number };
export type Changes = { readonly gained: readonly Holding[]; readonly lost: readonly Holding[] };

/** When the request was sent, and whether it was one that prolongs the lease. */
export type Sent = { readonly sentMs: number; readonly isRenewal: boolean };

const NO_CHANGES: Changes = { gained: [], lost: [] };

export class Membership {
	/** By the number of the partition. */
	readonly holdings = new Map<number, Holding>();
	/** Of the newest answer. */
	group: AssignedGroup;
	revision = -1;
	readonly #leaseMs: number;
	/** By the number of a partition: the newest generation that was given up. */
	readonly #dropped = new Map<number, number>();
	/** Partitions that the server may not know to be given up. */
	readonly #releases = new Map<number, Release>();

	/** @param joined the answer to the join; `take` has to take it, too */
	constructor({ group, leaseMilliseconds }: Assignment) {
		this.group = group;
		this.#leaseMs = leaseMilliseconds;
	}

	/** Takes in an answer. */
	take(answer: Assignment, sent: Sent, nowMs: number): Changes {
		const changes =
			answer.revision < this.revision ? NO_CHANGES : this.#takeNewest(answer, sent, nowMs);
		if (sent.isRenewal) this.#prolong(answer, sent);
		return changes;
	}

	/** Gives up what is not the member's any more, by its clock. */
	expire(nowMs: number): readonly Holding[] {
		const over = [...this.holdings.values()].filter(({ untilMs }) => untilMs <= nowMs);
		for (const { partition } of over) this.drop(partition);
		return over;
	}

	/** When the next partition is not the member's any more; Infinity if it has none. */
	dueMs(): number {
		let due = Infinity;
		for (const { untilMs } of this.holdings.values()) due = Math.min(due, untilMs);
		return due;
	}

	/** Gives a partition up: the server is told with the next renewal. */
	drop(partition: number): void {
		const holding = this.holdings.get(partition);
		if (!holding) return;
		this.holdings.delete(partition);
		this.#giveUp(holding);
	}

	/** What is to be told of partitions that were given up. */
	releases(): readonly Release[] {
		return [...this.#releases.values()];
	}

	/** The server has heard of these. */
	released(releases: readonly Release[]): void {
		for (const release of releases) {
			if (this.#releases.get(release.partition) === release) {
				this.#releases.delete(release.partition);
			}
		}
	}

	#takeNewest(answer: Assignment, { sentMs }: Sent, nowMs: number): Changes {
		this.revision = answer.revision;
		this.group = answer.group;
		const listed = [...answer.partitions, ...answer.leaving];
		const generations = new Map(listed.map((one) => [one.partition, one.generation]));
		const lost: Holding[] = [];
		for (const holding of this.holdings.values()) {
			if (generations.get(holding.partition) === holding.generation) continue;
			lost.push(holding);
			this.holdings.delete(holding.partition);
			this.#dropped.set(holding.partition, holding.generation);
		}
		for (const one of answer.leaving) this.#takeLeaving(one, sentMs);
		const gained: Holding[] = [];
		for (const one of answer.partitions) {
			const { partition, generation, at } = one;
			if (this.holdings.has(partition)) continue;
			const untilMs = sentMs + one.leaseLeftMilliseconds;
			const isDropped = generation <= (this.#dropped.get(partition) ?? 0);
			if (isDropped || untilMs <= nowMs) this.#giveUp(one);
			else {
				const holding = { partition, generation, at, untilMs, isLeaving: false };
				this.holdings.set(partition, holding);
				gained.push(holding);
			}
		}
		return { gained, lost };
	}

	#takeLeaving(one: AssignedPartition, sentMs: number): void {
		const holding = this.holdings.get(one.partition);
		if (!holding) {
			this.#giveUp(one);
			return;
		}
		holding.isLeaving = true;
		holding.untilMs = Math.min(holding.untilMs, sentMs + one.leaseLeftMilliseconds);
	}

	#giveUp({ partition, generation }: Release): void {
		const dropped = this.#dropped.get(partition) ?? 0;
		if (generation < dropped) return;
		this.#dropped.set(partition, generation);
		this.#releases.set(partition, { partition, generation });
	}

	/** What that answer has, and nobody has asked for since, is the member's for one more lease. */
	#prolong({ partitions }: Assignment, { sentMs }: Sent): void {
		for (const { partition, generation } of partitions) {
			const holding = this.holdings.get(partition);
			if (holding?.generation !== generation || holding.isLeaving) continue;
			holding.untilMs = Math.max(holding.untilMs, sentMs + this.#leaseMs);
		}
	}
}
