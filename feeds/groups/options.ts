/** The options of a member of a group. */

import type { ReadOptions } from "../reader/options.ts";
import { keyBy } from "./key.ts";
import type { GroupFilter } from "./membership.ts";

export type GroupOptions = GroupAddress & GroupMaking & GroupHabits;

/** The server, and how it is asked: the options of a reader that fit. */
export type GroupAddress = Omit<
	ReadOptions,
	"stream" | "from" | "since" | "until" | "follow" | "onProgress" | "onHead"
> & {
	/** The name of the group. */
	readonly group: string;
};

/**
 * The group that is made if there is none; that takes an operator. Of one that is there, only the
 * stream is compared: its number of partitions is the server's business.
 */
export type GroupMaking = {
	/** `$all`, `order-42`, `$ce-order` … */
	readonly stream?: string;
	readonly partitions?: number;
	/** `stream` (the default), or the path of a value in the data: `$.customer.id`. */
	readonly key?: string;
	readonly filter?: GroupFilter;
	/** Default 10,000. */
	readonly leaseMilliseconds?: number;
	/** The first number; -1 for what comes from now on. Default 0. */
	readonly startFrom?: number;
};

export type GroupHabits = {
	/** What people read who look at the group. */
	readonly name?: string;
	/** How long a checkpoint may wait for more, in milliseconds. Default 1,000. */
	readonly checkpointMs?: number;
	/**
	 * For callers that keep checkpoints in a transaction of their own: called with partitions that
	 * the member has got, before anything of them is handed out. Gives the number of the last event
	 * of each that was handled; -1 for none. A partition that it leaves out starts where the server
	 * says.
	 */
	readonly startsOf?: (
		partitions: readonly OwnedPartition[],
	) => Promise<ReadonlyMap<number, number>>;
	/** Called before checkpoints are sent; what it waits for is then handled, too. */
	readonly beforeCheckpoint?: () => Promise<void>;
	/** Told when partitions have come or gone. */
	readonly onPartitions?: (change: PartitionChange) => void;
};

/** A partition that is the member's, in a generation. */
export type OwnedPartition = {
	readonly partition: number;
	/** Higher than that of any owner before. */
	readonly generation: number;
	/** The checkpoint that the server has: the last number that is handled; -1 for none. */
	readonly at: number;
};

export type PartitionChange = {
	readonly gained: readonly OwnedPartition[];
	readonly lost: readonly OwnedPartition[];
	/** The numbers of those that the member has now. */
	readonly has: readonly number[];
};

const CHECKPOINT_MS = 1000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,127}$/;

/** @returns milliseconds between two checkpoints @throws RangeError, TypeError */
export function checkHabits(options: GroupOptions): number {
	const { group, stream, partitions, key, checkpointMs = CHECKPOINT_MS } = options;
	if (!NAME.test(group)) throw new TypeError(`group: ${group} is not the name of a group`);
	if ((stream === undefined) !== (partitions === undefined)) {
		throw new TypeError("stream, partitions: a group is made of both; give both, or none");
	}
	if (key !== undefined && keyBy(key) === undefined) {
		throw new TypeError(`key: ${key} is neither stream nor a path such as $.customer.id`);
	}
	if (Number.isInteger(checkpointMs) && checkpointMs >= 0 && checkpointMs <= 3_600_000) {
		return checkpointMs;
	}
	throw new RangeError(`checkpointMs: ${checkpointMs} is not a whole number from 0 to 3600000`);
}
