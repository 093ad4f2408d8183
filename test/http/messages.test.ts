/**
 * What a newcomer does wrong with curl, and what the answer says: what was wrong, what is right,
 * and an example. Statuses and reason phrases have their tests elsewhere.
 */
import { randomUUID } from "node:crypto";
import { type Ask, batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await servers.ask(batch("order-42", [event()]));
});
afterAll(() => servers.close());

const event = () => ({ eventId: randomUUID(), eventType: "OrderPlaced", data: 1 });
const TYPED = { "ES-EventType": "OrderPlaced" };
const JSON_TYPE = { "Content-Type": "application/json" };

function single(path: string, headers: Ask["headers"]): Ask {
	return { path, headers: { ...JSON_TYPE, ...headers }, body: "{}" };
}

function under(stream: string, headers: Ask["headers"]): Ask {
	return single(`/streams/${stream}`, { ...TYPED, "ES-EventId": randomUUID(), ...headers });
}

const part = event();

const MISTAKES: [mistake: string, ask: Ask, ...words: string[]][] = [
	[
		"an event without an id",
		batch("s", [{ eventType: "OrderPlaced" }]),
		"Event 0 of the batch: Empty eventId provided. (Parameter 'eventId')",
		"uuidgen",
		"the member eventId",
	],
	[
		"metadata without an id",
		single("/streams/s/metadata", {}),
		"Empty eventId provided.",
		"the header ES-EventId",
	],
	["an id that is a number", batch("s", [{ ...event(), eventId: "7" }]), "'7'", "UUID", "uuidgen"],
	[
		"type for eventType",
		batch("s", [{ eventId: randomUUID(), type: "OrderPlaced" }]),
		"Empty eventType provided. (Parameter 'eventType')",
		"type is another name",
		'"eventType":"OrderPlaced"',
	],
	[
		"no type at all",
		single("/streams/s", {}),
		"Must include an event type",
		"ES-EventType: OrderPlaced",
		"Content-Type: application/vnd.eventstore.events+json",
	],
	["the same id twice", batch("s", [part, part]), part.eventId, "a new UUID for each event"],
	[
		"one event in place of a batch",
		batch("s", JSON.stringify(event())),
		"it is not an array of events",
		'[{"eventId":',
	],
	[
		"no Content-Type",
		{ path: "/streams/s", headers: TYPED, body: "{}" },
		"The request has no Content-Type.",
		"Send JSON with Content-Type: application/json, other bytes as application/octet-stream,",
		"and several events as application/vnd.eventstore.events+json.",
	],
	[
		"the Content-Type that curl sends unasked",
		single("/streams/s", { ...TYPED, "Content-Type": "application/x-www-form-urlencoded" }),
		"cannot read 'application/x-www-form-urlencoded'",
		"Content-Type: application/json",
	],
	[
		"an expected version in words",
		under("s", { "ES-ExpectedVersion": "any" }),
		"ES-ExpectedVersion header in wrong format. It was 'any'.",
		"-2 (either)",
		"ES-ExpectedVersion: 7",
	],
	[
		"an id in the header that is none",
		under("s", { "ES-EventId": "abc" }),
		"'abc'",
		"It takes a UUID",
		"uuidgen",
	],
	[
		"version 7 of a stream that does not exist",
		under("none", { "ES-ExpectedVersion": "7" }),
		"Stream 'none' has no events; version 7 was expected.",
		"ES-ExpectedVersion: -1",
	],
	[
		"a first event for a stream that has one",
		under("order-42", { "ES-ExpectedVersion": "-1" }),
		"Stream 'order-42' is at version 0; a stream without events (-1) was expected.",
		"ES-ExpectedVersion: 0",
	],
	[
		"an existing stream that does not exist",
		under("none", { "ES-ExpectedVersion": "-4" }),
		"has no events; a stream with events (-4) was expected",
	],
	[
		"If-Match with an old tag",
		under("order-42", { "If-Match": '"7;1"' }),
		`is at version 0, which does not meet If-Match: "7;1".`,
		`If-Match: "0;…"`,
	],
	[
		"If-Match of a stream that does not exist",
		under("none", { "If-Match": '"7;1"' }),
		"Stream 'none' has no events",
		"If-None-Match: *",
	],
	["If-Match with a bare number", under("s", { "If-Match": "7" }), "It was '7'", '"17;814"'],
	[
		"an append to what the server writes",
		batch("$ce-order", [event()]),
		"Only the server itself writes to '$ce-order'",
		"such as order-42",
	],
	[
		"an id in the URL that is none",
		single("/streams/s/incoming/7", TYPED),
		"Unable to parse guid '7'.",
		"a UUID",
	],
	["$ce-order unquoted", get("/streams/-order"), "'-order' has no events", "'$ce-order'"],
	["a stream of the server without its $", get("/streams/ce-order"), "start with $"],
	["$all unquoted", get("/streams/"), "The name of the stream is missing", "'/streams/$all'"],
	[
		"PUT for POST",
		{ method: "PUT", path: "/streams/s", body: "{}" },
		"does not allow PUT. It allows GET, POST",
		"to append one, send POST.",
	],
	[
		"a PUT of an event",
		{ method: "PUT", path: "/streams/s/0", body: "{}" },
		"does not allow PUT",
		"send POST to the stream",
	],
	[
		"a POST to all streams",
		{ path: "/streams/streams/s", body: "{}" },
		"does not allow POST",
		"POST /streams/order-42",
	],
	[
		"a format that no stream has",
		get("/streams/order-42", "text/calendar"),
		"none of the formats in Accept 'text/calendar'",
		"Accept: application/json",
	],
	["a path that is none", get("/stream/s"), "/stream/s", "/streams/order-42", "/openapi.json"],
	[
		"a page in the wrong direction",
		get("/streams/s/0/backwards/20"),
		"/streams/s/0/backwards/20",
		"/streams/order-42/0/forward/20",
	],
	["a page without a count", get("/streams/s/0/forward"), "'forward'", "/0/forward/20"],
	["a name for an event's number", get("/streams/s/first"), "'first'", "/streams/order-42/0"],
	[
		"a plain number on $all",
		get("/streams/$all/20/forward/20"),
		"Invalid position argument: 20",
		"/streams/$all/00000000000000140000000000000014/forward/20",
	],
	[
		"a redaction on $all",
		{ method: "DELETE", path: "/streams/$all/0/data" },
		"Event 0 of '$all' cannot be redacted",
		"name the stream that the event was appended to",
		"event 0 of order-42",
	],
	[
		"a filter without its parts",
		get("/streams/$all/filtered"),
		"Invalid context",
		"/streams/$all/filtered?context=streamid&type=prefix&data=order-",
	],
];

test.each(MISTAKES)("%s", async (_mistake, ask, ...words) => {
	const { status, json } = await servers.ask(ask);
	expect(status).toBeGreaterThanOrEqual(400);
	expect(status).toBeLessThan(500);
	for (const word of words) expect(json.detail).toContain(word);
});

test("a batch of which a part is there already", async () => {
	await servers.ask(batch("halves", [part]));
	const { json } = await servers.ask(batch("halves", [part, event()]));
	expect(json.detail).toContain("1 of the 2 event ids already stand in stream 'halves'");
	expect(json.detail).toContain("send only the others");
});

test("the examples in the messages work", async () => {
	for (const path of [
		"/streams/order-42",
		"/streams/order-42/0",
		"/streams/order-42/0/forward/20",
		"/streams/$all/00000000000000000000000000000000/forward/20",
		"/streams/$all/filtered?context=streamid&type=prefix&data=order-",
		"/openapi.json",
	]) {
		expect([path, (await servers.ask(get(path))).status]).toEqual([path, 200]);
	}
});
