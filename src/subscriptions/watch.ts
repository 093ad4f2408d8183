/** Waiting, for some time at most, until a stream grows. */
import { setTimeout } from "node:timers/promises";
import type { StreamName } from "../event.ts";
import type { LongPolls } from "../following/long-polls.ts";
import type { Log } from "../log/log.ts";

/** Where a request waits: among the long polls, or among the readers that stay connected. */
export type WaitingRoom = Pick<LongPolls, "waitBeyond">;

type Grows = {
	readonly log: Log;
	readonly stream: StreamName;
	/** The last number that was read. */
	readonly known: number;
};

export async function untilGrown(
	{ log, stream, known }: Grows,
	room: WaitingRoom,
	waitMs: number,
	signal: AbortSignal,
): Promise<void> {
	// A long poll of a stream that was deleted for ever ends at once, and nothing comes there.
	const isThere = await log.last(stream).then(
		() => true,
		() => false,
	);
	await (isThere ? room.waitBeyond(stream, known, waitMs, signal) : pause(waitMs, signal));
}

/** Resolves after some time, or as soon as it is told to. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
	return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
