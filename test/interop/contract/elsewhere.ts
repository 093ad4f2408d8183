/** The samples of what surrounds the streams, and of what they share: S36 to S42. */
import { batch } from "../../http/ask.ts";
import { ADMIN, appended, feed, post, problem, type Sample } from "./sample.ts";

const METHODS = "POST, DELETE, GET, OPTIONS";
const TAG = (last: number) => expect.stringMatching(new RegExp(`^"${last};-?\\d+"$`));

export const ELSEWHERE: readonly Sample[] = [
	[
		"S36 – trailing slash",
		(s) => [
			appended(s),
			{
				ask: feed(`${s}/`),
				status: 307,
				headers: { location: `BASE/streams/${s}`, "cache-control": "max-age=31536000, public" },
			},
		],
	],
	[
		"S37 – $all",
		(s) => [
			appended(s),
			{
				ask: feed("$all/0000000000000000FFFFFFFFFFFFFFFF/backward/5", ADMIN),
				status: 400,
				json: {
					detail: expect.stringContaining(
						"Invalid position argument: 0000000000000000FFFFFFFFFFFFFFFF",
					),
				},
			},
			{
				ask: feed("%24all", ADMIN),
				status: 200,
				json: { title: "All events" },
				headers: { etag: expect.stringMatching(/^"\d+;/) },
			},
		],
	],
	[
		"S38 – filtered $all",
		(s) => [
			{
				ask: batch(s, [
					{ eventId: crypto.randomUUID(), eventType: `${s}order-placed`, data: 1 },
					{ eventId: crypto.randomUUID(), eventType: `${s}other`, data: 2 },
					{ eventId: crypto.randomUUID(), eventType: `${s}cart-filled`, data: 3 },
				]),
				status: 201,
			},
			{
				ask: feed(`$all/filtered?context=eventtype&type=prefix&data=${s}order-,${s}cart-`),
				status: 200,
				numbers: [2, 0],
				text: expect.stringContaining("/streams/%24all/filtered"),
			},
			{
				ask: feed("$all/filtered?exclude-system-events=yes"),
				status: 400,
				json: { detail: expect.stringContaining("should have a value of true.") },
			},
		],
	],
	[
		"S39 – OPTIONS",
		(s) => [
			{
				ask: { method: "OPTIONS", path: `/streams/${s}` },
				status: 200,
				reason: "OK",
				text: "",
				headers: { "access-control-allow-methods": METHODS, "content-length": "0" },
			},
		],
	],
	[
		"S40 – HEAD",
		(s) => [
			appended(s),
			{
				ask: { ...feed(s), method: "HEAD" },
				status: 200,
				text: "",
				headers: { etag: TAG(0), "access-control-allow-methods": METHODS },
			},
		],
	],
	[
		"S41 – too big",
		(s) => [
			appended(s),
			{ ask: feed(`${s}/0/forward/5000`), status: 400, json: problem("invalid-count") },
			{ ask: feed(`${s}/0/forward/4096`), status: 200 },
		],
	],
	[
		"S42 – X-Forwarded",
		(s) => [
			appended(s),
			{
				ask: feed(s, {
					"X-Forwarded-Host": "es.example.com",
					"X-Forwarded-Proto": "https",
					"X-Forwarded-Prefix": "events",
				}),
				status: 200,
				json: {
					id: `https://es.example.com/events/streams/${s}`,
					entries: [{ id: `https://es.example.com/events/streams/${s}/0` }],
				},
			},
			{
				ask: post(`/streams/${s}`, { "X-Forwarded-Host": "es.example.com" }),
				status: 201,
				headers: { location: `http://es.example.com/streams/${s}/0` },
			},
		],
	],
];
