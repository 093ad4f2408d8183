/** Departure 20: a request that is not answered in time gets a 503 that says when to try again. */

import { openScavenger } from "../../../src/commands/scavenge/scavenger.ts";
import { parseSettings } from "../../../src/config.ts";
import { Serving } from "../../../src/http/serving.ts";
import type { Log } from "../../../src/log/log.ts";
import { createMemoryLog } from "../../../src/log/memory.ts";
import type { Room } from "../../../src/log/room/room.ts";
import { replacing } from "../../log/asking.ts";
import { bare } from "../../log/bare.ts";
import { quietRoom } from "../../log/room/quiet.ts";
import { toldTo } from "../../observe/told.ts";
import { ask, batch, get, head, raw } from "../ask.ts";

const EVENT = { eventId: "c322e299-cb73-4b47-97c5-5054f920746e", eventType: "T", data: {} };

/** Streams whose last version is asked for in vain. */
const HELD = "held" as Parameters<Log["last"]>[0];
const BROKEN = "broken" as Parameters<Log["last"]>[0];
const reported: unknown[] = [];

let server: Serving;
let port: number;
/** A log whose appends and reads go on only when they are let. */
let room: Room;
let log: Log;
let release: () => void;
let held: Promise<void>;

beforeEach(async () => {
	held = new Promise((resolve) => {
		release = resolve;
	});
	const inner = createMemoryLog();
	log = replacing(inner, {
		append: async (append) => held.then(() => inner.append(append)),
		read: async (range) => held.then(() => inner.read(range)),
		last: async (stream) => {
			if (stream === BROKEN) throw new Error("no such thing was foreseen");
			return stream === HELD ? held.then(() => inner.last(stream)) : inner.last(stream);
		},
	});
	// Nobody looks up an ACL in a log that answers nothing.
	const limits = { requestTimeoutMs: 150, longPollSecondsMax: 1, insecure: true };
	const settings = { ...parseSettings([], {}), ...limits };
	const report = toldTo((error) => {
		reported.push(error);
	});
	room = quietRoom();
	const scavenger = await openScavenger(inner, "test", report);
	const stored = { ...bare(inner), log, room, scavenger };
	server = new Serving(stored, { ...settings, port: 0 }, report);
	port = await server.listen();
});
afterEach(async () => {
	release();
	await server.close();
	room.close();
	await log.close();
	for (const error of reported.splice(0)) throw error;
});

test("an append that takes too long is answered 503, and its repeat tells what became of it", async () => {
	const late = await ask(port, batch("s", [EVENT]));
	expect([late.status, late.json.type]).toEqual([503, "urn:varve:problem:request-timeout"]);
	expect(late.headers["retry-after"]).toBe("1");
	expect(late.json.timeoutMs).toBe(150);
	release();
	const repeat = await ask(port, batch("s", [EVENT]));
	expect([repeat.status, repeat.headers.location]).toEqual([
		201,
		`http://127.0.0.1:${port}/streams/s/0`,
	]);
	expect(await log.last(STREAM)).toBe(0);
});

test("a read that takes too long is answered 503", async () => {
	const late = await ask(port, get("/streams/$all"));
	expect([late.status, late.headers["retry-after"]]).toEqual([503, "1"]);
	release();
	expect((await ask(port, get("/streams/$all"))).status).toBe(200);
});

test("a long poll adds its time to that of the request", async () => {
	release();
	const path = `/streams/$all/${"0".repeat(32)}/forward/20`;
	const reply = await ask(port, get(path, undefined, { "ES-LongPoll": "1" }));
	expect([reply.status, reply.json.entries]).toEqual([200, []]);
});

test("a body that does not arrive in time is the client's doing: 408", async () => {
	const type = "Content-Type: application/vnd.eventstore.events+json";
	const answer = await raw(port, `${head("POST /streams/s", type, "Content-Length: 9")}[`);
	expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});

test("the late answer is dropped, and the connection goes on", async () => {
	const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n`;
	const answers = raw(
		port,
		`${request("/streams/$all")}\r\n${request("/ping")}Connection: close\r\n\r\n`,
	);
	// The first is late; the second must be answered once, after it.
	const text = await answers;
	expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 503", "HTTP/1.1 200"]);
});

const STREAM = "s" as Parameters<Log["last"]>[0];

describe("a live stream", () => {
	test("that cannot begin in time asks its reader to come back", async () => {
		const late = await ask(port, get("/streams/held", "text/event-stream"));
		expect([late.status, late.text]).toEqual([200, ": request-timeout\nretry: 1000\n\n"]);
		expect(late.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
		const bare = { ...get("/streams/held", "text/event-stream"), method: "HEAD" };
		expect((await ask(port, bare)).status).toBe(200);
	});

	test("asks it after a fault, too, and the operator hears of the fault", async () => {
		const faulty = await ask(port, get("/streams/broken", "text/event-stream"));
		expect([faulty.status, faulty.text]).toEqual([200, ": internal-error\nretry: 5000\n\n"]);
		expect(String(reported.splice(0))).toContain("no such thing was foreseen");
	});
});
