/** The events of a source, as the contract's debugger reads them (8.6). */
import { ALL } from "../../event.ts";
import type { LogReads } from "../../log/log.ts";
import { parseObject, textOf } from "../json.ts";
import type { OwnLog } from "../keeping/own-log.ts";
import { type Found, Reader } from "../source/reader.ts";
import { type Selection, Sieve, streamsOf } from "../source/selection.ts";
import { type Place, tagOf } from "../source/tags.ts";
import { ANSWER_BYTES_MAX } from "./bounds.ts";

export type FeedAsked = Selection & { readonly place: Place; readonly count: number };

export type Fed = { readonly events: readonly object[]; readonly readerPosition: unknown };

/** As many reads without an event that fits, and the answer says how far it has come. */
const READS_MAX = 200;
/** So many are read at a time: what a page of the log may hold is all that comes on top. */
const READ = 100;

/**
 * It ends early if the events are large: see `ANSWER_BYTES_MAX`.
 * @throws Refusal as a read
 */
export async function feed(
	own: OwnLog,
	reads: Pick<LogReads, "read">,
	asked: FeedAsked,
): Promise<Fed> {
	const sieve = new Sieve(asked, "");
	const head = async () => Number(await own.log.last(ALL));
	const { next, cursors } = asked.place;
	const start = { from: next, cursors, resolvesAll: asked.includesLinks };
	const reader = new Reader(reads, head, streamsOf(asked), start);
	const events: object[] = [];
	let place = asked.place;
	let bytes = 0;
	for (let read = 0; read < READS_MAX && events.length < asked.count; read++) {
		if (bytes >= ANSWER_BYTES_MAX) break;
		// What is read and not handed out would be lost.
		const batch = await reader.read(Math.min(READ, asked.count - events.length));
		place = { next: batch.next, cursors: reader.cursors() };
		const position: unknown = JSON.parse(tagOf(place, asked.isAll));
		for (const found of batch.found) {
			if (sieve.sort(found.entry) !== "event") continue;
			events.push(shownOf(found, position));
			const { data, metadata } = found.entry.event;
			bytes += data.length + metadata.length;
		}
		if (batch.isAtHead) break;
	}
	return { events, readerPosition: JSON.parse(tagOf(place, asked.isAll)) };
}

function shownOf({ entry: { event, link } }: Found, readerPosition: unknown): object {
	const shown = {
		eventStreamId: event.stream,
		eventNumber: event.version,
		eventType: event.type,
		data: event.isJson ? (parseObject(event.data) ?? textOf(event.data)) : textOf(event.data),
		metadata: parseObject(event.metadata) ?? textOf(event.metadata),
		linkMetadata: link && (parseObject(link.metadata) ?? textOf(link.metadata)),
		isJson: event.isJson,
		readerPosition,
	};
	// The contract's second serializer leaves out what is false, 0 or not there.
	return Object.fromEntries(Object.entries(shown).filter(([, value]) => Boolean(value)));
}
