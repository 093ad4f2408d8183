/**
 * Which of a stream's events are shown: the one place that decides it, for every way to read.
 *
 *     versions   0 ─────────── firstShown ──────────────── last
 *                hidden by $tb │ shown, as far as $maxAge has not caught up
 *                and $maxCount │
 *                or scavenged  │
 *
 * Contract 2.3 and 5.5. Numbers are never given anew, and `created` never falls along a stream, so
 * what is hidden is always its low end.
 */
import { ALL, type StreamName, type Version } from "../event.ts";
import { NO_METADATA, type StreamMetadata } from "./metadata.ts";

/** What is to be known of a stream besides its entries. */
export type StreamState = {
	/** Its last version, whether or not it is shown; -1 where it has no events. */
	readonly last: Version;
	readonly metadata: StreamMetadata;
	/** Whether it was deleted for ever. */
	readonly isGone: boolean;
	/** The lowest version that was not scavenged: what lies below is shown by no metadata again. */
	readonly scavenged: Version;
};

const METADATA_PREFIX = "$$";
/** Of a metadata stream only the newest event counts, so only that is shown (contract 5.2). */
const OF_METADATA_STREAMS: StreamMetadata = { maxCount: 1, isDeleted: false };

/** The stream that holds the metadata of `stream`. */
export function metadataStream(stream: StreamName): StreamName {
	return `${METADATA_PREFIX}${stream}` as StreamName;
}

/** The stream whose metadata `stream` holds; undefined where it is no metadata stream. */
export function describedStream(stream: StreamName): StreamName | undefined {
	if (!stream.startsWith(METADATA_PREFIX)) return undefined;
	return stream.slice(METADATA_PREFIX.length) as StreamName;
}

/**
 * The metadata that holds for a stream: metadata streams have their own rule whatever is written
 * about them, and nothing is hidden from `$all`.
 * @param written what stands in its metadata stream
 */
export function effectiveMetadata(stream: StreamName, written = NO_METADATA): StreamMetadata {
	if (stream.startsWith(METADATA_PREFIX)) return OF_METADATA_STREAMS;
	if (stream !== ALL) return written;
	const { cacheSeconds } = written;
	return cacheSeconds === undefined ? NO_METADATA : { cacheSeconds, isDeleted: false };
}

/**
 * The lowest version that `$tb`, `$maxCount` and the last scavenge leave; beyond `last` where they
 * leave none.
 */
export function firstShown({ last, metadata, isGone, scavenged }: StreamState): Version {
	if (isGone || metadata.isDeleted) return last + 1;
	const { truncateBefore = 0, maxCount = Number.POSITIVE_INFINITY } = metadata;
	return Math.max(scavenged, Math.min(truncateBefore, last + 1), last + 1 - maxCount);
}

/** @param now milliseconds since 1970 */
export function isShown(of: StreamState, version: Version, created: number, now: number): boolean {
	return version >= firstShown(of) && created + (of.metadata.maxAgeMs ?? Infinity) > now;
}

/**
 * The lowest version from `from` on that `$maxAge` leaves, beyond `last` where it leaves none: by
 * halving, as `created` never falls. A reader far below it is sent there in one step.
 */
export function firstUnexpired(
	{ last, metadata }: StreamState,
	createdAt: (version: Version) => number,
	from: Version,
	now: number,
): Version {
	const { maxAgeMs = Infinity } = metadata;
	let low = Number(from);
	let high = Number(last) + 1;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (createdAt(middle) + maxAgeMs > now) high = middle;
		else low = middle + 1;
	}
	return low;
}

/**
 * The moment an event that is shown may stop being shown, in milliseconds since 1970: 0 for with
 * the next append, Infinity for not by itself.
 */
export function shownUntil({ metadata }: StreamState, created: number): number {
	if (metadata.maxCount !== undefined) return 0;
	return created + (metadata.maxAgeMs ?? Infinity);
}
