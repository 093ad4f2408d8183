/** Who erases must find what shows the erased: every page that may be kept names its streams. */
import { randomUUID } from "node:crypto";
import { tagsOf, tagsToPurge } from "../../../src/cache/tags.ts";
import type { StreamName } from "../../../src/event.ts";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	for (const stream of ["order-1", "order-2"]) await append(stream, 20, "Placed");
	for (let i = 0; i < 60; i++) await append(`many-${i}`, 1, "Many");
});
afterAll(() => servers.close());

async function append(stream: string, count: number, type: string) {
	const metadata = { $correlationId: "c1" };
	const events = Array.from({ length: count }, () => ({
		eventId: randomUUID(),
		eventType: type,
		data: {},
		...(stream === "order-1" ? { metadata } : {}),
	}));
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

function tagsIn({ headers }: Reply): string[] {
	return String(headers["cache-tag"]).split(",");
}

function tags(...streams: string[]): string[] {
	return tagsOf(streams as StreamName[]);
}

test.each([
	["its own pages", "/streams/order-1/0/forward/20", ["order-1"]],
	["and backward", "/streams/order-1/19/backward/20", ["order-1"]],
	["a single event", "/streams/order-1/3", ["order-1"]],
	["its category", "/streams/$ce-order/0/forward/20", ["$ce-order", "order-1"]],
	["an event of it", "/streams/$ce-order/25", ["$ce-order", "order-2"]],
	["its types", "/streams/$et-Placed/10/forward/20", ["$et-Placed", "order-1", "order-2"]],
	["its correlation", "/streams/$bc-c1/0/forward/20", ["$bc-c1", "order-1"]],
	["the list of streams", "/streams/$streams/0/forward/2", ["$streams", "order-1", "order-2"]],
	["the log", `/streams/$all/${"0".repeat(32)}/forward/20`, ["$all", "order-1"]],
	[
		"a filtered log",
		`/streams/$all/filtered/${"0".repeat(32)}/forward/20?context=streamid&type=prefix&data=order-2`,
		["$all", "order-2"],
	],
])("%s name the streams they show", async (_, path, streams) => {
	for (const accept of [ATOM_JSON, ATOM]) {
		const reply = await servers.ask(get(path, accept));
		expect([reply.status, tagsIn(reply)]).toEqual([200, tags(...streams)]);
		expect(reply.headers["surrogate-key"]).toBe(tagsIn(reply).join(" "));
		// Kept, from the short lane and the long one, in the same bytes.
		const again = await servers.ask(get(path, accept));
		expect(tagsIn(again)).toEqual(tagsIn(reply));
		expect(tagsIn(await servers.express.ask(get(path, accept)))).toEqual(tagsIn(reply));
	}
});

test("a page of links names the streams they lead to", async () => {
	const reply = await servers.ask(get("/streams/$ce-many/0/forward/20"));
	expect(tagsIn(reply)).toHaveLength(22);
	const headed = await startServers({ headMaxAge: 5 });
	await headed.ask(batch("order-2", [{ eventId: randomUUID(), eventType: "t", data: {} }]));
	const sent = {
		path: "/streams/links",
		headers: {
			"Content-Type": "application/octet-stream",
			"ES-EventType": "$>",
			"ES-EventId": randomUUID(),
		},
		body: "0@order-2",
	};
	expect((await headed.ask(sent)).status).toBe(201);
	expect(tagsIn(await headed.ask(get("/streams/links")))).toEqual(tags("links", "order-2"));
	await headed.close();
});

test("a page of very many streams names them in brief, and a purge of any finds it", async () => {
	const reply = await servers.ask(get("/streams/$et-Many/0/forward/60"));
	const found = tagsIn(reply);
	expect(Math.max(...found.slice(1).map((tag) => tag.length))).toBe(2);
	for (let i = 0; i < 60; i++) {
		const purged = tagsToPurge(`many-${i}` as StreamName);
		expect(purged.some((tag) => found.includes(tag))).toBe(true);
	}
});

test("what is asked for anew each time has no tags", async () => {
	for (const path of [
		"/streams/order-1",
		"/streams/order-1/head",
		"/streams/order-1/20/forward/20",
	]) {
		const { headers } = await servers.ask(get(path));
		expect([headers["cache-control"], headers["cache-tag"]]).toEqual(["no-cache", undefined]);
	}
});

test("--sealed-max-age bounds for how long copies that nobody purges may be used", async () => {
	const own = await startServers({ sealedMaxAge: 3600 });
	const events = Array.from({ length: 20 }, () => ({
		eventId: randomUUID(),
		eventType: "t",
		data: {},
	}));
	await own.ask(batch("s", events));
	const control = async () =>
		(await own.ask(get("/streams/s/0/forward/20"))).headers["cache-control"];
	expect(await control()).toBe("max-age=3600, public, immutable");
	const metadata = {
		path: "/streams/s/metadata",
		headers: { "Content-Type": "application/json", "ES-EventId": randomUUID() },
	};
	await own.ask({ ...metadata, body: '{"$maxAge":86400}' });
	expect(await control()).toBe("max-age=3600, public");
	await own.close();
});

test("--sealed-max-age caps what --head-max-age and $cacheControl grant, 304 and redirect too", async () => {
	const own = await startServers({ sealedMaxAge: 60, headMaxAge: 3600 });
	const metadata = {
		path: "/streams/long/metadata",
		headers: { "Content-Type": "application/json", "ES-EventId": randomUUID() },
	};
	await own.ask({ ...metadata, body: '{"$cacheControl":63072000}' });
	for (const stream of ["long", "plain"]) {
		await own.ask(batch(stream, [{ eventId: randomUUID(), eventType: "t", data: {} }]));
		for (const path of [`/streams/${stream}`, `/streams/${stream}/head`]) {
			for (const lane of [own, own.express]) {
				const { headers } = await lane.ask(get(path));
				const again = await lane.ask(get(path, ATOM_JSON, { "If-None-Match": headers.etag }));
				expect([again.status, headers["cache-control"], again.headers["cache-control"]]).toEqual([
					304,
					"max-age=60, public",
					"max-age=60, public",
				]);
			}
		}
	}
	const redirect = await own.ask(get("/streams/plain/"));
	expect(redirect.headers["cache-control"]).toBe("max-age=60, public");
	await own.close();
});
