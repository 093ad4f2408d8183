/**
 * Which of a stream's events a scavenge erases: those that no read of the stream shows any more.
 *
 *     hidden by $tb, $maxCount, $maxAge   erased
 *     softly deleted                      erased, but for the last event: it may come back
 *     deleted for ever                    erased, but for the tombstone; of its metadata, all
 *     metadata streams                    erased, but for the newest: it holds
 *
 * The hidden events are always the low end of a stream, and so are the erased ones (contract 5.6).
 */
import type { StreamName, Version } from "../event.ts";
import { describedStream, isShown, type StreamState } from "./window.ts";

/** @param now milliseconds since 1970, at the time of the scavenge */
export function isErasable(
	stream: StreamName,
	state: StreamState,
	version: Version,
	created: number,
	now: number,
): boolean {
	return version < endOfErasable(stream, state) && !isShown(state, version, created, now);
}

/** The lowest version that no scavenge erases; beyond `last` if a scavenge may erase all. */
export function endOfErasable(
	stream: StreamName,
	{ last, isGone, metadata }: StreamState,
): Version {
	const isDescribing = describedStream(stream) !== undefined;
	const keepsLast = isDescribing ? !isGone : isGone || metadata.isDeleted;
	return keepsLast ? last : last + 1;
}
