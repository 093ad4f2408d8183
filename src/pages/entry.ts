/**
 * An event of a stream, as an entry of a feed.
 *
 * In an index stream an event stands under another number than in its own. Clients know that as a
 * resolved link: title and URL are the event's own, the summary is `$>`, and its place in the index
 * stands in the position fields.
 */
import type { PageRange } from "../../feeds/geometry.ts";
import type { Entry } from "../../feeds/model.ts";
import { Refusal } from "../errors.ts";
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Log, StreamEntry } from "../log/log.ts";

/** Writes the URLs of the documents; the edge knows how. */
export type Urls = {
	stream(stream: StreamName): string;
	event(stream: StreamName, at: Version): string;
	page(stream: StreamName, page: PageRange): string;
};

/** What the contract gives where there is no time to give. */
export const NO_TIME = "0001-01-01T00:00:00Z";

const LINK_TYPE = "$>";
const NOTHING = new Uint8Array(0);

/**
 * Reads one event of any stream.
 * @param at its version in that stream, or `head` for the last one
 * @throws Refusal `stream-not-found`, `event-not-found`
 */
export async function readEntry(
	log: Log,
	urls: Urls,
	stream: StreamName,
	at: Version | "head",
): Promise<Entry> {
	const slice = await log.read({
		stream,
		from: at,
		limit: 1,
		direction: "backward",
		content: true,
	});
	if (slice.last < 0) throw new Refusal("stream-not-found", { stream });
	const [entry] = slice.entries;
	if (!entry) throw new Refusal("event-not-found", { stream, eventNumber: Number(at) });
	return composeEntry(urls, stream, entry);
}

export function composeEntry(urls: Urls, read: StreamName, entry: StreamEntry): Entry {
	const { event } = entry;
	const own = read === ALL || read === event.stream;
	const url = urls.event(event.stream, event.version);
	return {
		title: `${event.version}@${event.stream}`,
		id: url,
		updated: formatTime(event.created),
		author: "EventStore",
		summary: own ? event.type : LINK_TYPE,
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
			positionEventNumber: own ? event.version : entry.version,
			positionStreamId: own ? event.stream : read,
			position: event.position,
			...(own ? {} : { linkMetadata: NOTHING }),
		},
	};
}

/** Events of one commit share their time, and stand side by side on a page. */
let formatted = { milliseconds: Number.NaN, text: "" };

/** RFC 3339 in UTC, the fraction without trailing zeros. */
function formatTime(milliseconds: number): string {
	if (formatted.milliseconds !== milliseconds) {
		const text = new Date(milliseconds).toISOString().replace(/\.?0+Z$/, "Z");
		formatted = { milliseconds, text };
	}
	return formatted.text;
}
