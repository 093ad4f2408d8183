/**
 * From the entries an engine found to what a read shows of them: the rules of
 * `retention/window.ts`, applied to a range and to the targets of its links.
 */
import type { RecordedEvent, StreamName, Version } from "../event.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { linkAt, type Target } from "../indexes/links.ts";
import {
	firstShown,
	firstUnexpired,
	isShown,
	type Standing,
	shownUntil,
} from "../retention/window.ts";
import type { Gap, Slice, StreamEntry } from "./log.ts";

/** An entry as it was found, all of one snapshot. */
export type FoundEntry = {
	readonly version: Version;
	/** The event that stands there; of an index stream the event it points to. */
	readonly event: RecordedEvent;
	/**
	 * Of an index stream: the standing of the event's own stream, where it has one worth asking for.
	 */
	readonly origin?: Standing | undefined;
	/** Of a link that is to be resolved: where it points to, and what was found there. */
	readonly target?: (Target & { readonly found?: FoundTarget | undefined }) | undefined;
};

export type FoundTarget = {
	readonly event: RecordedEvent;
	readonly standing?: Standing | undefined;
};

export type Showing = {
	readonly stream: StreamName;
	readonly last: Version;
	/** The lowest version the range covers. */
	readonly low: Version;
	/** Of the stream that was read; undefined where it has neither metadata nor an end. */
	readonly standing: Standing | undefined;
	/**
	 * Whether its entries may change by anything but growth: own metadata, links, targets that have
	 * some.
	 */
	readonly isMarked: boolean;
	/** Whether links show the events they point to. */
	readonly resolve: boolean;
	/** Of `$all`: the run of scavenged positions that is all the range holds. */
	readonly gap?: Gap | undefined;
	/** Whether events are to carry data and metadata. */
	readonly content: boolean;
	readonly now: number;
	/** When the entry at a version of this stream was written; asked for where all is expired. */
	readonly createdAt: (version: Version) => number;
};

type Shown = {
	readonly entry: StreamEntry;
	/** As `Retention.steadyUntil`. */
	readonly until: number;
};

const NOTHING = new Uint8Array(0);

/** The lowest version worth looking for: what `$tb` and `$maxCount` hide need not be read. */
export function lowestShown(low: Version, standing: Standing | undefined): Version {
	return standing ? Math.max(low, firstShown(standing)) : low;
}

/** @param found in the order of the read, from `lowestShown` on */
export function show(showing: Showing, found: readonly FoundEntry[]): Slice {
	const { stream, standing, last, isMarked, resolve, content, gap } = showing;
	if (standing?.metadata.isDeleted) return { last: -1, entries: [] };
	const links = !resolve && isIndexStream(stream);
	const entries = links
		? found.map((one) => ({ ...one, event: linkOf(stream, one, content) }))
		: found;
	const slice = isMarked ? showMarked(showing, entries) : { last, entries };
	return gap ? { ...slice, gap } : slice;
}

function showMarked(showing: Showing, found: readonly FoundEntry[]): Slice {
	const { standing, last, low, now } = showing;
	const bound = standing ? firstShown(standing) : 0;
	const entries: StreamEntry[] = [];
	let first = bound;
	// The bound is part of what a page says, which has no older neighbours there.
	let steadyUntil = standing?.metadata.maxCount || (bound > 0 && low <= bound) ? 0 : Infinity;
	for (const one of found) {
		const { created } = one.event;
		if (standing && !isShown(standing, one.version, created, now)) {
			first = Math.max(first, one.version + 1);
			continue;
		}
		const { entry, until } = entryOf(showing, one);
		entries.push(entry);
		steadyUntil = Math.min(steadyUntil, until, standing ? shownUntil(standing, created) : Infinity);
	}
	// What an empty page leads to moves on as events expire.
	if (first > bound && entries.length === 0) {
		steadyUntil = 0;
		if (standing) first = firstUnexpired(standing, showing.createdAt, first, now);
	}
	const cacheSeconds = standing?.metadata.cacheSeconds;
	const retention = { first, steadyUntil, ...(cacheSeconds === undefined ? {} : { cacheSeconds }) };
	return { last, entries, retention };
}

/** An entry with its links resolved, as far as they lead to something that is shown. */
function entryOf({ stream, now, content }: Showing, entry: FoundEntry): Shown {
	const { version, event, origin, target } = entry;
	if (target) {
		const { found } = target;
		const until = found ? targetUntil(found, now) : 0;
		if (found && isTargetShown(found, now)) {
			return { entry: { version, event: found.event, link: event }, until };
		}
		const unresolved = { stream: target.stream, version: target.version };
		return { entry: { version, event, unresolved }, until };
	}
	if (!origin) return { entry: { version, event }, until: Infinity };
	const found = { event, standing: origin };
	const until = targetUntil(found, now);
	if (isTargetShown(found, now)) return { entry: { version, event }, until };
	const unresolved = { stream: event.stream, version: event.version };
	return { entry: { version, event: linkOf(stream, entry, content), unresolved }, until };
}

/** The link that an entry of an index stream stands for. */
function linkOf(
	stream: StreamName,
	{ version, event }: FoundEntry,
	content: boolean,
): RecordedEvent {
	const link = linkAt(stream, version, event);
	return content ? link : { ...link, data: NOTHING };
}

function isTargetShown({ event, standing }: FoundTarget, now: number): boolean {
	return standing === undefined || isShown(standing, event.version, event.created, now);
}

/**
 * What is hidden may be shown again when metadata changes, but not where the stream is gone for
 * ever, nor where the event was scavenged.
 */
function targetUntil(found: FoundTarget, now: number): number {
	const { standing, event } = found;
	if (standing === undefined || standing.isGone || event.version < standing.scavenged) {
		return Infinity;
	}
	return isTargetShown(found, now) ? shownUntil(standing, event.created) : 0;
}
