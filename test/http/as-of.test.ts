/** `?as-of=`: a stream up to an event, a position or a time, and the object its events make. */
import { randomUUID } from "node:crypto";
import { type Ask, EVENTS_JSON } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("cart-1", '{"total":86.80000000000001,"lines":[1,2],"status":"placed"}');
	await append("other-1", '{"n":1}');
	await append("cart-1", '{"status":"paid","by":{"card":1.10}}');
	await later();
	await append("cart-1", '{"status":"paid","big":12345678901234567890,"":null}');
});
afterAll(() => servers.close());

async function append(stream: string, ...data: readonly string[]): Promise<void> {
	const events = data.map(
		(one) => `{"eventId":"${randomUUID()}","eventType":"Changed","data":${one}}`,
	);
	const headers = { "Content-Type": EVENTS_JSON };
	const reply = await servers.ask({
		path: `/streams/${stream}`,
		headers,
		body: `[${events.join(",")}]`,
	});
	expect(reply.status).toBe(201);
}

/** Waits for the next millisecond of the clock. */
async function later(): Promise<void> {
	const now = Date.now();
	await until(() => Date.now() > now);
}

const asOf = (stream: string, moment: string, more: Partial<Ask> = {}) =>
	servers.ask({ path: `/streams/${stream}?as-of=${moment}`, ...more });

const createdOf = async (version: number): Promise<string> =>
	String((await asOf("cart-1", String(version))).json.created);

test("as of an event: the events until then, and the object that exactly they make", async () => {
	const reply = await asOf("cart-1", "1");
	expect([reply.status, reply.headers["cache-control"]]).toEqual([200, "no-store"]);
	const { version, position, last, first, from, events, setBy } = reply.json;
	expect({ version, position, last, first, from }).toEqual({
		version: 1,
		position: 2,
		last: 2,
		first: 0,
		from: 0,
	});
	expect(
		(events as { version: number; keys: number }[]).map((one) => [one.version, one.keys]),
	).toEqual([
		[0, 3],
		[1, 2],
	]);
	expect(setBy).toEqual({ total: 0, lines: 0, status: 1, by: 1 });
	expect(reply.text).toContain(
		'"object":{"total":86.80000000000001,"lines":[1,2],"status":"paid","by":{"card":1.10}}',
	);
	expect(reply.text).toContain('"before":{"status":"placed"}');
});

test("the object keeps the text of each number, and what was set again has its newest event", async () => {
	const { text } = await asOf("cart-1", "2");
	expect(text).toContain('"big":12345678901234567890,"":null}');
	expect(text).toContain('"setBy":{"total":0,"lines":0,"status":2,"by":1,"big":2,"":2}');
	expect(text).toContain('"before":{"status":"paid"}');
});

test("both ends: the first event alone, and before it nothing at all", async () => {
	expect((await asOf("cart-1", "0")).json.setBy).toEqual({ total: 0, lines: 0, status: 0 });
	const { version, events, object } = (await asOf("cart-1", "2020-01-01T00:00:00Z")).json;
	expect({ version, events, object }).toEqual({ version: -1, events: [], object: {} });
});

test("as of a position: the last event of the stream until there", async () => {
	const versions = ["@0", "@1", "@2", "@3", "@999999"].map(
		async (moment) => (await asOf("cart-1", moment)).json.version,
	);
	expect(await Promise.all(versions)).toEqual([0, 0, 1, 2, 2]);
});

test("as of a time: the events of that very millisecond belong to it", async () => {
	const created = await createdOf(2);
	const before = new Date(Date.parse(created) - 1).toISOString();
	const finer = created.replace("Z", "9Z");
	const shifted = before.replace("Z", "%2B00:00");
	const plain = before.replace("Z", "+00:00");
	const moments = [created, before, finer, before.replace("Z", "9Z"), shifted, plain];
	const versions = moments.map(async (moment) => (await asOf("cart-1", moment)).json.version);
	expect(await Promise.all(versions)).toEqual([2, 1, 2, 1, 1, 1]);
});

test("the log as of a position has the newest events until there, and no object", async () => {
	const { json } = await asOf("%24all", "@2");
	const events = json.events as { streamId: string; eventNumber: number }[];
	expect(events.map((one) => [one.streamId, one.eventNumber])).toEqual([
		["cart-1", 0],
		["other-1", 0],
		["cart-1", 1],
	]);
	expect([json.version, "object" in json]).toEqual([2, false]);
	const category = (await asOf("%24ce-cart", "@1")).json;
	expect([category.version, "object" in category]).toEqual([0, false]);
});

test.each([
	["", 400, "malformed-query"],
	["x", 400, "malformed-query"],
	["-1", 400, "malformed-query"],
	["@", 400, "malformed-query"],
	["1.5", 400, "malformed-query"],
	["2026-03-01T14:00:00", 400, "malformed-query"],
	["9".repeat(30), 400, "malformed-query"],
	["1&as-of=2", 400, "malformed-query"],
	["3", 404, "event-not-found"],
])("?as-of=%s is refused with %i %s", async (moment, status, word) => {
	const reply = await asOf("cart-1", moment);
	expect([reply.status, reply.json.type]).toEqual([status, `urn:varve:problem:${word}`]);
});

test("a stream that is not there, and one that is gone, are refused as in every read", async () => {
	expect((await asOf("nowhere-1", "@3")).status).toBe(404);
	await append("gone-1", "{}");
	const headers = { "ES-HardDelete": "true" };
	await servers.ask({ method: "DELETE", path: "/streams/gone-1", headers });
	expect((await asOf("gone-1", "0")).status).toBe(410);
});

test("it is JSON alone; the same URL without as-of answers as ever", async () => {
	const accept = { headers: { Accept: "application/atom+xml" } };
	expect((await asOf("cart-1", "1", accept)).status).toBe(406);
	expect((await asOf("cart-1", "1", { method: "HEAD" })).text).toBe("");
	const [one, other] = await Promise.all([
		asOf("cart-1", "1"),
		servers.express.ask({ path: "/streams/cart-1?as-of=1" }),
	]);
	expect(one.text.replaceAll(servers.url, "")).toBe(other.text.replaceAll(servers.express.url, ""));
	const feed = await servers.ask({ path: "/streams/cart-1?basis-of=1", ...accept });
	expect(feed.headers["content-type"]).toContain("application/atom+xml");
});

test("events that are no JSON objects, or were erased, say so and set nothing", async () => {
	await append("mixed-1", '{"a":1}', "[1]", '"text"', '{"b":2,"a":3}', '{"c":1}');
	const binary = { "Content-Type": "application/octet-stream", "ES-EventType": "Bytes" };
	const headers = { ...binary, "ES-EventId": randomUUID() };
	await servers.ask({ path: "/streams/mixed-1", headers, body: '{"d":1}' });
	await servers.ask({ method: "DELETE", path: "/streams/mixed-1/3/data" });
	const { events, object } = (await asOf("mixed-1", "5")).json;
	const effects = (events as { keys?: number; leftOut?: string }[]).map(
		({ keys, leftOut }) => keys ?? leftOut,
	);
	expect(effects).toEqual([1, "not an object", "not JSON", "erased", 1, "not JSON"]);
	expect(object).toEqual({ a: 1, c: 1 });
});

test("a key that was sent twice counts once, and no key is special", async () => {
	await append("odd-1", '{"a":1,"a":2,"__proto__":3,"a\\"b\\u0041":4,"\\ud83d\\ude00":5}');
	const { text } = await asOf("odd-1", "0");
	expect(text).toContain('"object":{"a":2,"__proto__":3,"a\\"bA":4,"😀":5}');
	expect(text).toContain('"keys":4');
});

test("what is hidden now is left out, and the answer says from where events are shown", async () => {
	await append("short-1", '{"a":1}', '{"b":2}', '{"c":3}');
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	await servers.ask({ path: "/streams/short-1/metadata", headers, body: '{"$maxCount":2}' });
	const { first, from, object } = (await asOf("short-1", "2")).json;
	expect({ first, from, object }).toEqual({ first: 1, from: 1, object: { b: 2, c: 3 } });
	const hidden = (await asOf("short-1", "0")).json;
	expect([hidden.version, hidden.events, hidden.object]).toEqual([0, [], {}]);
	await servers.ask({ method: "DELETE", path: "/streams/short-1" });
	expect((await asOf("short-1", "2")).status).toBe(404);
	await append("short-1", '{"d":4}');
	const back = (await asOf("short-1", "3")).json;
	expect([back.first, back.object]).toEqual([3, { d: 4 }]);
});

test("of a long stream the newest thousand events are merged, of large ones 8 MiB", async () => {
	const data = Array.from({ length: 1205 }, (_, at) => `{"n":${at},"k${at}":${at}}`);
	await append("long-1", ...data);
	const { from, events, object } = (await asOf("long-1", "1203")).json;
	expect([from, (events as unknown[]).length]).toEqual([204, 1000]);
	expect(Object.keys(object as object).length).toBe(1001);
	for (let at = 0; at < 4; at++) {
		await append("large-1", `{"k${at}":"${"x".repeat(3_500_000)}"}`);
	}
	const large = (await asOf("large-1", "3")).json;
	expect([large.from, Object.keys(large.object as object)]).toEqual([1, ["k1", "k2", "k3"]]);
});

test("an event with more keys than a person or a program can use is left out, and many are cut", async () => {
	const wide = (keys: number, name: string) =>
		`{${Array.from({ length: keys }, (_, at) => `"${name}${at}":1`).join(",")}}`;
	await append("wide-1", wide(50_001, "a"), wide(50_000, "b"), wide(49_999, "c"), wide(1, "d"));
	const { from, events, object } = (await asOf("wide-1", "3")).json;
	expect([from, (events as unknown[]).length]).toEqual([1, 3]);
	expect(Object.keys(object as object).length).toBe(100_000);
	const [left] = (await asOf("wide-1", "0")).json.events as { leftOut: string }[];
	expect(left?.leftOut).toBe("too many keys");
});
