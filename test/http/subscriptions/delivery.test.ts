/** What Varve's subscriptions do beyond the contract, and what they must not do. */
import { randomUUID } from "node:crypto";
import { get } from "node:http";
import type { StreamName } from "../../../src/event.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { ADMIN, Consumer, counted, LINES, type Line, namesOf } from "./consumer.ts";

let servers: Servers;
beforeAll(async () => {
	// Nothing here may wait for a heartbeat.
	servers = await startServers({ insecureDefaults: true, heartbeatMs: 300_000 });
});
afterAll(() => servers.close());

const newStream = (of = "orders") => `${of}-${randomUUID()}`;
const numbersOf = (lines: readonly Line[]) => lines.map(({ number }) => number);

async function subscribed(settings: object = {}, events = 0, stream = newStream()) {
	const consumer = new Consumer(servers, stream);
	if (events > 0) await servers.ask(counted(stream, events));
	expect((await consumer.create(settings)).status).toBe(201);
	return { stream, consumer };
}

test("a batch has up to 1,000 messages, and each is delivered once", async () => {
	const { stream, consumer } = await subscribed({ bufferSize: 2000 }, 1500);
	const other = new Consumer(servers, stream, "group", "other");
	const lines = [...(await consumer.take(1000)), ...(await other.take(1000))];
	expect(numbersOf(lines).sort((a, b) => a - b)).toEqual(Array.from({ length: 1500 }, (_, n) => n));
	expect(lines[0]?.event).toMatchObject({ stream, version: 0, data: { n: 0 } });
	expect((await consumer.answer("ack", lines.slice(0, 1000))).status).toBe(202);
	expect((await consumer.info()).totalItemsProcessed).toBe(1000);
});

test("a read waits for the next event, if it is asked to, by its URL or a header", async () => {
	const { stream, consumer } = await subscribed({}, 1);
	await consumer.answer("ack", await consumer.take(1));
	for (const [n, ask] of [
		[1, () => consumer.take(10, { "ES-LongPoll": "20" })],
		[2, () => consumer.take("10?wait=20")],
	] as const) {
		const waiting = ask();
		await until(() => servers.longPolls.waiting() > 0);
		await servers.ask(counted(stream, 1, n));
		const lines = await waiting;
		expect(numbersOf(lines)).toEqual([n]);
		await consumer.answer("ack", lines);
	}
	for (const query of ["wait=0", "wait=9&wait=9"]) {
		expect((await consumer.ask(`/1?${query}`)).status).toBe(400);
	}
});

test("a consumer whose right is taken away while it waits gets no message", async () => {
	const user = { loginName: `u${randomUUID().slice(0, 8)}`, fullName: "U", groups: [] };
	const headers = { Authorization: ADMIN, "Content-Type": "application/json" };
	const password = "long enough for it";
	const body = JSON.stringify({ ...user, password });
	await servers.ask({ method: "POST", path: "/users", headers, body });
	const { stream, consumer } = await subscribed();
	const Authorization = `Basic ${Buffer.from(`${user.loginName}:${password}`).toString("base64")}`;
	const waiting = consumer.ask("/1?wait=20", { headers: { Authorization } });
	await until(() => servers.longPolls.waiting() > 0);
	await servers.ask({
		method: "POST",
		path: `/streams/${stream}/metadata`,
		headers: { ...headers, "ES-EventId": randomUUID() },
		body: '{"$acl":{"$r":"$admins"}}',
	});
	await servers.ask(counted(stream, 1));
	expect((await waiting).status).toBe(401);
	expect((await consumer.info()).totalInFlightMessages).toBe(0);
});

test("a read that waits gets what another consumer gives back", async () => {
	const { stream, consumer } = await subscribed({}, 1);
	const lines = await consumer.take(1);
	const other = new Consumer(servers, stream, "group", "other");
	const waiting = other.take(1, { "ES-LongPoll": "20" });
	await until(() => servers.longPolls.waiting() > 0);
	await consumer.answer("nack?action=retry", lines);
	expect(await waiting).toMatchObject([{ number: 0, retryCount: 1 }]);
});

test("an answer for a delivery that is over is refused, and names the messages", async () => {
	const { consumer } = await subscribed({ messageTimeoutMilliseconds: 50 }, 1);
	const first = await consumer.take(1);
	const takeAgain = () =>
		until(async () => {
			const lines = await consumer.take(1);
			return lines.length > 0 ? lines : undefined;
		});
	let second = await takeAgain();
	expect(second[0]?.retryCount).toBe(1);
	const stale = await consumer.answer("ack", first);
	expect([stale.status, stale.json.ids]).toEqual([409, [first[0]?.id]]);
	// On a busy machine the second may be over as well before it is answered.
	await until(async () => {
		if ((await consumer.answer("ack", second)).status === 202) return true;
		second = await takeAgain();
		return false;
	});
	// An answer may be lost, so that its consumer says it again.
	expect((await consumer.answer("ack", second)).status).toBe(202);
	expect((await consumer.info()).totalItemsProcessed).toBe(1);
});

describe("one request acknowledges a batch and takes the next", () => {
	test("the first names none; the last gets nothing", async () => {
		const { consumer } = await subscribed({}, 5);
		const first = await consumer.next(2, []);
		const second = await consumer.next(2, first);
		const third = await consumer.next(2, second);
		expect([first, second, third].map(numbersOf)).toEqual([[0, 1], [2, 3], [4]]);
		expect(await consumer.next(2, third)).toEqual([]);
		expect(await consumer.info()).toMatchObject({
			totalItemsProcessed: 5,
			totalInFlightMessages: 0,
		});
	});

	test("it waits for what comes", async () => {
		const { stream, consumer } = await subscribed({}, 1);
		const waiting = consumer.next("10?wait=20", await consumer.take(1));
		await until(() => servers.longPolls.waiting() > 0);
		expect((await consumer.info()).totalItemsProcessed).toBe(1);
		await servers.ask(counted(stream, 1, 1));
		expect(numbersOf(await waiting)).toEqual([1]);
	});

	test("an answer that is too late takes nothing, and counts for the others", async () => {
		const { consumer } = await subscribed({ maxRetryCount: 5 }, 3);
		const [late, other] = await consumer.take(2);
		await consumer.answer("nack?action=retry", [late as Line]);
		await consumer.take(1);
		const body = namesOf([late as Line, other as Line]);
		const reply = await consumer.ask("/1", { method: "POST", body });
		expect(reply.status).toBe(409);
		expect(reply.json).toMatchObject({ ids: [late?.id] });
		expect(await consumer.info()).toMatchObject({
			totalItemsProcessed: 1,
			totalInFlightMessages: 1,
		});
	});

	test("a request that is refused acknowledges nothing", async () => {
		const { consumer } = await subscribed({}, 1);
		const body = namesOf(await consumer.take(1));
		for (const [path, headers, status] of [
			["/0", {}, 400],
			["/1?wait=0", {}, 400],
			["/1", { Accept: "image/png" }, 406],
		] as const) {
			expect((await consumer.ask(path, { method: "POST", body, headers })).status).toBe(status);
		}
		expect((await consumer.ask("/1", { method: "POST", body: "[]" })).status).toBe(400);
		expect((await consumer.info()).totalItemsProcessed).toBe(0);
	});
});

test("lines carry data as it was sent, on one line, and text that is no JSON", async () => {
	const { stream, consumer } = await subscribed();
	const headers = { Authorization: ADMIN, "ES-EventType": "Sent" };
	const path = `/streams/${stream}`;
	for (const [type, body] of [
		["application/json", '{ "n":1.10,\n "name": "\u00e4" }'],
		["application/octet-stream", "bytes"],
	] as const) {
		const id = { "ES-EventId": randomUUID(), "Content-Type": type };
		const typed = { ...headers, ...id };
		await servers.ask({ method: "POST", path, headers: typed, body });
	}
	const reply = await consumer.ask("/10", { headers: { Accept: LINES } });
	const [first = "", second = "", ...rest] = reply.text.split("\n");
	expect(first).toContain('"data":{ "n":1.10,  "name": "\u00e4" }');
	const bytes = Buffer.from("bytes").toString("base64");
	expect(JSON.parse(second).event).toMatchObject({ version: 1, dataBase64: bytes });
	expect(rest).toEqual([""]);
});

test("a message can be renewed, and released for later", async () => {
	const { consumer } = await subscribed({ messageTimeoutMilliseconds: 60_000 }, 2);
	const lines = await consumer.take(2);
	expect((await consumer.answer("renew", lines)).status).toBe(202);
	expect((await consumer.answer("release?after=0", lines.slice(0, 1))).status).toBe(202);
	const again = await until(async () => {
		const found = await consumer.take(1);
		return found.length > 0 ? found : undefined;
	});
	expect(again).toMatchObject([{ number: 0, retryCount: 0 }]);
	expect((await consumer.answer("release?after=x", again)).status).toBe(400);
});

test("ordered by key, a retry holds back its key only", async () => {
	const category = `k${randomUUID().replaceAll("-", "")}`;
	for (const n of [1, 2, 3]) await servers.ask(counted(`${category}-${n}`, 3));
	const settings = { namedConsumerStrategy: "OrderedByKey", resolveLinktos: true };
	const { consumer, stream } = await subscribed(settings, 0, `$ce-${category}`);
	const other = new Consumer(servers, stream, "group", "other");
	const mine = await consumer.take(3);
	const streams = new Set(mine.map(({ event }) => event.stream));
	expect([...streams]).toEqual([`${category}-1`]);
	const rest = await other.take(100);
	expect(rest.map(({ event }) => event.stream)).not.toContain(`${category}-1`);
	// The first fails: those behind it are called back, and come again with it.
	await consumer.answer("nack?action=retry", mine.slice(0, 1));
	expect((await consumer.answer("ack", mine.slice(1))).status).toBe(409);
	const again = await other.take(100);
	expect(again.map(({ event }) => [event.stream, event.version])).toEqual(
		[0, 1, 2].map((version) => [`${category}-1`, version]),
	);
});

test("ordered by a value in the data", async () => {
	const settings = { namedConsumerStrategy: "OrderedByKey", orderedBy: "$.n" };
	const { stream, consumer } = await subscribed(settings);
	for (const n of [1, 2, 1, 2]) await servers.ask(counted(stream, 1, n));
	const other = new Consumer(servers, stream, "group", "other");
	expect(numbersOf(await consumer.take(2))).toEqual([0, 2]);
	expect(numbersOf(await other.take(4))).toEqual([1, 3]);
});

test("pinned, each stream has its consumer; one that leaves hands over its share", async () => {
	const category = `p${randomUUID().replaceAll("-", "")}`;
	for (let n = 0; n < 12; n++) await servers.ask(counted(`${category}-${n}`, 2));
	const settings = {
		namedConsumerStrategy: "Pinned",
		resolveLinktos: true,
		messageTimeoutMilliseconds: 300,
	};
	const { consumer, stream } = await subscribed(settings, 0, `$ce-${category}`);
	const other = new Consumer(servers, stream, "group", "other");
	await other.take(1);
	const mine = await consumer.take(100);
	const theirs = await other.take(100);
	const streamsOf = (lines: readonly Line[]) => new Set(lines.map(({ event }) => event.stream));
	expect([...streamsOf(mine)].filter((each) => streamsOf(theirs).has(each))).toEqual([]);
	await consumer.answer("ack", mine);
	// The other one is silent from now on.
	const handed = new Set<number>(numbersOf(mine));
	await until(async () => {
		const lines = await consumer.take(100);
		await consumer.answer("ack", lines);
		for (const number of numbersOf(lines)) handed.add(number);
		return handed.size === 24;
	});
});

test("$all with a filter, and nothing of its own bookkeeping", async () => {
	const prefix = `all-${randomUUID()}`;
	const settings = {
		startFrom: -1,
		filter: { context: "streamid", type: "prefix", data: prefix },
		minCheckPointCount: 1,
		checkPointAfterMilliseconds: 0,
	};
	const consumer = new Consumer(servers, "$all", prefix);
	expect((await consumer.create(settings)).status).toBe(201);
	for (const n of [1, 2]) {
		await servers.ask(counted("elsewhere", 3));
		await servers.ask(counted(`${prefix}-${n}`, 2));
	}
	const lines = await consumer.take(10);
	expect(lines.map(({ event }) => event.stream)).toEqual([1, 1, 2, 2].map((n) => `${prefix}-${n}`));
	expect(lines[0]?.id).toMatch(/^00000000-0000-8000-8000-/);
	await consumer.answer("ack", lines);
	const checkpoints = `/streams/${encodeURIComponent(`$persistentsubscription-$all::${prefix}-checkpoint`)}`;
	const headers = { Accept: "application/json", Authorization: ADMIN };
	await until(async () => (await servers.ask({ path: checkpoints, headers })).status === 200);
	const unfiltered = new Consumer(servers, "$all", `${prefix}-whole`);
	await unfiltered.create({ startFrom: -1, minCheckPointCount: 1, checkPointAfterMilliseconds: 0 });
	await servers.ask(counted(`${prefix}-3`, 1));
	const [line] = await unfiltered.take(10);
	await unfiltered.answer("ack", line ? [line] : []);
	await until(async () => (await unfiltered.info()).lastCheckpointedEventPosition);
	expect(await unfiltered.take(10)).toEqual([]);
});

test("a parked message of $all does not come again by its link, which leads to the event", async () => {
	const name = `all-links-${randomUUID()}`;
	const consumer = new Consumer(servers, "$all", name);
	await consumer.create({ startFrom: -1, resolveLinktos: true });
	await servers.ask(counted(name, 1));
	// The audit has heard of the subscription.
	const ours = ({ event }: Line) => event.stream === name;
	const lines = await consumer.take(10);
	expect(lines.filter(ours)).toHaveLength(1);
	await consumer.answer("nack?action=park", lines.filter(ours));
	await until(async () => (await consumer.info()).parkedMessageCount === 1);
	expect(await consumer.take(10)).toEqual([]);
});

test("who waits at the head of $all is not woken by checkpoints", async () => {
	const { stream, consumer } = await subscribed({}, 1);
	const last = await servers.log.last("$all" as never);
	const at = (last + 1).toString(16).padStart(16, "0");
	const path = `/streams/%24all/${at}${at}/forward/20`;
	let isOver = false;
	const waiting = servers
		.ask({ path, headers: { Accept: "application/json", "ES-LongPoll": "20" } })
		.then((reply) => {
			isOver = true;
			return reply;
		});
	await until(() => servers.longPolls.waiting() > 0);
	await consumer.answer("ack", await consumer.take(1));
	await until(async () => (await consumer.info()).lastCheckpointedEventPosition);
	expect(isOver).toBe(false);
	await servers.ask(counted(stream, 1, 1));
	expect((await waiting).status).toBe(200);
});

test("events that are gone at the checkpoint do not stall it", async () => {
	const { stream, consumer } = await subscribed({}, 5);
	const lines = await consumer.take(2);
	const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
	const path = `/streams/${stream}/metadata`;
	await servers.ask({ method: "POST", path, headers, body: '{"$tb":4}' });
	await consumer.answer("nack?action=retry", lines);
	expect(numbersOf(await consumer.take(10))).toEqual([4]);
	expect((await consumer.info()).lastProcessedEventNumber).toBe(3);
	await servers.ask({ method: "DELETE", path: `/streams/${stream}` });
	expect(await consumer.take(10)).toEqual([]);
	await servers.ask(counted(stream, 1));
	expect(numbersOf(await consumer.take(10))).toEqual([5]);
});

describe.each([
	["application/x-ndjson", (line: string) => line],
	["text/event-stream", (line: string) => line.replace(/^data: /, "")],
])("a stream of messages as %s", (accept, bare) => {
	test("hands out as many as its consumer may have, and goes on as they are answered", async () => {
		const { stream, consumer } = await subscribed({}, 5);
		const { lines, request, type } = listen(consumer, 2, accept, bare);
		await until(() => lines.length === 2);
		expect(type()).toContain(accept);
		expect((await consumer.info()).totalInFlightMessages).toBe(2);
		for (let seen = 0; seen < 7; seen++) {
			const line = await until(() => lines[seen]);
			expect(line.number).toBe(seen);
			await consumer.answer("ack", [line]);
			if (seen === 4) await servers.ask(counted(stream, 2, 5));
		}
		request.destroy();
		await until(() => servers.liveReaders.connected() === 0);
	});
});

test("a stream goes on behind what was read ahead", async () => {
	const { consumer } = await subscribed({ bufferSize: 21 }, 100);
	const { lines, request } = listen(consumer, 1);
	for (let seen = 0; seen < 100; seen++) {
		const line = await until(() => lines[seen]);
		expect(line.number).toBe(seen);
		await consumer.answer("ack", [line]);
	}
	request.destroy();
});

test("a stream to a consumer that has enough is quiet while more events come", async () => {
	const { stream, consumer } = await subscribed({ messageTimeoutMilliseconds: 1000 }, 1);
	const { lines, beats, request } = listen(consumer, 1);
	await until(() => lines.length === 1);
	await servers.ask(counted(stream, 1, 1));
	expect((await until(() => lines[1])).retryCount).toBe(1);
	expect(beats()).toBeLessThan(10);
	request.destroy();
});

test("a stream is quiet while all the places of long polls are taken", async () => {
	const own = await startServers({ insecureDefaults: true, longPollsMax: 1 });
	const [stream, full] = [newStream(), newStream()];
	const other = new Consumer(own, full);
	await other.create();
	const waiting = other.take(1, { "ES-LongPoll": "20" });
	await until(() => own.longPolls.waiting() === 1);
	const consumer = new Consumer(own, stream);
	await consumer.create();
	const { lines, beats, request } = listen(consumer, 1, undefined, undefined, own);
	await until(() => own.liveReaders.connected() === 1);
	for (let n = 0; n < 20; n++) {
		await own.ask(counted(stream, 1, n));
		await consumer.answer("ack", [await until(() => lines[n])]);
	}
	expect(beats()).toBeLessThan(100);
	await own.ask(counted(full, 1));
	expect(await waiting).toHaveLength(1);
	request.destroy();
	await own.close();
});

test("a stream of what was deleted for ever is quiet", async () => {
	const { stream, consumer } = await subscribed({ messageTimeoutMilliseconds: 1000 }, 1);
	const { lines, beats, request } = listen(consumer, 5);
	await until(() => lines.length === 1);
	const headers = { Authorization: ADMIN, "ES-HardDelete": "true" };
	await servers.ask({ method: "DELETE", path: `/streams/${stream}`, headers });
	await until(async () => (await consumer.info()).totalItemsProcessed === 1);
	expect(beats()).toBeLessThan(10);
	request.destroy();
});

test("a subscription is made without the place of one whose delete was cut short", async () => {
	const { stream, consumer } = await subscribed({ checkPointAfterMilliseconds: 0 }, 3);
	await consumer.answer("ack", await consumer.take(3));
	await until(async () => (await consumer.info()).lastCheckpointedEventPosition === "2");
	// The first half of a delete.
	const data = Buffer.from(JSON.stringify({ stream, group: "group" }));
	const nothing = new Uint8Array(0);
	const deleted = { id: randomUUID(), type: "$SubscriptionDeleted", isJson: true, data };
	await servers.log.append({
		stream: "$persistentSubscriptionConfig" as StreamName,
		expected: "any",
		events: [{ ...deleted, metadata: nothing }],
	});
	expect((await consumer.create()).status).toBe(201);
	expect(numbersOf(await consumer.take(10))).toEqual([0, 1, 2]);
});

test("a restart goes on where everything was settled, and with what was not", async () => {
	let own = await startServers({ insecureDefaults: true });
	const make = () => new Consumer(own, "orders");
	await own.ask(counted("orders", 30));
	await make().create({});
	const lines = await make().take(20);
	await make().answer(
		"ack",
		lines.filter(({ number }) => number % 2 === 0),
	);
	await make().answer("nack?action=park", lines.slice(1, 2));
	await until(async () => (await make().info()).parkedMessageCount === 1);
	own = await own.restart();
	// All that ask at once wait for the settings to be read.
	const infos = await Promise.all(Array.from({ length: 5 }, () => make().ask("/info")));
	expect(infos.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
	const rest = await make().take(100);
	const odd = Array.from({ length: 10 }, (_, n) => 2 * n + 1).filter((n) => n !== 1);
	const behind = Array.from({ length: 10 }, (_, n) => 20 + n);
	expect(numbersOf(rest)).toEqual([...odd, ...behind]);
	expect((await make().info()).parkedMessageCount).toBe(1);
	await own.close();
});

/** Takes a stream of messages, for a consumer of its own. */
function listen(
	{ path }: Consumer,
	count: number,
	accept = "application/x-ndjson",
	bare = (line: string) => line,
	from = servers,
) {
	const lines: Line[] = [];
	let [rest, type, heartbeats] = ["", "", 0];
	const headers = { Accept: accept, Authorization: ADMIN, "Varve-Consumer": "streamer" };
	const request = get(`${from.url}${path}/${count}`, { headers }, (response) => {
		type = response.headers["content-type"] ?? "";
		response.on("error", () => undefined).setEncoding("utf8");
		response.on("data", (chunk: string) => {
			const texts = (rest + chunk).split("\n");
			rest = texts.pop() ?? "";
			for (const text of texts) {
				if (text.includes("{")) lines.push(JSON.parse(bare(text)));
				else heartbeats++;
			}
		});
	});
	request.on("error", () => undefined);
	return { lines, request, type: () => type, beats: () => heartbeats };
}
