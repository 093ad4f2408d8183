/** The samples that change a stream: S1 to S14 and S32 to S34. */
import { batch, get } from "../../http/ask.ts";
import { ADMIN, appended, EVENT_ID, post, problem, type Sample } from "./sample.ts";

const METHODS = "POST, DELETE, GET, OPTIONS";
const TEXT = "text/plain; charset=utf-8";

export const WRITING: readonly Sample[] = [
	[
		"S1 – append one raw JSON event",
		(s) => [
			{
				ask: post(`/streams/${s}`, ADMIN),
				status: 201,
				reason: "Created",
				text: "",
				headers: {
					location: `BASE/streams/${s}/0`,
					"content-length": "0",
					"content-type": TEXT,
					"access-control-allow-methods": METHODS,
				},
			},
		],
	],
	[
		"S2 – repeat S1 exactly",
		(s) => [
			appended(s),
			{ ...appended(s), headers: { location: `BASE/streams/${s}/0` } },
			{ ask: get(`/streams/${s}`), status: 200, numbers: [0] },
		],
	],
	[
		"S3 – no event id",
		(s) => [
			{
				ask: post(`/streams/${s}`, { "ES-EventId": undefined }),
				status: 307,
				reason: "Temporary Redirect",
				text: "Forwarding to idempotent URI",
				headers: {
					location: expect.stringMatching(new RegExp(`/streams/${s}/incoming/[0-9a-f-]{36}$`)),
					"content-type": TEXT,
					"access-control-allow-methods": METHODS,
				},
			},
		],
	],
	[
		"S4 – POST to that Location",
		(s) => [
			appended(s),
			{
				ask: post(`/streams/${s}/incoming/${crypto.randomUUID()}`, { "ES-EventId": undefined }),
				status: 201,
				headers: {
					location: `BASE/streams/${s}/1`,
					"access-control-allow-methods": "GET, POST, OPTIONS",
				},
			},
		],
	],
	[
		"S5 – no event type",
		(s) => [
			{
				ask: post(`/streams/${s}`, { "ES-EventType": undefined }),
				status: 400,
				reason: "Bad Request",
				headers: {
					"content-type": "application/problem+json",
					"access-control-allow-methods": METHODS,
				},
				json: problem("missing-event-type", {
					detail: expect.stringContaining(
						"Must include an event type with the request either in body or as ES-EventType header.",
					),
				}),
			},
		],
	],
	[
		"S6 – batch",
		(s) => [
			appended(s),
			{
				ask: batch(s, [
					{
						eventId: "fbf4a1a1-b4a3-4dfe-a01f-ec52c34e16e4",
						eventType: "event-type",
						data: { a: "1" },
					},
					{
						eventId: "0f9fad5b-d9cb-469f-a165-70867728951e",
						eventType: "event-type",
						data: { b: "2" },
						metadata: { who: "me" },
					},
				]),
				status: 201,
				headers: { location: `BASE/streams/${s}/1` },
			},
			{ ask: get(`/streams/${s}`), status: 200, numbers: [2, 1, 0] },
		],
	],
	[
		"S7 – batch body is an object, not an array",
		(s) => [
			{
				ask: {
					path: `/streams/${s}`,
					headers: { "Content-Type": "application/vnd.eventstore.event+json" },
					body: "{}",
				},
				status: 400,
				reason: "Bad Request",
				json: { detail: expect.stringContaining("Write request body invalid.") },
			},
		],
	],
	[
		"S8 – missing eventId in batch",
		(s) => [
			{
				ask: batch(s, [{ eventType: "event-type", data: 1 }]),
				status: 400,
				reason: "Bad Request",
				json: problem("invalid-event", { index: 0, field: "eventId" }),
			},
		],
	],
	[
		"S9 – bad ES-EventId",
		(s) => [
			{
				ask: post(`/streams/${s}`, { "ES-EventId": "nope" }),
				status: 400,
				reason: "Bad Request",
				json: { detail: expect.stringContaining("ES-EventId header in wrong format.") },
			},
		],
	],
	...["S10 – wrong expected version", "S11 – expected version -1 on an existing stream"].map(
		(name): Sample => [
			name,
			(s) => [
				appended(s),
				{
					ask: post(`/streams/${s}`, {
						"ES-ExpectedVersion": name.startsWith("S10") ? "3" : "-1",
						"ES-EventId": crypto.randomUUID(),
					}),
					status: 400,
					reason: "Wrong expected EventNumber",
					headers: { "es-currentversion": "0", "access-control-allow-methods": METHODS },
					json: problem("wrong-expected-version", { current: 0 }),
				},
				{ ask: get(`/streams/${s}`), status: 200, numbers: [0] },
			],
		],
	),
	[
		"S12 – any version on a hard-deleted stream",
		(s) => [
			appended(s),
			hardDelete(s),
			...["-2", "-1", "0", "5", "-4"].map((version) => ({
				ask: post(`/streams/${s}`, { "ES-ExpectedVersion": version }),
				status: 410,
				reason: "Stream deleted",
			})),
		],
	],
	[
		"S13 – unsupported type",
		(s) => [
			{
				ask: post(`/streams/${s}`, { "Content-Type": "text/csv" }),
				status: 415,
				reason: "Invalid or missing Content-Type",
				headers: { "access-control-allow-methods": "" },
			},
		],
	],
	[
		"S14 – POST to incoming with a batch",
		(s) => [
			{
				ask: { ...batch(s, []), path: `/streams/${s}/incoming/${EVENT_ID}` },
				status: 415,
			},
		],
	],
	[
		"S32 – soft delete",
		(s) => [
			appended(s),
			{
				ask: { method: "DELETE", path: `/streams/${s}` },
				status: 204,
				reason: "Stream deleted",
				text: "",
				headers: { "access-control-allow-methods": METHODS },
			},
			{ ask: get(`/streams/${s}`), status: 404 },
			{
				ask: post(`/streams/${s}`, { "ES-EventId": crypto.randomUUID() }),
				status: 201,
				headers: { location: `BASE/streams/${s}/1` },
			},
			{ ask: get(`/streams/${s}/metadata`, "application/json"), status: 200, text: '{"$tb":1}' },
		],
	],
	[
		"S33 – hard delete",
		(s) => [
			appended(s),
			hardDelete(s),
			{ ask: get(`/streams/${s}`), status: 410, reason: "Deleted" },
			{ ask: post(`/streams/${s}`), status: 410, reason: "Stream deleted" },
		],
	],
	[
		"S34 – metadata post",
		(s) => [
			{
				ask: post(`/streams/${s}/metadata`, { "ES-EventType": undefined }, '{"$maxCount":5}'),
				status: 201,
				headers: { location: `BASE/streams/%24%24${s}/0` },
			},
			{
				ask: post(`/streams/${s}/metadata`, { "ES-EventType": "foo" }, '{"$maxCount":5}'),
				status: 400,
				json: {
					detail: expect.stringContaining("You should not include an event type for metadata."),
				},
			},
		],
	],
];

function hardDelete(stream: string) {
	const headers = { "ES-HardDelete": "true" };
	return { ask: { method: "DELETE", path: `/streams/${stream}`, headers }, status: 204 };
}
