/**
 * Where a replay can begin: with the newest step below a position that the projection still keeps.
 * Its states are those that a replay from the first event on would have there, as long as one
 * query has made all of them.
 */
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import { findFirst } from "../../pages/moment.ts";
import type { Definition } from "../definition.ts";
import { Checkpoints } from "../keeping/checkpoints.ts";
import { originOf } from "../keeping/keeper.ts";
import type { OwnLog } from "../keeping/own-log.ts";
import { checkpointStream } from "../names.ts";
import type { StateSource } from "../script/script.ts";
import type { Place } from "../source/tags.ts";

export type KeptStart = {
	readonly place: Place;
	readonly states: StateSource;
	/** Whether it has the states of all partitions that there were; some may be hidden by now. */
	readonly isWhole: boolean;
	has(partition: string): boolean;
};

/** So many events are read to find it: longer than that, running them is no worse. */
const READ_MAX = 50_000;

/** @returns undefined if there is none */
export async function keptBefore(
	own: OwnLog,
	{ name, id, epoch, kept, mode, query }: Definition,
	before: number,
): Promise<KeptStart | undefined> {
	if (mode === "Transient") return undefined;
	const stream = checkpointStream(name, kept);
	const newest = await own.read(stream, "head", 1);
	if (newest === undefined || newest.last - (newest.retention?.first ?? 0) >= READ_MAX) {
		return undefined;
	}
	const keeper = new Checkpoints(own, stream, `${id}:${epoch}`);
	await keeper.load(before);
	const { checkpoint } = keeper;
	if (checkpoint === undefined || checkpoint.origin !== originOf(query)) return undefined;
	const names = new Set(keeper.partitions());
	const stateOf = async (partition: string) => (await keeper.state(partition))?.state;
	return {
		place: { next: checkpoint.next, cursors: checkpoint.cursors },
		states: {
			load: (partitions) => Promise.all(partitions.map(stateOf)),
			loadShared: async () => checkpoint.shared,
		},
		isWhole: checkpoint.partitions === keeper.size,
		has: (partition) => names.has(partition),
	};
}

/** Where streams go on from a position, for a reader that knows no numbers of theirs. */
export async function cursorsAt(
	own: OwnLog,
	streams: readonly StreamName[],
	position: number,
): Promise<{ readonly [stream: string]: number }> {
	const cursors: { [stream: string]: number } = {};
	for (const stream of streams) {
		cursors[stream] = await findFirst(own.log, stream, ({ event, link }) => {
			return (link ?? event).position >= position;
		}).then(({ first }) => first, zeroIfGone);
	}
	return cursors;
}

function zeroIfGone(error: unknown): number {
	if (isRefusal(error, "stream-not-found") || isRefusal(error, "stream-deleted")) return 0;
	throw error;
}
