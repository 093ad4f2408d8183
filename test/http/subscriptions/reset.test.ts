/** Subscriptions that are set to another place, what is said of consumers, and filters. */
import { randomUUID } from "node:crypto";
import { type Servers, startServers } from "../harness.ts";
import { ADMIN, Consumer, counted, type Line } from "./consumer.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, heartbeatMs: 300_000 });
});
afterAll(() => servers.close());

const numbersOf = (lines: readonly Line[]) => lines.map(({ number }) => number);

async function subscribed(events: number, settings: object = {}) {
	const stream = `orders-${randomUUID()}`;
	const consumer = new Consumer(servers, stream);
	if (events > 0) await servers.ask(counted(stream, events));
	expect((await consumer.create(settings)).status).toBe(201);
	return { stream, consumer };
}

function reset(consumer: Consumer, body: string, headers = {}) {
	const type = { "Content-Type": "application/json" };
	return consumer.ask("/reset", { method: "POST", body, headers: { ...type, ...headers } });
}

describe("a subscription is set to another place", () => {
	test("back, and what consumers say of before counts no more", async () => {
		const { consumer } = await subscribed(6);
		await consumer.answer("ack", await consumer.take(3));
		const [open] = await consumer.take(1);
		expect((await reset(consumer, '{"startFrom":1}')).json).toMatchObject({ result: "Success" });
		expect((await consumer.answer("ack", [open as Line])).status).toBe(409);
		const again = await consumer.take(10);
		expect(numbersOf(again)).toEqual([1, 2, 3, 4, 5]);
		await consumer.answer("ack", again);
		expect(await consumer.info()).toMatchObject({ lastProcessedEventNumber: 5, lagEvents: 0 });
	});

	test("forward, to the end, and to the beginning, as JSON and as XML", async () => {
		const { stream, consumer } = await subscribed(6);
		await reset(consumer, '{"startFrom":4}');
		expect(numbersOf(await consumer.take(1))).toEqual([4]);
		await reset(consumer, "<Reset><StartFrom>-1</StartFrom></Reset>", {
			"Content-Type": "text/xml",
		});
		expect(await consumer.take(1)).toEqual([]);
		await servers.ask(counted(stream, 1, 6));
		expect(numbersOf(await consumer.take(1))).toEqual([6]);
		await reset(consumer, '{"startPosition":"0"}');
		expect(numbersOf(await consumer.take(1))).toEqual([0]);
	});

	test("it stands after everything was loaded anew, and parked messages stay parked", async () => {
		const { consumer } = await subscribed(6);
		await consumer.answer("nack?action=park", await consumer.take(1));
		await consumer.answer("ack", await consumer.take(5));
		await reset(consumer, '{"startFrom":2}');
		await servers.server.context.subscriptions.restart();
		expect((await consumer.info()).parkedMessageCount).toBe(1);
		expect(numbersOf(await consumer.take(10))).toEqual([2, 3, 4, 5]);
	});

	test("nothing is changed by what makes no sense", async () => {
		const { consumer } = await subscribed(2);
		for (const [body, status] of [
			['{"startFrom":3}', 409],
			['{"startFrom":-2}', 400],
			['{"startFrom":"x"}', 400],
			['{"start":1}', 400],
			["{}", 400],
		] as const) {
			expect((await reset(consumer, body)).status).toBe(status);
		}
		const nobody = { Authorization: "" };
		expect((await reset(consumer, '{"startFrom":1}', nobody)).status).toBe(401);
		expect((await reset(new Consumer(servers, "none"), '{"startFrom":0}')).status).toBe(404);
		expect(numbersOf(await consumer.take(1))).toEqual([0]);
	});
});

test("of each consumer, it is said who it is, and what it has settled; how long it took, if set", async () => {
	const { stream, consumer } = await subscribed(5, { extraStatistics: true });
	const other = new Consumer(servers, stream, "group", "other");
	await consumer.answer("ack", await consumer.take(3));
	await consumer.answer("nack?action=skip", await consumer.take(1));
	await other.take(1);
	const { connections } = (await consumer.info()) as { connections: readonly object[] };
	const keys = ["Mean", "Median", "Fastest", "Quintile 1", "99%", "Highest"];
	expect(connections).toEqual([
		expect.objectContaining({
			from: "consumer",
			username: "admin",
			totalItemsProcessed: 4,
			countSinceLastMeasurement: 4,
			averageItemsPerSecond: expect.any(Number),
			inFlightMessages: 0,
			extraStatistics: expect.arrayContaining(
				keys.map((key) => ({ key, value: expect.any(Number) })),
			),
		}),
		expect.objectContaining({ from: "other", totalItemsProcessed: 0, extraStatistics: [] }),
	]);
	const { consumer: plain } = await subscribed(1);
	await plain.answer("ack", await plain.take(1));
	expect((await plain.info()).connections).toMatchObject([{ extraStatistics: [] }]);
});

describe("a regular expression that takes ages is refused before anything is made", () => {
	const filter = { context: "streamid", type: "regex", data: "^(a+)+$" };

	test("of a subscription, also when it is changed", async () => {
		const { consumer } = await subscribed(0);
		const other = new Consumer(servers, "$all", randomUUID());
		const refused = await other.create({ filter });
		expect(refused.json.type).toContain("invalid-filter");
		expect((await other.ask("/info")).status).toBe(404);
		const body = JSON.stringify({ filter });
		const headers = { "Content-Type": "application/json" };
		expect((await consumer.ask("", { method: "POST", body, headers })).status).toBe(400);
	});

	test.each([
		["/groups/slow", { stream: "$all", partitions: 1 }],
		["/positions/slow", { stream: "$all", at: 0 }],
		["/webhooks/slow", { stream: "$all", url: "https://example.org/" }],
	])("of %s", async (path, made) => {
		await subscribed(1);
		const headers = { "Content-Type": "application/json", Authorization: ADMIN };
		const body = JSON.stringify({ ...made, filter });
		const refused = await servers.ask({ path, method: "PUT", body, headers });
		expect([refused.status, refused.json.type]).toEqual([
			400,
			expect.stringContaining("invalid-filter"),
		]);
		expect((await servers.ask({ path, headers: { Authorization: ADMIN } })).status).toBe(404);
	});
});
