/** What a sample exchange of the contract is made of, and the requests many of them begin with. */
import { type Ask, ATOM_JSON, batch, get } from "../../http/ask.ts";

export type Exchange = {
	readonly ask: Ask;
	readonly status: number;
	readonly reason?: string;
	/** By name in lower case; BASE stands for the server's URL, and null for a header not sent. */
	readonly headers?: { readonly [name: string]: unknown };
	/** What the body is, exactly. */
	readonly text?: string;
	/** What the body holds as JSON, besides other things. */
	readonly json?: object;
	/** The links of a feed by relation, without the server's URL: all there are. */
	readonly links?: { readonly [relation: string]: string };
	/** The numbers of a feed's entries. */
	readonly numbers?: readonly number[];
};

/** Exchanges in their order, on a stream of their own. */
export type Sample = readonly [name: string, exchanges: (stream: string) => readonly Exchange[]];

export const EVENT_ID = "c322e299-cb73-4b47-97c5-5054f920746e";
export const DATA = '{"something":"has data"}';
/** The event of S1 as an object; its stream is the sample's. */
export const EVENT = {
	eventNumber: 0,
	eventType: "SomeEvent",
	eventId: EVENT_ID,
	data: { something: "has data" },
	metadata: "",
};
export const FOR_EVER = "max-age=31536000, public, immutable";
export const ADMIN = { Authorization: "Basic YWRtaW46Y2hhbmdlaXQ=" };

/** One raw JSON event; a header that is undefined is not sent. */
export function post(path: string, headers: Ask["headers"] = {}, body = DATA): Ask {
	const all = {
		"Content-Type": "application/json",
		"ES-EventType": "SomeEvent",
		"ES-EventId": EVENT_ID,
		...headers,
	};
	const sent = Object.entries(all).filter(([, value]) => value !== undefined);
	return { path, headers: Object.fromEntries(sent), body };
}

/** S1, which most others start from. */
export function appended(stream: string): Exchange {
	return { ask: post(`/streams/${stream}`, ADMIN), status: 201 };
}

/** A stream of `count` events. */
export function long(stream: string, count = 25): Exchange {
	const events = Array.from({ length: count }, (_, n) => ({
		eventId: crypto.randomUUID(),
		eventType: "event-type",
		data: { n },
	}));
	return { ask: batch(stream, events), status: 201 };
}

export function feed(path: string, headers: Ask["headers"] = {}): Ask {
	return get(`/streams/${path}`, ATOM_JSON, headers);
}

export function problem(word: string, more: object = {}): object {
	return { type: `urn:varve:problem:${word}`, ...more };
}
