/** Who gets a message, as far as HTTP tells consumers apart; and what is counted meanwhile. */
import { randomUUID } from "node:crypto";
import { Agent } from "node:http";
import { ask, type Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { ADMIN, Consumer, counted, LINES, type Line } from "./consumer.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true });
});
afterAll(() => servers.close());

const newName = () => `s${randomUUID().replaceAll("-", "")}`;
const numbersOf = (lines: readonly Line[]) => lines.map(({ number }) => number);

async function subscribed(settings: object, stream: string, name = "one") {
	const consumer = new Consumer(servers, stream, "group", name);
	expect((await consumer.create(settings)).status).toBe(201);
	return consumer;
}

type Told = Line["event"] & { readonly metadata: { readonly $correlationId: string } };

/** No test here may depend on how fast the machine is. */
const LONG = { messageTimeoutMilliseconds: 600_000 };

test("to a single one goes all, until it is silent for longer than a message may take", async () => {
	const stream = newName();
	await servers.ask(counted(stream, 4));
	const namedConsumerStrategy = "DispatchToSingle";
	const one = await subscribed({ ...LONG, namedConsumerStrategy }, stream);
	const other = new Consumer(servers, stream, "group", "other");
	expect(numbersOf(await one.take(2))).toEqual([0, 1]);
	expect(await other.take(10)).toEqual([]);
	expect(numbersOf(await one.take(10))).toEqual([2, 3]);

	const short = { namedConsumerStrategy, messageTimeoutMilliseconds: 1 };
	const silent = new Consumer(servers, stream, "short", "silent");
	expect((await silent.create(short)).status).toBe(201);
	await silent.take(1);
	const next = new Consumer(servers, stream, "short", "next");
	const handed = new Set<number>();
	await until(async () => {
		const lines = await next.take(10);
		await next.answer("ack", lines);
		for (const { number } of lines) handed.add(number);
		return handed.size === 4;
	});
});

test("pinned by correlation, all events of one go to one consumer, whatever their streams", async () => {
	const category = newName();
	for (let n = 0; n < 16; n++) {
		const events = [0, 1].map((data) => ({
			eventId: randomUUID(),
			eventType: "Told",
			data,
			metadata: { $correlationId: `c-${n % 8}` },
		}));
		const headers = { "Content-Type": "application/vnd.eventstore.events+json" };
		const path = `/streams/${category}-${n}`;
		const body = JSON.stringify(events);
		await servers.ask({ path, headers: { ...headers, Authorization: ADMIN }, body });
	}
	const settings = { ...LONG, namedConsumerStrategy: "PinnedByCorrelation", resolveLinktos: true };
	const one = await subscribed(settings, `$ce-${category}`);
	const other = new Consumer(servers, `$ce-${category}`, "group", "other");
	// Both are heard of before the rest is shared out.
	await other.take(1);
	const mine = await one.take(100);
	// What a strategy passes over is counted as what waits.
	expect((await one.info()).readBufferCount).toBe(31 - mine.length);
	const theirs = await other.take(100);
	const of = (lines: readonly Line[]) =>
		new Set(lines.map(({ event }) => (event as Told).metadata.$correlationId));
	expect([...of(mine)].filter((each) => of(theirs).has(each))).toEqual([]);
	expect(new Set([...of(mine), ...of(theirs)]).size).toBe(8);
	expect(mine.length + theirs.length).toBe(31);
});

test("without a name, a consumer is its connection", async () => {
	const stream = newName();
	await servers.ask(counted(stream, 4));
	const consumer = await subscribed(LONG, stream);
	const agents = [1, 2].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
	const headers = { Accept: LINES, Authorization: ADMIN };
	const path = `${consumer.path}/1`;
	for (const agent of [agents[0], agents[1], agents[0]]) {
		expect((await ask(Number(new URL(servers.url).port), { path, headers }, agent)).text).toMatch(
			/^{"id"/,
		);
	}
	const connections = (await consumer.info()).connections as Json[];
	const names = connections.map(({ from }) => from);
	expect(names).toEqual([1, 2].map(() => expect.stringMatching(/^connection \d+$/)));
	expect(connections.map(({ inFlightMessages }) => inFlightMessages).sort()).toEqual([1, 2]);
	for (const agent of agents) agent.destroy();
});

test("a parked message that comes again moves no checkpoint, and every count falls to nothing", async () => {
	const stream = newName();
	await servers.ask(counted(stream, 5));
	const settings = { ...LONG, minCheckPointCount: 1, checkPointAfterMilliseconds: 0 };
	const consumer = await subscribed(settings, stream);
	const lines = await consumer.take(5);
	await consumer.answer("nack?action=park", lines.slice(4));
	await until(async () => (await consumer.info()).parkedMessageCount === 1);
	await consumer.ask("/replayParked", { method: "POST" });
	const again = await consumer.take(1);
	// It is number 0 of what is parked, and number 0 of the stream is not answered yet.
	expect(again).toMatchObject([{ number: 0, event: { version: 4 } }]);
	await consumer.answer("ack", again);
	expect(await consumer.info()).toMatchObject({
		lastProcessedEventNumber: -1,
		totalInFlightMessages: 4,
		lagEvents: 5,
	});
	await consumer.answer("ack", lines.slice(0, 4));
	await until(async () => (await consumer.info()).lastCheckpointedEventPosition === "4");
	expect(await consumer.info()).toMatchObject({
		lastProcessedEventNumber: 4,
		totalItemsProcessed: 6,
		totalInFlightMessages: 0,
		outstandingMessagesCount: 0,
		readBufferCount: 0,
		retryBufferCount: 0,
		parkedMessageCount: 0,
		lagEvents: 0,
	});
});

test("a replay comes in parts, and what of it was not handled is parked still", async () => {
	const stream = newName();
	await servers.ask(counted(stream, 250));
	const consumer = await subscribed(LONG, stream);
	await consumer.answer("nack?action=park", await consumer.take(1000));
	await until(async () => (await consumer.info()).parkedMessageCount === 250);
	await consumer.ask("/replayParked", { method: "POST" });
	const again = await consumer.take(1000);
	expect(again.map(({ event }) => event.version)).toEqual([...Array(250).keys()]);
	await consumer.answer("ack", again.slice(0, 120));
	const headers = { Authorization: ADMIN };
	await servers.ask({ method: "POST", path: "/subscriptions/restart", headers });
	await until(async () => (await consumer.info()).parkedMessageCount === 130);
	expect(await consumer.take(1000)).toEqual([]);
	await consumer.ask("/replayParked", { method: "POST" });
	const rest = await consumer.take(1000);
	expect(rest.map(({ event }) => event.version)).toEqual(
		[...Array(130).keys()].map((n) => n + 120),
	);
});
