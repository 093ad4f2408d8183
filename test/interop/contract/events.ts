/** The samples that read single events: S25 to S31, and the metadata of S35. */
import { get } from "../../http/ask.ts";
import { appended, DATA, EVENT, FOR_EVER, feed, type Sample } from "./sample.ts";

const VARY = "Accept, Accept-Encoding";

export const EVENTS: readonly Sample[] = [
	[
		"S25 – single event, JSON data",
		(s) => [
			appended(s),
			{
				ask: get(`/streams/${s}/0`, "application/json"),
				status: 200,
				headers: { "cache-control": FOR_EVER, vary: VARY },
				text: DATA,
			},
		],
	],
	[
		"S26 – single event, event+json",
		(s) => [
			appended(s),
			{
				ask: get(`/streams/${s}/0`, "application/vnd.eventstore.event+json"),
				status: 200,
				json: { ...EVENT, eventStreamId: s },
			},
		],
	],
	[
		"S27 – single event, XML",
		(s) => [
			appended(s),
			{
				ask: get(`/streams/${s}/0`, "text/xml"),
				status: 200,
				text: expect.stringContaining("<data><something>has data</something></data>"),
			},
		],
	],
	[
		"S28 – octet-stream",
		(s) => [
			appended(s),
			{
				ask: get(`/streams/${s}/0`, "application/octet-stream"),
				status: 200,
				headers: { "content-type": "application/octet-stream" },
				text: DATA,
			},
		],
	],
	["S29 – missing number", (s) => [appended(s), { ask: feed(`${s}/99`), status: 404 }]],
	[
		"S30 – soft-deleted stream event",
		(s) => [
			appended(s),
			{ ask: { method: "DELETE", path: `/streams/${s}` }, status: 204 },
			{ ask: feed(`${s}/0`), status: 404 },
		],
	],
	[
		"S31 – hard-deleted",
		(s) => [
			appended(s),
			{
				ask: { method: "DELETE", path: `/streams/${s}`, headers: { "ES-HardDelete": "true" } },
				status: 204,
			},
			{ ask: feed(`${s}/0`), status: 410, reason: "Deleted" },
		],
	],
	[
		"S35 – metadata get of a stream without metadata",
		(s) => [
			appended(s),
			{
				ask: get(`/streams/${s}/metadata`, "application/json"),
				status: 200,
				text: "{}",
				headers: { etag: null },
			},
		],
	],
];
