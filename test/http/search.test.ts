/** GET /search: lines of JSON while events are found, an end that says where to go on, and bounds. */
import { randomUUID } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { type Ask, batch, type Json } from "./ask.ts";
import { type Servers, startServers, until } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ searchesMax: 2, searchFoundMax: 5 });
	for (let order = 1; order <= 4; order++) {
		const placed = { eventId: randomUUID(), eventType: "Placed", data: { total: order * 10 } };
		const paid = { eventId: randomUUID(), eventType: "Paid", data: { by: "card" } };
		await servers.ask(batch(`order-${order}`, [placed, paid]));
	}
});
afterAll(() => servers.close());

const search = (query: string, headers = {}): Ask => ({ path: `/search?${query}`, headers });

async function linesOf(query: string): Promise<Json[]> {
	const reply = await servers.ask(search(query));
	expect([reply.status, reply.text.slice(-1)]).toEqual([200, "\n"]);
	return reply.text
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line) as Json);
}

test("both lanes answer with a line for each event, and one for the end", async () => {
	const query = "type=Placed&path=$.total&is=gt&value=20";
	for (const lane of [servers, servers.express]) {
		const reply = await lane.ask(search(query));
		expect(reply.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
		expect(reply.headers["cache-control"]).toBe("no-store");
		const found = [...reply.text.matchAll(/^\{"event":\{"stream":"([^"]+)"/gm)];
		expect(found.map(([, name]) => name)).toEqual(["order-4", "order-3"]);
	}
	const [end] = (await linesOf(query)).slice(-1) as [{ end: Json }];
	expect(end.end).toMatchObject({
		reason: "all-searched",
		stream: "$et-Placed",
		searched: 4,
		of: 4,
		found: 2,
	});
	expect(end.end).not.toHaveProperty("alone");
});

test("a line holds the event as NDJSON has it", async () => {
	const [line] = (await linesOf("stream=order-2&type=Placed")) as [{ event: Json }];
	const ndjson = await servers.ask(search("", {}));
	expect(ndjson.status).toBe(200);
	const stream = await servers.ask({ path: "/streams/order-2?format=ndjson" });
	expect(`${JSON.stringify(line.event)}`).toBe(stream.text.split("\n")[0]);
});

test("a search that found enough says where to go on, until all is found", async () => {
	const names: unknown[] = [];
	let path: string | undefined = "/search?stream=order-*";
	const sizes: number[] = [];
	while (path !== undefined) {
		const lines = await linesOf(path.slice("/search?".length));
		const events = lines.filter((line) => "event" in line) as { event: Json }[];
		names.push(...events.map(({ event }) => event.position));
		sizes.push(events.length);
		const { end } = lines.at(-1) as { end: { next?: string; reason: string } };
		path = end.next && new URL(end.next).pathname + new URL(end.next).search;
	}
	expect(sizes).toEqual([5, 3]);
	expect(names).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
});

test("what was not found says what each condition fits by itself", async () => {
	const alone = async (query: string) => (await linesOf(query)).at(-1);
	expect(await alone("type=placed")).toMatchObject({ end: { found: 0, alone: { type: 0 } } });
	expect(await alone("type=Paid&stream=*-1&path=$.by&value=cash")).toMatchObject({
		end: { alone: { type: 4, stream: 1, path: 1, value: 0 } },
	});
});

test("compressed, it is the same", async () => {
	const reply = await servers.ask(search("type=Paid", { "Accept-Encoding": "gzip" }));
	expect(reply.headers["content-encoding"]).toBe("gzip");
	const text = gunzipSync(reply.body).toString();
	expect(text.match(/^\{"event"/gm)).toHaveLength(4);
	const head = await servers.ask({ method: "HEAD", path: "/search" });
	expect([head.status, head.text]).toEqual([200, ""]);
	await until(() => servers.server.context.searches.running === 0);
});

test.each([
	["typ=Placed", "typ", "a search has"],
	["type=A&type=B", "type", "twice"],
	["path=total", "path", "character 1"],
	["path=$..a&value=1", "path", "character 3"],
	["path=$.a&is=like&value=1", "is", "eq, ne"],
	["path=$.a&is=eq", "value", "missing"],
	["value=1", "path", "where the value is"],
	["from=yesterday", "from", "RFC 3339"],
	["id=5", "id", "UUID"],
	["limit=0", "limit", "from 1"],
	["before=-1", "before", "from 0"],
	["stream=%01", "stream", "control"],
	["stream=*********", "stream", "8 stars"],
	[`type=${"x".repeat(1025)}`, "type", "1024"],
])("%s is refused, and says why", async (query, parameter, reason) => {
	const reply = await servers.ask(search(query));
	expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-query"]);
	expect(reply.json.parameter).toBe(parameter);
	expect(reply.json.reason).toContain(reason);
});

test("other forms than lines are refused, and a stream that was deleted for ever is gone", async () => {
	const reply = await servers.ask(search("", { Accept: "application/json" }));
	expect([reply.status, reply.json.available]).toEqual([406, ["application/x-ndjson"]]);
	await servers.ask(batch("gone-1", [{ eventId: randomUUID(), eventType: "T", data: {} }]));
	const headers = { "ES-HardDelete": "true" };
	await servers.ask({ method: "DELETE", path: "/streams/gone-1", headers });
	expect((await servers.ask(search("stream=gone-1"))).status).toBe(410);
});

test("a search ends when its client leaves, and others get its place", async () => {
	const { searches } = servers.server.context;
	const text = "x".repeat(1_000_000);
	for (let at = 0; at < 5; at++) {
		const event = { eventId: randomUUID(), eventType: "Large", data: { text } };
		await servers.ask(batch("large-1", [event]));
	}
	// Nobody reads: the answer waits for its reader, and the search with it.
	const left = [new AbortController(), new AbortController()];
	const url = `${servers.url}/search?type=Large`;
	for (const { signal } of left) expect((await fetch(url, { signal })).status).toBe(200);
	expect(searches.running).toBe(2);
	const refused = await servers.ask(search("type=Paid"));
	expect([refused.status, refused.json.queue]).toEqual([503, "searches"]);
	expect(refused.headers["retry-after"]).toBe("5");
	for (const one of left) one.abort();
	await until(() => searches.running === 0);
	expect((await servers.ask(search("type=Paid"))).status).toBe(200);
});
