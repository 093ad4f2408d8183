/** The JavaScript client of EventStore's HTTP API, unchanged, for all it offers on streams. */
import { randomUUID } from "node:crypto";
import type { EventFactory, HTTPClient } from "geteventstore-promise";
// Its front door also loads the TCP client, which empties the module cache jest guards.
import factory from "geteventstore-promise/dist/EventFactory.js";
import client from "geteventstore-promise/dist/httpClient/index.js";
import { type Servers, startServers, until } from "../http/harness.ts";

const Client: typeof HTTPClient = client;
const { newEvent }: EventFactory = new factory();

let servers: Servers;
let http: HTTPClient;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true });
	http = clientOf(servers.port);
});
afterAll(() => servers.close());

function clientOf(port: number) {
	const credentials = { username: "admin", password: "changeit" };
	return new Client({ hostname: "127.0.0.1", port, credentials });
}

const newStream = () => `TestStream-${randomUUID()}`;
const many = (count: number, type = "TestEventType") =>
	Array.from({ length: count }, (_, n) => newEvent(type, { something: n }));

/** A new stream of `count` events. */
async function streamOf(count: number): Promise<string> {
	const stream = newStream();
	await http.writeEvents(stream, many(count));
	return stream;
}

const numbersOf = (events: readonly { eventNumber: number }[]) =>
	events.map(({ eventNumber }) => eventNumber);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

/** What the client makes of a refusal. */
async function refusalOf(promise: Promise<unknown>) {
	const error: unknown = await promise.then(
		() => new Error("it was not refused"),
		(thrown: unknown) => thrown,
	);
	const { response } = error as {
		response?: { status: number; statusText: string; headers: Record<string, string> };
	};
	if (!response) throw error;
	return response;
}

test("the server answers a ping", async () => {
	await expect(http.ping()).resolves.not.toThrow();
});

describe("writing one event", () => {
	test("gives back the event with its data and metadata", async () => {
		const stream = newStream();
		await http.writeEvent(stream, "TestEventType", { something: "123" }, { by: "me" });
		const [event, ...more] = await http.getEvents(stream);
		expect(more).toEqual([]);
		expect(event).toMatchObject({
			streamId: stream,
			eventNumber: 0,
			eventType: "TestEventType",
			data: { something: "123" },
			positionStreamId: stream,
			positionEventNumber: 0,
			isJson: true,
		});
		expect(JSON.parse(String((event as { metaData?: unknown }).metaData))).toEqual({ by: "me" });
		expect(Date.parse(event?.created ?? "")).toBeGreaterThan(0);
	});

	test("holds where the expected version is the current one", async () => {
		const stream = newStream();
		await http.writeEvent(stream, "T", { n: 0 }, undefined, { expectedVersion: -1 });
		await http.writeEvent(stream, "T", { n: 1 }, undefined, { expectedVersion: 0 });
		await http.writeEvent(stream, "T", { n: 2 }, undefined, { expectedVersion: -2 });
		await http.writeEvent(stream, "T", { n: 3 }, undefined, { expectedVersion: -4 });
		expect((await http.getEvents(stream)).map(({ data }) => data)).toEqual(
			range(0, 4).map((n) => ({ n })),
		);
	});

	test.each([
		[0, 1, -1],
		[2, -1, 1],
		[2, 5, 1],
		[0, -4, -1],
	])("to a stream of %d is refused where %d is expected", async (count, expectedVersion, now) => {
		const stream = count === 0 ? newStream() : await streamOf(count);
		const written = http.writeEvent(stream, "T", { n: 1 }, undefined, { expectedVersion });
		const { status, statusText, headers } = await refusalOf(written);
		expect([status, statusText]).toEqual([400, "Wrong expected EventNumber"]);
		expect(headers["es-currentversion"]).toBe(String(now));
		if (count > 0) expect(await http.getAllStreamEvents(stream)).toHaveLength(count);
		else expect(await http.checkStreamExists(stream)).toBe(false);
	});
});

describe("writing many events", () => {
	test("keeps their order", async () => {
		const stream = newStream();
		const events = many(10);
		await http.writeEvents(stream, events);
		const read = await http.getEvents(stream, undefined, undefined, "forward");
		expect(read.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
		expect(read.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
	});

	test("writes nothing where there are none", async () => {
		const stream = newStream();
		await http.writeEvents(stream, []);
		expect(await http.checkStreamExists(stream)).toBe(false);
	});

	test("writes all or, on a wrong expected version, nothing", async () => {
		const stream = await streamOf(3);
		const refusal = await refusalOf(http.writeEvents(stream, many(4), { expectedVersion: 7 }));
		expect([refusal.status, refusal.headers["es-currentversion"]]).toEqual([400, "2"]);
		expect(await http.getEvents(stream)).toHaveLength(3);
	});

	test("may be repeated with the same ids", async () => {
		const stream = newStream();
		const events = many(5);
		for (const _ of "12") await http.writeEvents(stream, events, { expectedVersion: -1 });
		expect(await http.getEvents(stream)).toHaveLength(5);
	});
});

describe("reading", () => {
	let stream: string;
	beforeAll(async () => {
		stream = await streamOf(100);
	});

	test("forward gives the events and how to go on", async () => {
		const read = await http.readEventsForward(stream, 30, 10);
		expect(read).toMatchObject({
			streamId: stream,
			headOfStream: false,
			isEndOfStream: false,
			readDirection: "forward",
			fromEventNumber: 30,
			nextEventNumber: 40,
		});
		expect(numbersOf(read.events)).toEqual(range(30, 40));
		const rest = await http.readEventsForward(stream, 95, 10);
		expect([rest.isEndOfStream, numbersOf(rest.events)]).toEqual([true, range(95, 100)]);
	});

	test("backward gives the newest first", async () => {
		const read = await http.readEventsBackward(stream, undefined, 10);
		expect(numbersOf(read.events)).toEqual(range(90, 100).toReversed());
		expect([read.readDirection, read.isEndOfStream]).toEqual(["backward", true]);
		const next = await http.readEventsBackward(stream, 89, 10);
		expect(numbersOf(next.events)).toEqual(range(80, 90).toReversed());
		expect([next.isEndOfStream, next.nextEventNumber]).toEqual([false, 79]);
	});

	test("to the end by the numbers it gives sees every event once", async () => {
		const seen = [];
		for (let from = 0, end = false; !end; ) {
			const read = await http.readEventsForward(stream, from, 7);
			seen.push(...numbersOf(read.events));
			[from, end] = [read.nextEventNumber, read.isEndOfStream];
		}
		expect(seen).toEqual(range(0, 100));
	});

	test("of events in either direction is their plain list", async () => {
		expect(numbersOf(await http.getEvents(stream, 5, 3, "forward"))).toEqual([5, 6, 7]);
		expect(numbersOf(await http.getEvents(stream, undefined, 2, "backward"))).toEqual([99, 98]);
		expect(await http.getEvents(stream)).toHaveLength(100);
	});

	test("of more than a page may hold is cut to a page", async () => {
		const warn = console.warn;
		console.warn = () => undefined;
		expect(await http.getEvents(stream, undefined, 5000)).toHaveLength(100);
		console.warn = warn;
	});

	test.each([
		[undefined, undefined],
		[30, undefined],
		[7, 50],
		[1000, 99],
	])("all events in chunks of %p from %p leaves none out", async (chunk, from) => {
		const events = await http.getAllStreamEvents(stream, chunk, from);
		expect(numbersOf(events)).toEqual(range(from ?? 0, 100));
		expect(events.map(({ data }) => data)).toEqual(
			range(from ?? 0, 100).map((something) => ({ something })),
		);
	});

	test("by type leaves the other types out", async () => {
		const mixed = newStream();
		await http.writeEvents(mixed, [...many(2, "A"), ...many(3, "B"), ...many(1, "C")]);
		expect(numbersOf(await http.getEventsByType(mixed, ["A", "C"]))).toEqual([0, 1, 5]);
	});

	test.each([
		["body", ["data", "eventNumber"]],
		["rich", ["eventNumber"]],
		["TryHarder", ["data", "eventNumber"]],
		// A name only the client knows: the server shows what it shows without one.
		["PrettyBody", []],
	] as const)("embed=%s shows %j", async (embed, members) => {
		const { events } = await http.readEventsForward(stream, 0, 3, true, embed);
		expect(events).toHaveLength(3);
		for (const event of events) {
			const known = Object.keys(event).filter((name) => /^(data|eventNumber)$/.test(name));
			expect(known.toSorted()).toEqual(members);
		}
	});

	test("everything is readable as `$all`", async () => {
		const { events } = await http.readEventsBackward("%24all", undefined, 5);
		expect(events).toHaveLength(5);
	});

	test("a category shows the events of its streams, resolved or as links", async () => {
		const category = `cat${randomUUID().slice(0, 8)}`;
		await http.writeEvent(`${category}-1`, "T", { n: 1 });
		await http.writeEvent(`${category}-2`, "T", { n: 2 });
		const resolved = await http.getAllStreamEvents(`$ce-${category}`);
		expect(resolved.map(({ data, streamId }) => [data, streamId])).toEqual([
			[{ n: 1 }, `${category}-1`],
			[{ n: 2 }, `${category}-2`],
		]);
		const links = await http.getEvents(`$ce-${category}`, 0, 10, "forward", false, "rich");
		expect(links.map(({ eventType }) => eventType)).toEqual(["$>", "$>"]);
	});

	test("of a stream that is not there is refused with 404", async () => {
		const refusals = [
			http.getEvents(newStream()),
			http.getAllStreamEvents(newStream()),
			http.readEventsBackward(newStream()),
		];
		for (const { status } of await Promise.all(refusals.map(refusalOf))) expect(status).toBe(404);
	});
});

describe("deleting", () => {
	test("softly lets the stream begin again after its last number", async () => {
		const stream = await streamOf(3);
		await http.deleteStream(stream);
		expect(await http.checkStreamExists(stream)).toBe(false);
		await http.writeEvents(stream, many(2));
		expect(await http.checkStreamExists(stream)).toBe(true);
		expect(numbersOf(await http.getAllStreamEvents(stream))).toEqual([3, 4]);
	});

	test("for good is final", async () => {
		const stream = await streamOf(3);
		await http.deleteStream(stream, true);
		const later = [
			http.checkStreamExists(stream),
			http.writeEvent(stream, "T", { n: 1 }),
			http.getEvents(stream),
			http.deleteStream(stream, true),
		];
		for (const { status } of await Promise.all(later.map(refusalOf))) expect(status).toBe(410);
	});

	test.each([false, true])("what is not there is an error (for good: %p)", async (hard) => {
		await expect(http.deleteStream(newStream(), hard)).rejects.toThrow("Stream does not exist");
	});
});

test("whether a stream exists is told", async () => {
	expect(await http.checkStreamExists(await streamOf(1))).toBe(true);
	expect(await http.checkStreamExists(newStream())).toBe(false);
});

/** What the package's types leave open. */
type Subscriptions = {
	assert(name: string, stream: string, options?: object): Promise<unknown>;
	remove(name: string, stream: string): Promise<unknown>;
	getEvents(name: string, stream: string, count?: number): Promise<Answering & Messages>;
	getSubscriptionInfo(name: string, stream: string): Promise<Info>;
	getAllSubscriptionsInfo(): Promise<Info[]>;
	getStreamSubscriptionsInfo(stream: string): Promise<Info[]>;
};
type Answering = { ack(): Promise<unknown>; nack(): Promise<unknown> } & {
	ackAll(): Promise<unknown>;
	nackAll(): Promise<unknown>;
};
type Messages = { entries: (Answering & { event: { eventNumber: number; data: unknown } })[] };
type Info = { groupName: string; totalInFlightMessages: number; config: object };

describe("persistent subscriptions", () => {
	const subscriptions = () => http.persistentSubscriptions as unknown as Subscriptions;

	test("are asserted, changed by a second assertion, listed, and removed", async () => {
		const name = newStream();
		await subscriptions().assert(name, name);
		await subscriptions().assert(name, name, { resolveLinkTos: true, readBatchSize: 121 });
		const info = await subscriptions().getSubscriptionInfo(name, name);
		expect(info.config).toMatchObject({ resolveLinktos: true, readBatchSize: 121 });
		expect(await subscriptions().getStreamSubscriptionsInfo(name)).toHaveLength(1);
		const all = await subscriptions().getAllSubscriptionsInfo();
		expect(all.map(({ groupName }) => groupName)).toContain(name);
		await subscriptions().remove(name, name);
		const refused = await refusalOf(subscriptions().getEvents(name, name, 10));
		expect(refused.status).toBe(404);
	});

	test("hand out events, which are acknowledged one by one and all together", async () => {
		const stream = await streamOf(10);
		await subscriptions().assert(stream, stream);
		const result = await subscriptions().getEvents(stream, stream, 10);
		expect(result.entries).toHaveLength(10);
		const [newest] = result.entries;
		expect(newest?.event.eventNumber).toBe(9);
		expect(newest?.event.data).toEqual({ something: 9 });
		await newest?.ack();
		expect(await inFlight(stream)).toBe(9);
		// One of them for the second time.
		await result.ackAll();
		expect(await inFlight(stream)).toBe(0);
	});

	test("take back what is not acknowledged", async () => {
		const stream = await streamOf(3);
		await subscriptions().assert(stream, stream);
		const result = await subscriptions().getEvents(stream, stream, 3);
		await result.nackAll();
		expect(await inFlight(stream)).toBe(0);
		const again = await subscriptions().getEvents(stream, stream, 3);
		expect(numbersOf(again.entries.map(({ event }) => event))).toEqual([2, 1, 0]);
		for (const entry of again.entries) await entry.nack();
		expect(await inFlight(stream)).toBe(0);
	});

	async function inFlight(name: string): Promise<number> {
		return (await subscriptions().getSubscriptionInfo(name, name)).totalInFlightMessages;
	}
});

type Given = {
	readonly name: string;
	readonly status: string;
	readonly config: object;
	readonly projections: readonly { readonly status: string }[];
};

describe("projections", () => {
	const query = (partitions: string) => `fromAll()${partitions}.when({
		$init() { return { data: {} }; },
		TestProjectionEventType(state, ev) { state.data = ev.data; }
	}).transformBy(function (state) { state.data = 321; return state; });`;
	/** The types of the package say less than it gives. */
	const given = async (answer: Promise<unknown>) => (await answer) as Given;
	const infoOf = (name: string) => given(http.projections.getInfo(name, true));
	const nameOf = async (answer: Promise<unknown>) => (await given(answer)).name;

	test("are made, changed, stopped, started, reset and removed", async () => {
		const name = randomUUID();
		expect(await nameOf(http.projections.assert(name, query("")))).toBe(name);
		const info = await infoOf(name);
		expect(info.config).toMatchObject({ emitEnabled: false, trackEmittedStreams: false });
		expect(await nameOf(http.projections.assert(name, query("")))).toBe(name);
		expect(await nameOf(http.projections.stop(name))).toBe(name);
		expect((await infoOf(name)).status).toBe("Stopped");
		expect(await nameOf(http.projections.start(name))).toBe(name);
		await until(async () => (await infoOf(name)).status === "Running");
		expect(await nameOf(http.projections.reset(name))).toBe(name);
		await http.projections.stop(name);
		expect(await nameOf(http.projections.remove(name))).toBe(name);
	});

	test("run once, with all that they may do", async () => {
		const name = randomUUID();
		await http.projections.assert(name, query(""), "onetime", true, true, true, true);
		expect(await http.projections.config(name)).toMatchObject({
			emitEnabled: true,
			trackEmittedStreams: true,
			checkpointHandledThreshold: 4000,
			checkpointUnhandledBytesThreshold: 10_000_000,
			pendingEventsThreshold: 5000,
			maxWriteBatchLength: 500,
		});
		await http.projections.stop(name);
		expect(await nameOf(http.projections.remove(name))).toBe(name);
	});

	test("all of them are started and stopped", async () => {
		const everyStatus = async (word: string) => {
			const { projections } = await given(http.projections.getAllProjectionsInfo());
			return projections.every(({ status }) => status.toLowerCase().includes(word));
		};
		await http.projections.enableAll();
		await until(() => everyStatus("running"));
		await http.projections.disableAll();
		await until(() => everyStatus("stopped"));
		await http.projections.enableAll();
	});

	test.each(["", ".foreachStream()"])("have a state and a result%s", async (partitions) => {
		const name = `TestProjection${randomUUID()}`;
		await http.projections.assert(name, query(partitions));
		const stream = `TestProjectionStream-${randomUUID()}`;
		await http.writeEvent(stream, "TestProjectionEventType", { something: "123" });
		const of = partitions === "" ? undefined : { partition: stream };
		await until(async () => {
			const found = JSON.stringify(await http.projections.getState(name, of));
			return found === '{"data":{"something":"123"}}';
		});
		expect(await http.projections.getResult(name, of)).toEqual({ data: 321 });
		await http.projections.stop(name);
		await http.projections.remove(name);
	});

	test("that are not there are 404", async () => {
		const state = http.projections.getState("SomeProjectionNameThatDoesNotExist");
		expect((await refusalOf(state)).status).toBe(404);
	});
});
