/** A page as lines of JSON: a page like every other. docs/page-of-lines.md describes it. */
import { randomUUID } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { decodeFeedJson } from "../../../feeds/json/decode.ts";
import { decodeLines } from "../../../feeds/lines/decode.ts";
import { decodeLinks } from "../../../feeds/lines/links.ts";
import type { ReadEvent } from "../../../feeds/model.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { ATOM_JSON, batch, get, type Json, type Reply } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

const LINES = "application/vnd.varve.events+ndjson";
const BINARY = Buffer.from([0, 10, 13, 255]);

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("order-1", 45);
	await append("order-2", 3);
	await appendBytes("order-2", "Scanned", BINARY);
});
afterAll(() => servers.close());

async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, (_, n) => {
		return { eventId: randomUUID(), eventType: "Placed", data: { n }, metadata: { by: "ü" } };
	});
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

async function appendBytes(stream: string, type: string, body: string | Buffer): Promise<void> {
	const headers = {
		"Content-Type": "application/octet-stream",
		"ES-EventType": type,
		"ES-EventId": randomUUID(),
	};
	expect((await servers.ask({ path: `/streams/${stream}`, headers, body })).status).toBe(201);
}

/** The answer, which is the same in both lanes. */
async function page(path: string, headers = {}): Promise<Reply> {
	const reply = await servers.ask(get(`/streams/${path}`, LINES, headers));
	const slow = await servers.express.ask(get(`/streams/${path}`, LINES, headers));
	const seen = ({ status, headers: { date: _, ...others }, body, text }: Reply) => {
		// On other ports.
		const link = others.link?.toString().replaceAll(/:\d+\//g, "/");
		return [status, { ...others, link }, status === 200 ? body : text.replaceAll(/:\d+\//g, "/")];
	};
	expect(seen(slow)).toEqual(seen(reply));
	return reply;
}

function linesOf(reply: Reply): Json[] {
	expect(reply.status).toBe(200);
	const lines = reply.text.split("\n");
	expect(lines.pop()).toBe("");
	expect(reply.headers["varve-lines"]).toBe(String(lines.length));
	return lines.map((line) => JSON.parse(line) as Json);
}

const numbers = (lines: readonly Json[]) => lines.map(({ at }) => at);

test.each([
	["order-1/20/forward/3", [20, 21, 22]],
	["order-1/22/backward/3", [22, 21, 20]],
	["order-1/head/backward/2", [44, 43]],
	["order-1/40/forward/20", [40, 41, 42, 43, 44]],
	["order-1/90/forward/20", []],
	["%24ce-order/44/forward/3", [44, 45, 46]],
])("the lines of %s stand in the direction of the page: %j", async (path, expected) => {
	expect(numbers(linesOf(await page(path)))).toEqual(expected);
});

test.each([
	"order-1",
	"order-1/20/forward/20",
	"order-1/39/backward/20",
	"order-1/39/20",
	"order-1/40/forward/20?embed=body",
	"order-1/head/backward/20",
	"order-1/metadata/0/forward/1",
	"%24ce-order/0/forward/20",
	"%24all/head/backward/20",
	"%24all/filtered?context=streamid&type=prefix&data=order-2",
	"%24all/filtered/00000000000000000000000000000000/forward/20?context=streamid&type=prefix&data=order",
])("the links of %s lead where those of its feed do", async (path) => {
	if (path.includes("metadata")) {
		const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
		await servers.ask({ path: "/streams/order-1/metadata", headers, body: '{"a":1}' });
	}
	const reply = await page(path);
	const feed = decodeFeedJson((await servers.ask(get(`/streams/${path}`))).text);
	const url = `${servers.url}/streams/${path}`;
	const named = feed.links.map(({ relation, uri }) => {
		const plain = relation === "self" ? uri.replace(/[?&]embed=body/, "") : uri;
		return `${relation === "metadata" ? "describedby" : relation} ${new URL(plain).pathname}`;
	});
	const found = decodeLinks(String(reply.headers.link), url);
	const paths = found.map(({ relation, uri }) => `${relation} ${new URL(uri).pathname}`);
	expect(paths.sort()).toEqual(named.sort());
	const queries = (links: readonly { uri: string }[]) =>
		new Set(links.map(({ uri }) => new URL(uri).search.replace(/[?&]embed=body/, "")));
	expect(queries(found)).toEqual(queries(feed.links));
});

test("a full page is kept for ever, once, whatever embed says; its tag is its own", async () => {
	const sealed = await page("order-1/0/forward/20");
	expect(sealed.headers).toMatchObject({
		"content-type": `${LINES}; charset=utf-8`,
		"cache-control": "max-age=31536000, public, immutable",
		vary: "Accept, Accept-Encoding",
		"cache-tag": expect.stringMatching(/^varve,[0-9a-f]{16}$/),
	});
	const { etag } = sealed.headers;
	expect((await page("order-1/0/forward/20?embed=body")).headers.etag).toBe(etag);
	const json = await servers.ask(get("/streams/order-1/0/forward/20?embed=body"));
	expect(json.headers.etag).not.toBe(etag);
	const again = await page("order-1/0/forward/20", { "If-None-Match": etag });
	expect([again.status, again.text]).toEqual([304, ""]);
	const [head, full] = [await headOf("order-1/0/forward/20"), sealed.headers["content-length"]];
	expect([head.headers["content-length"], head.text]).toEqual([full, ""]);
	expect(head.headers.link).toBe(sealed.headers.link);
	const packed = await page("order-1/0/forward/20", { "Accept-Encoding": "gzip" });
	expect(packed.headers["content-encoding"]).toBe("gzip");
	expect(packed.headers["varve-lines"]).toBe("20");
	expect(gunzipSync(packed.body).equals(sealed.body)).toBe(true);
});

function headOf(path: string): Promise<Reply> {
	return servers.ask({ ...get(`/streams/${path}`, LINES), method: "HEAD" });
}

test("a page at the head may change, and waits for more", async () => {
	await append("young", 2);
	const head = await page("young");
	expect(head.headers["cache-control"]).toBe("no-cache");
	const { etag } = head.headers;
	expect((await page("young", { "If-None-Match": etag })).status).toBe(304);
	const request = get("/streams/young/2/forward/18", LINES, { "ES-LongPoll": "100" });
	const waiting = servers.ask(request);
	await until(() => servers.longPolls.waiting() === 1);
	await append("young", 1);
	expect(numbers(linesOf(await waiting))).toEqual([2]);
	expect((await page("young", { "If-None-Match": etag })).status).toBe(200);
	expect((await page("none")).status).toBe(404);
});

test("an event comes as its feed has it: links, what they lead to, binary data, $all", async () => {
	for (const body of ["3@order-2", "9@nowhere", "1@order-2"]) {
		await appendBytes("links", "$>", body);
	}
	const lines = linesOf(await page("links/0/forward/20"));
	expect(lines).toMatchObject([
		{ at: 0, stream: "order-2", version: 3, dataBase64: BINARY.toString("base64") },
		{ at: 1, stream: "nowhere", version: 9, unresolved: true },
		{ at: 2, stream: "order-2", version: 1, data: { n: 1 }, metadata: { by: "ü" } },
	]);
	expect(lines[1]).not.toHaveProperty("id");
	const unresolved = linesOf(await page("links/0/forward/20", { "ES-ResolveLinkTos": "False" }));
	expect(unresolved.map(({ type }) => type)).toEqual(["$>", "$>", "$>"]);

	const feeds = async (url: string | URL, init?: RequestInit) => {
		const isLines = new Headers(init?.headers).get("accept") === LINES;
		return isLines ? new Response(null, { status: 406 }) : fetch(url, init);
	};
	for (const stream of ["$all", "links", "$ce-order", "$et-Placed"]) {
		const options = { url: servers.url, stream, pageSize: 7 };
		const byLines = await shownBy(readStream(options));
		expect(byLines.length).toBeGreaterThan(1);
		expect(byLines).toEqual(await shownBy(readStream({ ...options, fetch: feeds as never })));
	}
});

async function shownBy(events: AsyncIterable<ReadEvent>): Promise<unknown[]> {
	const shown: unknown[] = [];
	for await (const { json: _, ...event } of events) {
		const [data, metadata] = [event.data, event.metadata].map((one) => Buffer.from(one).toString());
		shown.push({ ...event, data, metadata });
	}
	return shown;
}

test("erased data is gone from a line, and its event says so", async () => {
	await append("odd-1", 2);
	await page("odd-1/0/forward/2");
	expect((await servers.ask({ method: "DELETE", path: "/streams/odd-1/1/data" })).status).toBe(204);
	const [whole, erased] = linesOf(await page("odd-1/0/forward/2"));
	expect([whole?.data, erased?.data]).toEqual([{ n: 0 }, undefined]);
	expect(erased).toMatchObject({ at: 1, isRedacted: true, metadata: { by: "ü" } });
});

test("a filter keeps what it keeps in feeds, and its links carry it", async () => {
	const path = "%24all/filtered/00000000000000000000000000000000/forward/2";
	const query = "context=streamid&type=prefix&data=order-2";
	const first = await page(`${path}?${query}`);
	expect(linesOf(first).map(({ stream, version }) => [stream, version])).toEqual([
		["order-2", 0],
		["order-2", 1],
	]);
	const url = `${servers.url}/streams/${path}`;
	const next = decodeLinks(String(first.headers.link), url).find(
		({ relation }) => relation === "previous",
	);
	const { pathname, search } = new URL(next?.uri ?? "");
	expect(search).toBe(`?${query}`);
	const second = await servers.ask(get(pathname + search, LINES));
	expect(decodeLines(second.body, 2).map(({ version }) => version)).toEqual([2, 3]);
});

test("who prefers lines gets them, and who takes anything gets none", async () => {
	const accept = `${ATOM_JSON};q=0.5, ${LINES}`;
	const reply = await servers.ask(get("/streams/order-1", accept));
	expect(reply.headers["content-type"]).toContain(LINES);
	const any = await servers.ask(get("/streams/order-1", "*/*"));
	expect(any.headers["content-type"]).toContain("application/atom+xml");
});

test("a long name does not outgrow the headers that proxies take", async () => {
	const name = encodeURIComponent("ä".repeat(500));
	await append("ä".repeat(500), 25);
	for (const path of [name, `${name}/0/forward/20`, `${name}/24/backward/5`]) {
		const { rawHeaders, headers } = await page(path);
		const link = String(headers.link);
		expect(link).toMatch(/rel="(?:next|previous)\b/);
		if (path !== name) expect(rawHeaders.join("").length).toBeLessThan(4096 + 1200);
	}
});
