/** The stream of one event that the examples of the wire contract show. */
import type { Entry, EntryEvent, Feed } from "../../feeds/model.ts";

export const STREAM = "http://127.0.0.1:2113/streams/newstream";

export const event: EntryEvent = {
	eventId: "c322e299-cb73-4b47-97c5-5054f920746e",
	eventType: "SomeEvent",
	eventNumber: 0,
	streamId: "newstream",
	isJson: true,
	data: Buffer.from('{"something":"has data"}'),
	metadata: new Uint8Array(0),
	positionEventNumber: 0,
	positionStreamId: "newstream",
	position: 7,
};

export const entry: Entry = {
	title: "0@newstream",
	id: `${STREAM}/0`,
	updated: "2026-06-14T09:31:22.1234567Z",
	author: "EventStore",
	summary: "SomeEvent",
	links: [
		{ relation: "edit", uri: `${STREAM}/0` },
		{ relation: "alternate", uri: `${STREAM}/0` },
	],
	event,
};

export const head: Feed = {
	id: STREAM,
	title: "Event stream 'newstream'",
	updated: "2026-06-14T09:31:22.1234567Z",
	author: "EventStore",
	streamId: "newstream",
	headOfStream: true,
	selfUrl: STREAM,
	eTag: "0;H",
	archive: false,
	links: [
		{ relation: "self", uri: STREAM },
		{ relation: "first", uri: `${STREAM}/head/backward/20` },
		{ relation: "previous", uri: `${STREAM}/1/forward/20` },
		{ relation: "metadata", uri: `${STREAM}/metadata` },
	],
	entries: [entry],
};

/** The entry with another event, or another version of this one. */
export function entryWith(change: Partial<EntryEvent>): Entry {
	return { ...entry, event: { ...event, ...change } };
}

export function bytes(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}

/** What `call` throws; a test that expects an error fails where nothing is thrown. */
export function thrownBy(call: () => unknown): unknown {
	try {
		call();
	} catch (error) {
		return error;
	}
	throw new Error("nothing was thrown");
}
