/** The partitions of a projection, by name, a page at a time. */
import type { Keeper } from "../keeping/keeper.ts";

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

export async function pageOfPartitions(
	keeper: Keeper,
	{ text, after, count }: PartitionsAsked,
): Promise<PartitionsPage> {
	const names: string[] = [];
	for (const name of keeper.partitions()) {
		if (text !== "" && !name.includes(text)) continue;
		if (after !== undefined && name <= after) continue;
		names.push(name);
	}
	names.sort((one, other) => (one < other ? -1 : 1));
	const shown = names.slice(0, count);
	const partitions: PartitionShown[] = [];
	for (const partition of shown) {
		const found = await keeper.state(partition);
		partitions.push({ partition, state: found?.state, result: found?.result });
	}
	return { partitions, total: keeper.size, next: names.length > count ? shown.at(-1) : undefined };
}
