/** The samples that read feeds: S15 to S24. */
import { ATOM, ATOM_JSON, get } from "../../http/ask.ts";
import {
	appended,
	DATA,
	EVENT,
	EVENT_ID,
	FOR_EVER,
	feed,
	long,
	problem,
	type Sample,
} from "./sample.ts";

const METHODS = "POST, DELETE, GET, OPTIONS";
const VARY = "Accept, Accept-Encoding";
const TAG = (last: number) => expect.stringMatching(new RegExp(`^"${last};-?\\d+"$`));
const HEAD_AND_POLL: readonly Sample[] = [
	[
		"S15 – head feed",
		(s) => [
			appended(s),
			{
				ask: feed(s),
				status: 200,
				reason: "OK",
				headers: {
					"cache-control": "no-cache",
					vary: VARY,
					etag: TAG(0),
					"content-type": `${ATOM_JSON}; charset=utf-8`,
					"access-control-allow-methods": METHODS,
				},
				json: {
					title: `Event stream '${s}'`,
					id: expect.stringMatching(new RegExp(`/streams/${s}$`)),
					streamId: s,
					author: { name: "EventStore" },
					headOfStream: true,
					eTag: expect.stringMatching(/^0;/),
					entries: [{ title: `0@${s}`, author: { name: "EventStore" }, summary: "SomeEvent" }],
				},
				links: {
					self: `/streams/${s}`,
					current: `/streams/${s}`,
					collection: `/streams/${s}`,
					first: `/streams/${s}/head/backward/20`,
					previous: `/streams/${s}/1/forward/19`,
					metadata: `/streams/${s}/metadata`,
				},
			},
		],
	],
	[
		"S19 – forward poll page, nothing there",
		(s) => [
			long(s),
			{
				ask: feed(`${s}/25/forward/10`),
				status: 200,
				numbers: [],
				headers: { "cache-control": "no-cache", etag: TAG(24) },
				json: { headOfStream: true, updated: "0001-01-01T00:00:00Z" },
				links: {
					self: `/streams/${s}/25/forward/10`,
					current: `/streams/${s}`,
					collection: `/streams/${s}`,
					first: `/streams/${s}/head/backward/10`,
					last: `/streams/${s}/0/forward/10`,
					next: `/streams/${s}/24/backward/10`,
					metadata: `/streams/${s}/metadata`,
				},
			},
		],
	],
];

const PAGES: readonly Sample[] = [
	[
		"S17 – older page, long stream",
		(s) => [
			long(s),
			{
				ask: feed(`${s}/4/backward/10`),
				status: 200,
				numbers: [4, 3, 2, 1, 0],
				links: {
					self: `/streams/${s}/4/backward/10`,
					current: `/streams/${s}`,
					collection: `/streams/${s}`,
					first: `/streams/${s}/head/backward/10`,
					previous: `/streams/${s}/5/forward/10`,
					metadata: `/streams/${s}/metadata`,
				},
			},
			{
				ask: feed(`${s}/14/backward/10`),
				status: 200,
				numbers: [14, 13, 12, 11, 10, 9, 8, 7, 6, 5],
				headers: { "cache-control": FOR_EVER },
				json: { headOfStream: false },
				links: {
					self: `/streams/${s}/14/backward/10`,
					current: `/streams/${s}`,
					collection: `/streams/${s}`,
					first: `/streams/${s}/head/backward/10`,
					last: `/streams/${s}/0/forward/10`,
					next: `/streams/${s}/4/backward/10`,
					previous: `/streams/${s}/15/forward/10`,
					metadata: `/streams/${s}/metadata`,
				},
			},
		],
	],
	[
		"S18 – forward page not full",
		(s) => [
			long(s),
			{
				ask: feed(`${s}/20/forward/10`),
				status: 200,
				numbers: [24, 23, 22, 21, 20],
				headers: { "cache-control": "no-cache", etag: TAG(24) },
				json: { headOfStream: true },
				links: {
					self: `/streams/${s}/20/forward/10`,
					current: `/streams/${s}`,
					collection: `/streams/${s}`,
					first: `/streams/${s}/head/backward/10`,
					last: `/streams/${s}/0/forward/10`,
					next: `/streams/${s}/19/backward/10`,
					previous: `/streams/${s}/25/forward/15`,
					metadata: `/streams/${s}/metadata`,
				},
			},
		],
	],
	[
		"S21 – stream that does not exist",
		(s) => [{ ask: feed(s), status: 404, reason: "Not Found", json: problem("stream-not-found") }],
	],
	[
		"S22 – no Accept header",
		(s) => [
			appended(s),
			{
				ask: { path: `/streams/${s}` },
				status: 200,
				headers: { "content-type": `${ATOM}; charset=utf-8` },
			},
			{
				ask: get(`/streams/${s}`, "application/vnd.eventstore.streamdesc+json"),
				status: 200,
				reason: "Description Document",
			},
		],
	],
	[
		"S23 – embed=body",
		(s) => [
			appended(s),
			{
				ask: feed(`${s}?embed=body`),
				status: 200,
				json: {
					entries: [
						{
							eventId: EVENT_ID,
							eventType: "SomeEvent",
							eventNumber: 0,
							data: DATA,
							streamId: s,
							isJson: true,
							isMetaData: false,
							isLinkMetaData: false,
							isRedacted: false,
							positionEventNumber: 0,
							positionStreamId: s,
							title: `0@${s}`,
							summary: "SomeEvent",
						},
					],
				},
			},
		],
	],
	[
		"S24 – embed=content",
		(s) => [
			appended(s),
			{
				ask: feed(`${s}?embed=content`),
				status: 200,
				json: { entries: [{ content: { ...EVENT, eventStreamId: s } }] },
			},
		],
	],
];

export const FEEDS: readonly Sample[] = [...HEAD_AND_POLL, ...PAGES];
