import { randomInt, randomUUID } from "node:crypto";
import { get, type Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { connect, type Reader } from "./event-source.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ heartbeatMs: 100, liveStreamsMax: 3 });
});
afterAll(() => servers.close());

/** How long a reader that was let in waits before it connects again, in milliseconds. */
const STAYS = 2000;

const readers: Reader[] = [];
afterEach(async () => {
	for (const reader of readers.splice(0)) reader.leave();
});

async function open(path: string, headers = {}, lane: { port: number } = servers) {
	const reader = await connect(lane.port, path, headers);
	readers.push(reader);
	return reader;
}

const event = (data: string | Uint8Array, isJson = true, type = "Placed") => ({
	id: randomUUID(),
	type,
	isJson,
	data: typeof data === "string" ? new TextEncoder().encode(data) : data,
	metadata: new Uint8Array(0),
});

let streams = 0;
const newStream = () => `live-${++streams}`;
const append = (stream: string, ...events: ReturnType<typeof event>[]) =>
	servers.log.append({ stream: stream as never, expected: "any", events });
const numbered = (count: number, from = 0) =>
	Array.from({ length: count }, (_, n) => event(`{"n":${from + n}}`));
const ids = ({ messages }: Reader) => messages.map(({ id }) => Number(id));
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe("server-sent events", () => {
	test.each(["both", "express"] as const)(
		"show what is there and what comes (%s)",
		async (lanes) => {
			const stream = newStream();
			await append(stream, ...numbered(3));
			const lane = lanes === "both" ? servers : servers.express;
			const reader = await open(`/streams/${stream}`, {}, lane);
			expect([reader.status, reader.headers["content-type"]]).toEqual([
				200,
				"text/event-stream; charset=utf-8",
			]);
			expect(reader.headers["cache-control"]).toBe("no-store");
			await until(() => reader.messages.length === 3);
			await append(stream, event('{"n":3}', true, "Paid"));
			await until(() => reader.messages.length === 4);
			expect(reader.retry).toBe(2000);
			expect(ids(reader)).toEqual([0, 1, 2, 3]);
			expect(reader.messages[3]).toEqual({ id: "3", event: "Paid", data: '{"n":3}' });
		},
	);

	test("start where the URL says, after the head too, or after the last event that was seen", async () => {
		const stream = newStream();
		await append(stream, ...numbered(50));
		const from = await open(`/streams/${stream}/47/forward/20`);
		const resumed = await open(`/streams/${stream}/47/forward/20?lastEventId=3`, {
			"Last-Event-ID": "48",
		});
		await until(() => from.messages.length === 3 && resumed.messages.length === 1);
		expect([ids(from), ids(resumed)]).toEqual([[47, 48, 49], [49]]);
		from.leave();
		resumed.leave();
		const queried = await open(`/streams/${stream}?lastEventId=47`);
		const fresh = await open(`/streams/${stream}/head/backward/20`);
		await until(() => fresh.comments.length > 0);
		await append(stream, ...numbered(1));
		await until(() => fresh.messages.length === 1 && queried.messages.length === 3);
		expect([ids(queried), ids(fresh)]).toEqual([[48, 49, 50], [50]]);
	});

	test("number the events of $all by position, and those of an index stream by their place there", async () => {
		const stream = `${newStream()}-x`;
		await append(stream, ...numbered(2));
		const all = await open("/streams/%24all");
		const index = await open("/streams/%24et-Placed");
		const last = await servers.log.last("$all" as never);
		await until(() => all.messages.length === last + 1);
		expect(ids(all)).toEqual(range(0, last + 1));
		const indexed = await servers.log.last("$et-Placed" as never);
		await until(() => index.messages.length === indexed + 1);
		expect(ids(index)).toEqual(range(0, indexed + 1));
	});

	test("wait for a stream that has no events yet", async () => {
		const stream = newStream();
		const reader = await open(`/streams/${stream}`);
		await until(() => reader.comments.length > 0);
		await append(stream, ...numbered(1));
		await until(() => reader.messages.length === 1);
	});

	test("carry data over several lines, and what is not text in Base64", async () => {
		const stream = newStream();
		const noise = new Uint8Array([255, 0, 10]);
		await append(stream, event('{\n "a":\r\n1.10}'), event("", false), event(noise, false));
		const reader = await open(`/streams/${stream}`);
		await until(() => reader.messages.length === 3);
		expect(reader.messages.map(({ data }) => data)).toEqual(['{\n "a":\n1.10}', "", "/wAK"]);
		const whole = await open(`/streams/${stream}?embed=body`);
		await until(() => whole.messages.length === 3);
		const lines = whole.messages.map(({ data }) => JSON.parse(data) as Json);
		expect(lines[0]).toMatchObject({ stream, version: 0, type: "Placed", data: { a: 1.1 } });
		expect(lines[2]).toMatchObject({ version: 2, dataBase64: "/wAK" });
	});

	test("of $all and index streams are whole events by default, since data alone says little", async () => {
		const stream = newStream();
		const sent = event(new Uint8Array([255, 0]), false, "Whole");
		await append(stream, sent);
		const entry = { stream, version: 0, id: sent.id, type: "Whole", dataBase64: "/wA=" };
		const index = await open("/streams/%24et-Whole");
		await until(() => index.messages.length === 1);
		expect(JSON.parse(index.messages[0]?.data ?? "")).toMatchObject({ ...entry, at: 0 });
		index.leave();
		const last = await servers.log.last("$all" as never);
		const all = await open(`/streams/%24all?lastEventId=${last - 1}`);
		await until(() => all.messages.length === 1);
		expect(JSON.parse(all.messages[0]?.data ?? "")).toMatchObject(entry);
		all.leave();
		const bare = await open("/streams/%24et-Whole?embed=content");
		await until(() => bare.messages.length === 1);
		expect(bare.messages[0]?.data).toBe("/wA=");
	});

	test("have one name for all if that is asked for, and never that of a broken connection", async () => {
		const stream = newStream();
		await append(stream, ...["Placed", "error", "open"].map((type) => event("1", true, type)));
		const typed = await open(`/streams/${stream}`);
		const named = await open(`/streams/${stream}?event=message&embed=body`);
		await until(() => typed.messages.length === 3 && named.messages.length === 3);
		const names = (reader: Reader) => reader.messages.map((message) => message.event);
		expect(names(typed)).toEqual(["Placed", "message", "message"]);
		expect(names(named)).toEqual(["message", "message", "message"]);
		const types = named.messages.map(({ data }) => (JSON.parse(data) as Json).type);
		expect(types).toEqual(["Placed", "error", "open"]);
	});

	test("lose nothing and repeat nothing while events are appended and the reader comes and goes", async () => {
		const seed = randomInt(2 ** 31);
		console.log(`seed ${seed}`);
		let state = seed;
		const chance = (below: number) => {
			state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
			return state % below;
		};
		const stream = newStream();
		const total = 1500;
		const writing = (async () => {
			for (let n = 0; n < total; ) {
				const count = Math.min(1 + chance(7), total - n);
				await append(stream, ...numbered(count, n));
				n += count;
			}
		})();
		const seen: number[] = [];
		while (seen.length < total) {
			const stay = 1 + chance(120);
			const last = seen.at(-1);
			const headers = last === undefined ? {} : { "Last-Event-ID": String(last) };
			let left = false;
			const reader = await connect(servers.port, `/streams/${stream}`, headers, ({ id, data }) => {
				if (left) return;
				expect(JSON.parse(data)).toEqual({ n: Number(id) });
				seen.push(Number(id));
				left = seen.length - (last === undefined ? 0 : last + 1) >= stay;
			});
			expect(reader.status).toBe(200);
			await until(() => left || seen.length >= total);
			left = true;
			reader.leave();
			// The server learns of it in its own time, and has three places.
			await until(async () => {
				const probe = await connect(servers.port, "/streams/probe");
				await until(() => probe.retry !== undefined);
				probe.leave();
				return probe.retry === STAYS;
			});
		}
		await writing;
		expect(seen).toEqual(range(0, total));
	});

	test("reach a reader that stopped reading for a while whole and in order", async () => {
		const stream = newStream();
		const reader = await open(`/streams/${stream}`);
		await until(() => reader.comments.length > 0);
		reader.pause();
		const large = `"${"x".repeat(200_000)}"`;
		for (let n = 0; n < 100; n++) await append(stream, event(large));
		reader.resume();
		await until(() => reader.messages.length === 100);
		expect(ids(reader)).toEqual(range(0, 100));
	});

	test("keep a silent connection alive with comments", async () => {
		const reader = await open(`/streams/${newStream()}`);
		await until(() => reader.comments.length >= 3);
		expect(reader.messages).toEqual([]);
	});

	test("have a limit, and room again when a reader leaves", async () => {
		const held = [];
		for (let n = 0; n < 3; n++) held.push(await until(() => place()));
		const refused = await servers.ask(get("/streams/x", "text/event-stream"));
		expect([refused.status, refused.headers["content-type"]]).toEqual([
			200,
			"text/event-stream; charset=utf-8",
		]);
		expect([refused.headers["cache-control"], refused.text]).toEqual([
			"no-store",
			": overloaded\nretry: 5000\n\n",
		]);
		held[0]?.leave();
		await until(() => place());

		async function place(): Promise<Reader | undefined> {
			const reader = await open("/streams/x");
			await until(() => reader.retry !== undefined);
			return reader.retry === STAYS ? reader : undefined;
		}
	});

	test("ask a reader to come back that waits for a position which is not there", async () => {
		// Three quarters of it are for the wait, and the rest for a machine that does other things.
		const impatient = await startServers({ requestTimeoutMs: 2000 });
		const position = { "ES-MinPosition": "999" };
		// The last one asks for a page, and only names the other type.
		const page = "application/atom+xml, text/event-stream;q=0.5";
		const accepts = ["text/event-stream", "application/x-ndjson", page];
		const requests = accepts.map((accept) => get("/streams/s", accept, position));
		const lanes = [impatient, impatient.express];
		const all = lanes.map(({ ask }) => Promise.all(requests.map((request) => ask(request))));
		for (const [live, ...others] of await Promise.all(all)) {
			const came = [live?.status, live?.text];
			expect(came).toEqual([200, ": position-not-reached\nretry: 1000\n\n"]);
			for (const { status, headers } of others)
				expect([status, headers["retry-after"]]).toEqual([503, "1"]);
		}
		await impatient.close();
	});

	test("are refused with a status for what does not pass by itself", async () => {
		const stream = newStream();
		await append(stream, ...numbered(1));
		await servers.log.delete({ stream: stream as never, expected: "any", hard: true });
		const gone = await servers.ask(get(`/streams/${stream}`, "text/event-stream"));
		expect([gone.status, gone.json.type]).toEqual([410, "urn:varve:problem:stream-deleted"]);
		const elsewhere = await servers.ask(get("/ping", "text/event-stream"));
		expect(elsewhere.status).toBe(406);
	});

	test.each([
		["/streams/s?lastEventId=x", {}, "malformed-query"],
		["/streams/s?event=error", {}, "malformed-query"],
		["/streams/s", { "Last-Event-ID": "-1" }, "malformed-header"],
		["/streams/s", { "Last-Event-ID": "1.5" }, "malformed-header"],
		["/streams/s/5/backward/20", {}, "not-acceptable"],
		["/streams/s/x/forward/20", {}, "invalid-event-number"],
	])("are refused for %s %j", async (path, headers, word) => {
		const reply = await servers.ask(get(path, "text/event-stream", headers));
		expect(reply.json.type).toBe(`urn:varve:problem:${word}`);
	});
});

test("a server that closes ends its live streams, and what was committed has been sent", async () => {
	const closing = await startServers();
	const reader = await connect(closing.port, "/streams/%24all");
	await until(() => reader.comments.length > 0);
	await closing.log.append({ stream: "s" as never, expected: "any", events: numbered(5) });
	await until(() => reader.messages.length === 5);
	await closing.close();
	await until(() => reader.ended !== "no");
	expect(reader.ended).toBe("by the server");
});
