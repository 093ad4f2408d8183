/**
 * An event of a stream, as an entry of a feed.
 *
 * In an index stream an event stands under another number than in its own. Clients know that as a
 * resolved link: title and URL are the event's own, the summary is `$>`, and its place in the index
 * stands in the position fields.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import type { Entry, LoggedEvent } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type Position, type RecordedEvent, type StreamName, type Version } from "../event.ts";
import { LINK_TYPE } from "../indexes/links.ts";
import type { LogReads, StreamEntry } from "../log/log.ts";
import { type Links, linksShown } from "./variant.ts";

/** Writes the URLs of the documents; the edge knows how. */
export type Urls = {
	stream(stream: StreamName): string;
	metadata(stream: StreamName): string;
	event(stream: StreamName, at: Version): string;
	/**
	 * The id of an event for ever (RFC 4287 section 4.2.6): a restored backup gives it another URL,
	 * but not another id. An event that takes the place of a lost one gets an id of its own.
	 */
	id(stream: StreamName, at: Version, position: Position): string;
	page(stream: StreamName, page: PageRange): string;
};

/**
 * The contract's word for a feed that has no time. It is no time of an event, and has no fraction:
 * clients compare it as it is (decision 65).
 */
export const NO_TIME = "0001-01-01T00:00:00Z";

const NOTHING = new Uint8Array(0);

/** A single event, read for a document of its own. */
export type SingleEntry = {
	readonly entry: Entry;
	/** The same, as it was read. */
	readonly found: StreamEntry;
	/** The stream that was read, and the streams of the event and its link. */
	readonly streams: readonly StreamName[];
	/** As `Page` has them. */
	readonly links: Links;
	readonly steadyUntil: number;
	readonly cacheSeconds: number | undefined;
};

/** @param at its version in that stream, or `head` for the last visible one */
export type EventSpec = {
	readonly stream: StreamName;
	readonly at: Version | "head";
	readonly resolve?: boolean | undefined;
};

/**
 * Reads one event of any stream.
 * @throws Refusal `stream-not-found`, `event-not-found` (which a link that leads nowhere is, too)
 */
export async function readEntry(
	log: LogReads,
	urls: Urls,
	request: EventSpec,
): Promise<SingleEntry> {
	const { stream, at, resolve } = request;
	const slice = await log.read({
		stream,
		from: at,
		limit: 1,
		direction: "backward",
		content: true,
		...(resolve === undefined ? {} : { resolve }),
	});
	if (slice.last < 0) throw new Refusal("stream-not-found", { stream });
	const [found] = slice.entries;
	if (!found || found.unresolved) {
		const eventNumber = at === "head" ? slice.last : at;
		throw new Refusal("event-not-found", { stream, eventNumber });
	}
	const { steadyUntil, cacheSeconds } = slice.retention ?? { steadyUntil: Infinity };
	const streams = [...new Set([stream, found.event.stream, found.link?.stream ?? stream])];
	return {
		entry: composeEntry(urls, stream, found),
		found,
		steadyUntil,
		cacheSeconds,
		links: linksShown(stream, [found]),
		streams,
	};
}

/**
 * The entries that show an event: for documents that have no place for a link that leads nowhere.
 */
export function composeEvents(
	urls: Urls,
	read: StreamName,
	entries: readonly StreamEntry[],
): Entry[] {
	const shown = entries.filter(({ unresolved }) => unresolved === undefined);
	return shown.map((entry) => composeEntry(urls, read, entry));
}

export function composeEntry(urls: Urls, read: StreamName, entry: StreamEntry): Entry {
	const { link, unresolved } = entry;
	const event = read === entry.event.stream ? entry.event : withoutHash(entry.event);
	// Whether the entry in the stream that was read is the event itself, and no link to it.
	const own = link === undefined && (read === ALL || read === event.stream);
	const isLink = !own || unresolved !== undefined;
	const at = unresolved ?? event;
	const url = urls.event(at.stream, at.version);
	return {
		title: `${at.version}@${at.stream}`,
		id: urls.id(at.stream, at.version, event.position),
		updated: updatedAt(entry),
		author: "EventStore",
		summary: isLink ? LINK_TYPE : event.type,
		links: [
			{ relation: "edit", uri: url },
			{ relation: "alternate", uri: url },
		],
		event: {
			eventId: event.id,
			eventType: event.type,
			eventNumber: event.version,
			streamId: event.stream,
			isJson: event.isJson,
			data: event.data,
			metadata: event.metadata,
			positionEventNumber: own ? event.version : (link?.version ?? entry.version),
			positionStreamId: own ? event.stream : (link?.stream ?? read),
			position: (link ?? event).position,
			...(own ? {} : { linkMetadata: link?.metadata ?? NOTHING }),
			...(event.isRedacted ? { isRedacted: true } : {}),
		},
		...(unresolved ? { unresolved: true } : {}),
	};
}

/**
 * An entry without the URLs and texts of a feed.
 * @returns the event, and its number in the stream that was read, if that is not its own
 */
export function composeLine(
	read: StreamName,
	{ event: found, link, version }: StreamEntry,
): [event: LoggedEvent, at: number | undefined] {
	const own = link === undefined && (read === ALL || read === found.stream);
	const event = read === found.stream ? found : withoutHash(found);
	const { position, created } = link ?? event;
	const logged = {
		stream: event.stream,
		version: event.version,
		id: event.id,
		type: event.type,
		isJson: event.isJson,
		data: event.data,
		metadata: event.metadata,
		position,
		created: formatTime(created),
	};
	return [logged, own ? undefined : (link?.version ?? version)];
}

/**
 * The data of a user's event holds the hash of a password. It is shown where that stream alone is
 * read, which says that it is wanted, and left out of `$all` and the indexes, which are relayed.
 */
function withoutHash(event: RecordedEvent): RecordedEvent {
	if (!event.stream.startsWith("$user-") || event.data.length === 0) return event;
	return { ...event, data: NOTHING, isRedacted: true };
}

/** The time of an entry: of a link, when it was written. */
export function updatedAt({ event, link }: StreamEntry): string {
	return formatTime((link ?? event).created);
}

/** Events of one commit share their time, and stand side by side on a page. */
let formatted = { milliseconds: Number.NaN, text: "" };

/** RFC 3339 in UTC, always with three digits of fraction: so times sort as text does. */
function formatTime(milliseconds: number): string {
	if (formatted.milliseconds !== milliseconds) {
		const text = new Date(milliseconds).toISOString();
		formatted = { milliseconds, text };
	}
	return formatted.text;
}
