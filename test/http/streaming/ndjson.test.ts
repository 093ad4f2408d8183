import { randomUUID } from "node:crypto";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { get, type Json, raw } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

const NDJSON = "application/x-ndjson";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("cart-1", 1203);
	await append("cart-2", 3);
});
afterAll(() => servers.close());

const bytes = (text: string) => new TextEncoder().encode(text);

function event(data: string | Uint8Array, isJson = true, metadata = "") {
	const content = typeof data === "string" ? bytes(data) : data;
	return {
		id: randomUUID(),
		type: "Placed",
		isJson,
		data: content,
		metadata: bytes(metadata),
	};
}

function append(stream: string, count: number) {
	const events = Array.from({ length: count }, (_, n) => event(`{"n":${n}}`));
	return servers.log.append({ stream: stream as never, expected: "any", events });
}

async function read(path: string) {
	const reply = await servers.ask(get(path, NDJSON));
	expect(reply.status).toBe(200);
	const { date: _, ...headers } = reply.headers;
	const slow = await servers.express.ask(get(path, NDJSON));
	expect(slow.text).toBe(reply.text);
	const lines = reply.text.split("\n");
	expect(lines.pop()).toBe("");
	return { headers, lines, events: lines.map((line) => JSON.parse(line) as Json) };
}

const numbers = (events: readonly Json[]) => events.map(({ version }) => version);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe("application/x-ndjson", () => {
	test("of a stream's URL is every event of it, oldest first", async () => {
		const { events, headers } = await read("/streams/cart-1");
		expect(numbers(events)).toEqual(range(0, 1203));
		expect(headers).toMatchObject({
			"content-type": "application/x-ndjson; charset=utf-8",
			"cache-control": "no-store",
			vary: "Accept, Accept-Encoding",
			"transfer-encoding": "chunked",
		});
	});

	test("of a forward page goes from where the page starts to the head", async () => {
		expect(numbers((await read("/streams/cart-1/700/forward/20")).events)).toEqual(
			range(700, 1203),
		);
		expect((await read("/streams/cart-1/5000/forward/20")).lines).toEqual([]);
	});

	test.each([
		["head/backward/20", 1202],
		["41/backward/20", 41],
		["90000/backward/1", 1202],
	])("of %s goes down to the first event", async (page, first) => {
		const { events } = await read(`/streams/cart-1/${page}`);
		expect(numbers(events)).toEqual(range(0, first + 1).reverse());
	});

	test("of $all carries every position once, and of $all at a position those from it on", async () => {
		const { events } = await read("/streams/%24all");
		expect(events.map(({ position }) => position)).toEqual(range(0, events.length));
		expect(events.length).toBeGreaterThanOrEqual(1206);
		const at = (1203).toString(16).padStart(16, "0");
		const later = await read(`/streams/%24all/${at}${at}/forward/20`);
		expect(later.events).toEqual(events.slice(1203));
	});

	test("of an index stream says each event's own place, and its place there", async () => {
		const { events } = await read("/streams/%24ce-cart/1203/forward/20");
		expect(events.map(({ stream, version, at }) => [stream, version, at])).toEqual([
			["cart-2", 0, 1203],
			["cart-2", 1, 1204],
			["cart-2", 2, 1205],
		]);
	});

	test("has the stored bytes in it, and what is not JSON, or has line breaks, in Base64", async () => {
		const noise = new Uint8Array([0, 255, 10, 13, 128]);
		const stream = "exact";
		await servers.log.append({
			stream: stream as never,
			expected: "any",
			events: [
				event('{"n":12345678901234567890,"x":1.10}', true, '{"by":1e2}'),
				event('{\r\n\t"a\\n": [1,\n2]\r}'),
				event(noise, false),
				event("", false),
			],
		});
		const { lines, events } = await read(`/streams/${stream}`);
		expect(lines[0]).toMatch(
			/,"data":\{"n":12345678901234567890,"x":1\.10\},"metadata":\{"by":1e2\}\}$/,
		);
		// A space in place of each line break would be other bytes than the client's.
		const broken = Buffer.from('{\r\n\t"a\\n": [1,\n2]\r}').toString("base64");
		expect(lines[1]).toMatch(new RegExp(`,"dataBase64":"${broken.replaceAll("+", "\\+")}"}$`));
		expect(events[2]).toMatchObject({ dataBase64: Buffer.from(noise).toString("base64") });
		expect(Object.keys(events[3] ?? {})).toEqual([
			"stream",
			"version",
			"position",
			"id",
			"type",
			"created",
		]);
	});

	test("comes through where some events are far larger than others", async () => {
		const large = bytes(JSON.stringify("x".repeat(1024 * 1024)));
		const sizes = [...range(0, 60).map(() => 2), ...range(0, 120).map(() => large.length)];
		for (const size of sizes) {
			const sent = event(size === 2 ? "{}" : large);
			await servers.log.append({ stream: "sizes" as never, expected: "any", events: [sent] });
		}
		const { events } = await read("/streams/sizes");
		expect(events.map(({ data }) => JSON.stringify(data).length)).toEqual(sizes);
	});

	test.each([
		["gzip", gunzipSync],
		["br", brotliDecompressSync],
	] as const)("is compressed as %s where that is asked for", async (coding, decompress) => {
		const plain = await servers.ask(get("/streams/cart-1", NDJSON));
		for (const lane of [servers, servers.express]) {
			const reply = await lane.ask(get("/streams/cart-1", NDJSON, { "Accept-Encoding": coding }));
			expect(reply.headers["content-encoding"]).toBe(coding);
			expect(reply.headers.vary).toBe("Accept, Accept-Encoding");
			expect(decompress(reply.body).equals(plain.body)).toBe(true);
			expect(reply.body.length).toBeLessThan(plain.body.length / 2);
		}
		const missing = await servers.ask(get("/streams/none", NDJSON, { "Accept-Encoding": coding }));
		expect([missing.status, missing.headers["content-encoding"]]).toEqual([404, undefined]);
	});

	test("of a stream that has no events is 404, before anything else was said", async () => {
		const reply = await servers.ask(get("/streams/none", NDJSON));
		expect([reply.status, reply.headers["content-type"]]).toEqual([
			404,
			"application/problem+json",
		]);
	});

	test("to HEAD has the headers of GET and no body", async () => {
		const text = await raw(
			servers.port,
			`HEAD /streams/cart-1 HTTP/1.1\r\nHost: localhost\r\nAccept: ${NDJSON}\r\nConnection: close\r\n\r\n`,
		);
		expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(text).toContain("Content-Type: application/x-ndjson; charset=utf-8\r\n");
		expect(text.endsWith("\r\n\r\n")).toBe(true);
	});
});
