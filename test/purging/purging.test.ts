/** Deletes and metadata, told to caches on real sockets: what, how, and what happens when they fail. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tagsToPurge } from "../../src/cache/tags.ts";
import { parseSettings, type Settings } from "../../src/config.ts";
import type { StreamName } from "../../src/event.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { LogLines } from "../../src/observe/lines.ts";
import { type Ask, ATOM_JSON, ask, batch, get, type Reply } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { type Cache, startCache, type Told } from "./cache.ts";

let cache: Cache;
let directory: string;
let server: RunningServer;
let said: string[];

beforeEach(async () => {
	said = [];
	directory = mkdtempSync(join(tmpdir(), "varve-purging-"));
	cache = await startCache();
});
afterEach(async () => {
	await server.close();
	await cache.close();
	rmSync(directory, { recursive: true });
});

async function start(overrides: Partial<Settings> = {}): Promise<void> {
	const settings = { ...parseSettings([], {}), data: directory, port: 0, purgeUrl: cache.url };
	const operatorLog = new LogLines("text", "warn", (line) => said.push(line));
	server = await startServer({ ...settings, insecure: true, ...overrides }, operatorLog);
	cache.upstream = server.url;
}

function tell(request: Ask): Promise<Reply> {
	return ask(Number(new URL(server.url).port), request);
}

async function append(stream: string, count = 20): Promise<void> {
	const events = Array.from({ length: count }, () => ({
		eventId: randomUUID(),
		eventType: "Placed",
		data: { secret: 1 },
	}));
	expect((await tell(batch(stream, events))).status).toBe(201);
}

async function remove(stream: string, hard: boolean): Promise<void> {
	const headers = { "ES-HardDelete": String(hard) };
	expect((await tell({ method: "DELETE", path: `/streams/${stream}`, headers })).status).toBe(204);
}

async function describeBy(stream: string, metadata: object): Promise<void> {
	const reply = await tell({
		path: `/streams/${stream}/metadata`,
		headers: { "Content-Type": "application/json", "ES-EventId": randomUUID() },
		body: JSON.stringify(metadata),
	});
	expect(reply.status).toBe(201);
}

async function states(): Promise<Record<string, unknown>[]> {
	return (await tell(get("/info", "application/json"))).json.purging as Record<string, unknown>[];
}

/** The tags of every purge so far, in order. */
function tagsTold(): string[] {
	return cache.told.flatMap(({ headers }) => String(headers["cache-tag"]).split(","));
}

function tagsOf(stream: string): string[] {
	return tagsToPurge(stream as StreamName);
}

test.each([
	["a hard delete", () => remove("order-1", true)],
	["a soft delete", () => remove("order-1", false)],
	["$tb", () => describeBy("order-1", { $tb: 3 })],
	["$maxCount", () => describeBy("order-1", { $maxCount: 3 })],
	["$maxAge", () => describeBy("order-1", { $maxAge: 3 })],
])("%s purges what shows the stream", async (_, hide) => {
	await start();
	await append("order-1");
	await hide();
	await until(() => cache.told.length > 0);
	const { method, path, headers } = cache.told[0] as Told;
	expect([method, path]).toEqual(["PURGE", "/"]);
	expect(headers["cache-tag"]).toBe(tagsOf("order-1").join(","));
	expect(headers["surrogate-key"]).toBe(tagsOf("order-1").join(" "));
});

test("another ACL purges what shows the stream, and the same one does not", async () => {
	await start();
	await append("order-1");
	await describeBy("order-1", { $acl: { $r: "$all" } });
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(tagsOf("order-1"));
	cache.told.length = 0;
	await describeBy("order-1", { custom: 1, $acl: { $r: "$all" } });
	await append("order-2");
	await remove("order-2", true);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(tagsOf("order-2"));
});

test("other defaults of $settings purge everything", async () => {
	await start();
	await append("$settings", 1);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(["varve"]);
});

test("appends, links and metadata that hide nothing purge nothing", async () => {
	await start();
	await append("order-1");
	await describeBy("order-1", { custom: 1, $cacheControl: 5 });
	const link = { "ES-EventType": "$>", "ES-EventId": randomUUID() };
	const headers = { "Content-Type": "application/octet-stream", ...link };
	expect((await tell({ path: "/streams/links", headers, body: "0@order-1" })).status).toBe(201);
	// What comes later is told: all before was looked at.
	await append("order-2");
	await remove("order-2", true);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(tagsOf("order-2"));
});

test("no read through a cache shows an event of a deleted stream, on any page it was on", async () => {
	await start();
	await append("order-1");
	const pages = ["order-1/0/forward/20", "order-1/7", "$ce-order/0/forward/20?embed=body"];
	const read = (page: string) => ask(cache.port, get(`/streams/${page}`));
	for (const page of pages) {
		expect((await read(page)).status).toBe(200);
		expect((await read(page)).headers["x-cache"]).toBe("hit");
	}
	await remove("order-1", true);
	await until(async () => (await states())[0]?.purged);
	const after = await Promise.all(pages.map(read));
	expect(after.map(({ status }) => status)).toEqual([410, 410, 200]);
	expect(after[2]?.text).not.toContain("secret");
});

test("by URLs, streams of the largest events are purged, too", async () => {
	await start({ purgeBy: "urls" });
	const large = () => ({
		eventId: randomUUID(),
		eventType: "Placed",
		data: "x".repeat(3 * 2 ** 20),
	});
	for (let i = 0; i < 11; i++) {
		const reply = await tell(batch("order-1", [large(), large(), large()]));
		expect(reply.status).toBe(201);
	}
	await remove("order-1", true);
	await until(async () => (await states())[0]?.purged);
	expect((await states())[0]).toMatchObject({ failed: 0, abandoned: 0 });
}, 60_000);

// A server of node:http takes no method that it does not know.
test("BAN goes over the wire as caches read it", async () => {
	let wire = "";
	const listener = createServer((socket) => {
		socket.setEncoding("latin1").on("data", (text) => {
			wire += text;
			if (wire.includes("\r\n\r\n")) socket.end("HTTP/1.1 200 Banned\r\nContent-Length: 0\r\n\r\n");
		});
	});
	await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
	const { port } = listener.address() as AddressInfo;
	await start({ purgeMethod: "BAN", purgeUrl: `http://127.0.0.1:${port}/ban` });
	await append("order-1");
	await remove("order-1", true);
	await until(async () => (await states())[0]?.purged);
	expect(wire.split("\r\n").slice(0, 4)).toEqual([
		"BAN /ban HTTP/1.1",
		"Content-Length: 0",
		`Cache-Tag: ${tagsOf("order-1").join(",")}`,
		`Surrogate-Key: ${tagsOf("order-1").join(" ")}`,
	]);
	listener.close();
});

test("a purge that fails is tried again until it succeeds, and /info says so", async () => {
	await start();
	await append("order-1");
	cache.answer = () => 503;
	await remove("order-1", true);
	const failing = await until(async () => (await states()).find(({ failure }) => failure));
	expect(failing).toMatchObject({ purged: 0, pending: 1, failure: "it answered 503 to PURGE" });
	expect(said).toEqual([
		expect.stringContaining(
			` WARN  cache ${cache.url} did not accept a purge, which will be repeated: it answered 503 to PURGE`,
		),
	]);
	cache.answer = () => 204;
	const purged = await until(async () => (await states()).find(({ pending }) => pending === 0));
	expect(purged).toMatchObject({ purged: 1, failure: null });
	expect(said[1]).toContain(`cache ${cache.url} accepts purges again`);
});

test("a delete never waits for a cache, and each cache is on its own", async () => {
	const other = await startCache();
	await start({ purgeUrl: `${cache.url},${other.url}` });
	await append("order-1");
	cache.answer = () => undefined;
	await remove("order-1", true);
	await remove("order-2", false).catch(() => undefined);
	await until(() => other.told.length > 0);
	const [stuck, well] = await states();
	expect(stuck).toMatchObject({ purged: 0 });
	expect(Number(well?.purged)).toBeGreaterThan(0);
	await other.close();
});

test("credentials of the URL are sent as Basic, and shown nowhere", async () => {
	await start({ purgeUrl: cache.url.replace("//", "//us%40er:s3cret@") });
	cache.answer = () => 401;
	await append("order-1");
	await remove("order-1", true);
	await until(() => said.length > 0);
	const basic = `Basic ${Buffer.from("us@er:s3cret").toString("base64")}`;
	expect(cache.told[0]?.headers.authorization).toBe(basic);
	const shown = JSON.stringify([said, await states()]);
	expect(shown).not.toMatch(/s3cret|us%40er|us@er/);
	const mistyped = ["--purge-url", "http://a:s3cret@h/?q"];
	expect(() => parseSettings(mistyped, {})).toThrow(/"value":"","reason":"it must be a list/);
});

test("a shutdown tells what is left; the next start has nothing to say", async () => {
	await start();
	await append("order-1");
	await remove("order-1", true);
	await server.close();
	// Twice, as no answer is on its way any more.
	expect(tagsTold().slice(-2)).toEqual(tagsOf("order-1"));
	cache.told.length = 0;
	await start();
	await append("order-2");
	await remove("order-2", true);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(tagsOf("order-2"));
});

test("a shutdown tells what a running scavenge erases to its end", async () => {
	await start();
	const streams = Array.from({ length: 200 }, (_, i) => `order-${i}`);
	await Promise.all(streams.map((stream) => append(stream)));
	await Promise.all(streams.map((stream) => describeBy(stream, { $maxCount: 1 })));
	expect((await tell({ method: "POST", path: "/admin/scavenge", body: "" })).status).toBe(200);
	await server.close();
	cache.told.length = 0;
	await start();
	await append("other-1");
	await remove("other-1", true);
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(tagsOf("other-1"));
});

test("what could not be purged before the end is purged at the next start, with everything", async () => {
	await start();
	await append("order-1");
	cache.answer = () => 500;
	await remove("order-1", true);
	await until(() => cache.told.length > 0);
	await server.close();
	cache.answer = () => 200;
	cache.told.length = 0;
	await start();
	await until(() => cache.told.length > 0);
	expect(tagsTold()).toEqual(["varve"]);
});

test("by URLs, every page of the grid that shows the stream is named, in each form", async () => {
	const publicUrl = "https://events.example.org/log";
	await start({ purgeBy: "urls", publicUrl, allowAnonymous: true });
	await append("other-1", 3);
	await append("order-1", 25);
	await append("order-2", 25);
	const shows: string[] = [];
	for (const page of [
		"order-1/0/forward/20",
		"order-1/20/forward/20",
		"order-1/39/backward/20",
		"order-1/0/forward/500?embed=body",
		"order-1/0/forward/1000",
		"$ce-order/20/forward/20",
		"$ce-order/20/forward/20?wait=20",
		"$et-Placed/0/forward/20?embed=body",
		`$all/${"0000000000000014".repeat(2)}/forward/20`,
		"order-1/24",
	]) {
		shows.push(`/log/streams/${page.replace("$", "%24")}`);
	}
	cache.answer = () => 404;
	await remove("order-1", true);
	await until(async () => (await states())[0]?.purged);
	const told = cache.told.filter(({ headers }) => headers.accept === ATOM_JSON);
	expect(told.map(({ path }) => path)).toEqual(expect.arrayContaining(shows));
	expect(told.length * 3).toBe(cache.told.length);
	expect(new Set(cache.told.map(({ headers }) => headers.host))).toEqual(
		new Set(["events.example.org"]),
	);
	// Pages that show nothing of it are left alone.
	expect(told.map(({ path }) => path).join()).not.toContain("order-2");
});

test("by URLs, a success that Squid reports is none: the cache must be emptied by hand", async () => {
	await start({ purgeBy: "urls" });
	await append("order-1");
	cache.server = "squid/5.7";
	await remove("order-1", false);
	await until(async () => Number((await states())[0]?.abandoned) > 0);
	expect((await states())[0]).toMatchObject({ failed: 0, abandoned: 1 });
	expect(said.join("\n")).toContain(
		"must be emptied by hand: stream 'order-1': Squid drops only one of the forms of a page",
	);
});
