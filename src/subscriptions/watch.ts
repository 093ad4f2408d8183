/** Waiting, for some time at most, until a stream grows. */
import { setTimeout } from "node:timers/promises";
import type { StreamName } from "../event.ts";
import type { Surroundings } from "./surroundings.ts";

/** @param known the last number that was read */
export async function untilGrown(
	{ log, longPolls }: Surroundings,
	{ stream, known }: { readonly stream: StreamName; readonly known: number },
	waitMs: number,
	signal: AbortSignal,
): Promise<void> {
	// A long poll of a stream that was deleted for ever ends at once, and nothing comes there.
	const isThere = await log.last(stream).then(
		() => true,
		() => false,
	);
	await (isThere ? longPolls.waitBeyond(stream, known, waitMs, signal) : pause(waitMs, signal));
}

/** Resolves after some time, or as soon as it is told to. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
	return setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
