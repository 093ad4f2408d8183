/** The partitions of a projection, by name, a page at a time. */
import { setImmediate } from "node:timers/promises";
import type { Keeper } from "../keeping/keeper.ts";
import { placeBehind } from "../keeping/order.ts";
import { ANSWER_BYTES_MAX } from "./bounds.ts";

export type PartitionsPage = {
	readonly partitions: readonly PartitionShown[];
	/** How many there are in all, whatever is asked for. */
	readonly total: number;
	/** The name to go on behind; undefined if nothing is left. */
	readonly next: string | undefined;
};

export type PartitionShown = {
	readonly partition: string;
	/** JSON, as of the newest checkpoint. */
	readonly state: string | undefined;
	readonly result: string | undefined;
};

export type PartitionsAsked = {
	/** Names that hold this text; "" for all. */
	readonly text: string;
	/** Names behind this one; undefined for the first page. */
	readonly after: string | undefined;
	readonly count: number;
};

/** So many names are looked through for a text at a time: others have their turn in between. */
const LOOKED_AT = 50_000;

/** The page ends early if its states are large: see `ANSWER_BYTES_MAX`. */
export async function pageOfPartitions(
	keeper: Keeper,
	{ text, after, count }: PartitionsAsked,
): Promise<PartitionsPage> {
	const names = await keeper.ordered();
	const partitions: PartitionShown[] = [];
	let bytes = 0;
	for (let at = after === undefined ? 0 : placeBehind(names, after); at < names.length; at++) {
		if (at % LOOKED_AT === 0) await setImmediate();
		const partition = names[at] as string;
		if (!partition.includes(text)) continue;
		if (partitions.length >= count || bytes >= ANSWER_BYTES_MAX) {
			return { partitions, total: keeper.size, next: partitions.at(-1)?.partition };
		}
		const found = await keeper.state(partition);
		bytes += partition.length + (found?.state.length ?? 0) + (found?.result?.length ?? 0);
		partitions.push({ partition, state: found?.state, result: found?.result });
	}
	return { partitions, total: keeper.size, next: undefined };
}
