/**
 * Which of a stream's events are shown: the one place that decides it, for every way to read.
 *
 *     versions   0 ─────────── firstShown ──────────────── last
 *                hidden by $tb │ shown, as far as $maxAge has not caught up
 *                and $maxCount │
 *                or scavenged  │
 *
 * Contract 2.3 and 5.5. Versions are never reused, and `created` never falls along a stream, so
 * the hidden events are always its low end.
 */
import { ALL, type StreamName, type Version } from "../event.ts";
import { NO_METADATA, type StreamMetadata } from "./metadata.ts";

/** The facts of a stream that decide which of its events are shown. */
export type StreamState = {
	/** Its last version, whether or not it is shown; -1 if it has no events. */
	readonly last: Version;
	readonly metadata: StreamMetadata;
	/** Whether it was deleted for ever. */
	readonly isGone: boolean;
	/** The lowest version that was not scavenged; no metadata can show lower ones again. */
	readonly scavenged: Version;
};

const METADATA_PREFIX = "$$";
/** Of a metadata stream only the newest event counts, so only that is shown (contract 5.2). */
const OF_METADATA_STREAMS: StreamMetadata = { maxCount: 1, isDeleted: false };

/** The stream that holds the metadata of `stream`. */
export function metadataStream(stream: StreamName): StreamName {
	return `${METADATA_PREFIX}${stream}` as StreamName;
}

/** The stream whose metadata `stream` holds; undefined if it is no metadata stream. */
export function describedStream(stream: StreamName): StreamName | undefined {
	if (!stream.startsWith(METADATA_PREFIX)) return undefined;
	return stream.slice(METADATA_PREFIX.length) as StreamName;
}

/**
 * The metadata that applies to a stream. Metadata streams have their own rule, whatever clients
 * write about them, and no event is hidden from `$all`.
 * @param written the metadata in its metadata stream
 */
export function effectiveMetadata(stream: StreamName, written = NO_METADATA): StreamMetadata {
	if (stream.startsWith(METADATA_PREFIX)) return OF_METADATA_STREAMS;
	if (stream !== ALL) return written;
	const { cacheSeconds } = written;
	return cacheSeconds === undefined ? NO_METADATA : { cacheSeconds, isDeleted: false };
}

/**
 * The metadata that applies to an index stream. Clients cannot append to it and so cannot bring it
 * back: its `$tb`, whatever the number, hides no more than stood there when it was written
 * (departure 26). The next entry is shown, and a deleted index is there again with it.
 * @param before how many of its entries are older than the metadata
 */
export function metadataOfIndex(
	written: StreamMetadata,
	last: Version,
	before: () => Version,
): StreamMetadata {
	const { truncateBefore } = written;
	if (truncateBefore === undefined) return written;
	const present = before();
	if (truncateBefore <= present) return written;
	return {
		...written,
		truncateBefore: present,
		isDeleted: written.isDeleted && Number(present) > Number(last),
	};
}

/**
 * The lowest version that `$tb`, `$maxCount` and the last scavenge leave; beyond `last` if they
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
 * The lowest version from `from` on that `$maxAge` leaves, beyond `last` if it leaves none. A
 * binary search finds it, as `created` never falls. A reader far below it gets there in one step.
 */
export function firstUnexpired(
	{ last, metadata }: StreamState,
	createdAt: (version: Version) => number,
	from: Version,
	now: number,
): Version {
	const { maxAgeMs = Infinity } = metadata;
	return lowestFrom(from, last, (version) => createdAt(version) + maxAgeMs > now);
}

/**
 * A binary search: the lowest version from `from` on for which `holds`, beyond `last` if it holds
 * for none. It has to hold for all versions above one for which it does.
 */
export function lowestFrom(
	from: Version,
	last: Version,
	holds: (version: Version) => boolean,
): Version {
	let low = Number(from);
	let high = Number(last) + 1;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		if (holds(middle)) high = middle;
		else low = middle + 1;
	}
	return low;
}

/**
 * The moment at which a shown event may become hidden, in milliseconds since 1970: 0 if the next
 * append may hide it, Infinity if only new metadata or a delete can.
 */
export function shownUntil({ metadata }: StreamState, created: number): number {
	if (metadata.maxCount !== undefined) return 0;
	return created + (metadata.maxAgeMs ?? Infinity);
}
