/** Clients that are slow to read and slow to send, on real sockets. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { allOf, batch, get, head, open, raw } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";

const MIB = 1024 * 1024;
const LARGE = 12;

let servers: Servers;
let bounded: Servers;
beforeAll(async () => {
	servers = await startServers({ stalledMs: 2000 });
	const bounds = { incomingBytesMax: 4 * MIB, outgoingBytesMax: 40 * MIB };
	bounded = await startServers({ ...bounds, cacheBytesMax: 64 * MIB });
	// More than the buffers of two sockets take.
	for (let n = 0; n < LARGE; n++) {
		for (const { log } of [servers, bounded]) {
			const data = Buffer.from(JSON.stringify({ text: "x".repeat(2_000_000) }));
			const event = { id: randomUUID(), type: "t", isJson: true, data, metadata: NOTHING };
			await log.append({ stream: "large" as never, expected: "any", events: [event] });
		}
	}
});
afterAll(() => Promise.all([servers.close(), bounded.close()]));

const NOTHING = new Uint8Array(0);
const JSON_FEED = "application/vnd.eventstore.atom+json";
const REPLAY = head("GET /streams/large", "Accept: application/x-ndjson");
const PAGE = head("GET /streams/large/0/forward/12?embed=body", "Accept: application/atom+xml");

const POLL =
	"GET /streams/large/12/forward/1 HTTP/1.1\r\nHost: localhost\r\nES-LongPoll: 1\r\n\r\n";

test.each([
	["lines", REPLAY],
	["a page", PAGE],
	["a page that waited behind another answer", `${POLL}${PAGE}`],
])("a reader that takes nothing of %s is disconnected", async (_, request) => {
	const socket = open(servers.port);
	let closed = false;
	socket.on("close", () => {
		closed = true;
	});
	socket.write(request);
	// Reads the first bytes, and then no more.
	await new Promise<void>((resolve) => socket.once("data", () => resolve()));
	socket.pause();
	// What is written to a connection that the other end has closed is answered with a reset. More
	// often would be a sign of life.
	const knocking = setInterval(() => socket.write("\r\n"), 5000);
	await until(() => closed);
	clearInterval(knocking);
});

test("one that goes on reading, however slowly, gets all of it", async () => {
	const socket = open(servers.port);
	let bytes = 0;
	let closed = false;
	socket.on("close", () => {
		closed = true;
	});
	socket.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
		socket.pause();
		setTimeout(() => socket.resume(), 1);
	});
	socket.write(REPLAY);
	await until(() => closed);
	expect(bytes).toBeGreaterThan(24_000_000);
});

test("who goes away while his answer waits behind another leaves nothing behind", async () => {
	const few = await startServers({ liveStreamsMax: 2, heartbeatMs: 100 });
	const poll =
		"GET /streams/none/0/forward/1 HTTP/1.1\r\nHost: localhost\r\nES-LongPoll: 100\r\n\r\n";
	const accept = "Accept: text/event-stream";
	for (let n = 0; n < 5; n++) {
		const socket = open(few.port);
		socket.write(`${poll}${poll}${head("GET /streams/none", accept)}`);
		await until(() => few.longPolls.waiting() === 1);
		socket.destroy();
		await until(() => few.longPolls.waiting() === 0);
	}
	const reader = open(few.port);
	reader.write(head("GET /streams/none", accept));
	const first = await new Promise<Buffer>((resolve) => reader.once("data", resolve));
	expect(first.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
	// It stays: a reader for whom there is no room gets an answer that ends.
	expect(first.toString("latin1")).toMatch(/Transfer-Encoding: chunked/);
	reader.destroy();
	await few.close();
});

describe("what waits for slow readers", () => {
	/** A page of its own for each count, some 24 MB long: two do not fit. */
	const page = (count: number) => `/streams/large/0/forward/${count}?embed=body`;

	test("is bounded: who asks for more is told to come again, and gets it later", async () => {
		const stalled = await stalledReader(page(100));
		const refused = await bounded.ask(get(page(101), JSON_FEED));
		expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "1"]);
		expect(refused.json).toMatchObject({
			type: "urn:varve:problem:overloaded",
			queue: "answer",
			limit: 40 * MIB,
		});
		expect((await bounded.ask(get("/streams/large", JSON_FEED))).status).toBe(200);

		stalled.destroy();
		const reply = await until(async () => {
			const later = await bounded.ask(get(page(101), JSON_FEED));
			return later.status === 200 ? later : undefined;
		});
		expect(reply.json.entries).toHaveLength(LARGE);
	});

	test("counts once where it is the same page out of the cache", async () => {
		const path = "/streams/large/0/forward/2?embed=body";
		await bounded.ask(get(path, JSON_FEED));
		const readers = [];
		for (let n = 0; n < 12; n++) readers.push(await stalledReader(path));
		expect((await bounded.ask(get(path, JSON_FEED))).status).toBe(200);
		for (const reader of readers) reader.destroy();
	});

	test("is not what a HEAD asks for", async () => {
		const stalled = await stalledReader(page(100));
		const asked = { ...get(page(102), JSON_FEED), method: "HEAD" };
		expect((await bounded.ask(asked)).status).toBe(200);
		stalled.destroy();
	});

	/** Takes the first bytes of its answer, and then no more. */
	async function stalledReader(path: string): Promise<Socket> {
		const socket = open(bounded.port);
		socket.write(head(`GET ${path}`, `Accept: ${JSON_FEED}`));
		const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
		socket.pause();
		expect(first.toString("latin1")).toMatch(/^HTTP\/1\.1 200 /);
		return socket;
	}
});

describe("what slow clients send", () => {
	const type = "Content-Type: application/octet-stream";
	const post = (length: number) =>
		head(
			"POST /streams/bodies",
			type,
			"ES-EventType: t",
			`ES-EventId: ${randomUUID()}`,
			`Content-Length: ${length}`,
		);
	const large = { path: "/streams/bodies", body: Buffer.alloc(3 * MIB) };
	const headers = () => ({
		"Content-Type": "application/octet-stream",
		"ES-EventType": "t",
		"ES-EventId": randomUUID(),
	});

	test("is bounded: a large body is refused, a usual one taken", async () => {
		// Where two come to the limit at the same time, both may be refused: then once more.
		const { refused, usual } = await until(async () => {
			const slow = open(bounded.port);
			let isAnswered = false;
			const answer = allOf(slow);
			slow.once("data", () => {
				isAnswered = true;
			});
			slow.write(post(3 * MIB));
			slow.write(Buffer.alloc(3 * MIB - 1));
			const second = await until(async () => {
				const reply = await bounded.ask({ ...large, headers: headers() });
				return reply.status === 503 || isAnswered ? reply : undefined;
			});
			const small = await bounded.ask({ ...large, headers: headers(), body: Buffer.alloc(9999) });
			slow.write(Buffer.alloc(1));
			const isThrough = (await answer).startsWith("HTTP/1.1 201 ");
			return isThrough && second.status === 503 ? { refused: second, usual: small } : undefined;
		});
		expect(refused.headers["retry-after"]).toBe("1");
		expect(refused.json).toMatchObject({ queue: "body", limit: 4 * MIB });
		expect(usual.status).toBe(201);
		expect((await bounded.ask({ ...large, headers: headers() })).status).toBe(201);
	});
});

describe("answers that wait behind another", () => {
	const get1 = (path: string, ...more: string[]) =>
		`${[`GET ${path} HTTP/1.1`, "Host: localhost", `Accept: ${JSON_FEED}`, ...more].join("\r\n")}\r\n\r\n`;
	const poll = get1("/streams/later/0/forward/1", "ES-LongPoll: 100");
	const page = (count: number) => `/streams/small/0/forward/${count}?embed=body`;

	let few: Servers;
	beforeAll(async () => {
		few = await startServers({ outgoingBytesMax: MIB, cacheBytesMax: 0 });
		const data = { text: "x".repeat(60_000) };
		const event = { eventId: randomUUID(), eventType: "t", data };
		expect((await few.ask(batch("small", [event]))).status).toBe(201);
		const larger = { ...event, eventId: randomUUID(), data: { text: "x".repeat(90_000) } };
		expect((await few.ask(batch("large", [larger]))).status).toBe(201);
	});
	afterAll(() => few.close());
	const large = async () => (await few.ask(get("/streams/large?embed=body", JSON_FEED))).status;

	test("are not begun before it", async () => {
		const type = "Content-Type: application/octet-stream";
		const id = `ES-EventId: ${randomUUID()}`;
		const post = head("POST /streams/own", type, "ES-EventType: t", id, "Content-Length: 1");
		const own = get1("/streams/own/0/forward/1", "ES-LongPoll: 1");
		const answer = await raw(few.port, `${own}${post}x`);
		const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
		expect(statuses).toEqual(["404", "201"]);
	});

	test("are so many at most", async () => {
		const answer = await raw(few.port, poll + get1("/ping").repeat(500));
		expect(answer).toBe("");
		await until(() => few.longPolls.waiting() === 0);
		await until(async () => (await large()) === 200);
	});

	test("come in their order, and leave nothing behind", async () => {
		const socket = open(few.port);
		const answer = allOf(socket);
		const pages = Array.from({ length: 10 }, (_, n) => get1(page(n + 20))).join("");
		socket.write(poll + pages + get1(page(40), "Connection: close"));
		await until(() => few.longPolls.waiting() === 1);
		const event = { eventId: randomUUID(), eventType: "t", data: {} };
		expect((await few.ask(batch("later", [event]))).status).toBe(201);
		expect((await answer).match(/HTTP\/1\.1 200 /g)).toHaveLength(12);
		expect(await large()).toBe(200);
	});
});
