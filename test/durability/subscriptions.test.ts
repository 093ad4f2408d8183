/** Kills a server whose consumers take, acknowledge and park, again and again on one directory. */
import { randomInt } from "node:crypto";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, type Reply } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { Consumer, counted, type Line } from "../http/subscriptions/consumer.ts";
import { killConsumers } from "./torture/consumers.ts";

const KILLS = 3;
const EVENTS = 1000;
const SETTINGS = {
	checkPointAfterMilliseconds: 20,
	messageTimeoutMilliseconds: 500,
	maxRetryCount: 1000,
};

afterAll(removeDirectories);

test("kills lose no message, forget no parked one, and go back no further than the checkpoint", async () => {
	const data = newDirectory();
	let server = await start(data);
	const asking = { ask: (request: Ask): Promise<Reply> => ask(portOf(server), request) };
	const consumer = new Consumer(asking, "orders");
	const checkpoint = async () =>
		Number((await consumer.info()).lastCheckpointedEventPosition ?? -1);
	await asking.ask(counted("orders", EVENTS));
	await consumer.create(SETTINGS);
	const delivered = new Set<number>();
	const toldParked = new Set<number>();
	let reached = -1;

	const work = async () => {
		const lines = await consumer.take(1 + randomInt(100));
		for (const { number } of lines) delivered.add(number);
		const parked = lines.filter(({ number }) => number % 50 === 7);
		const handled = lines.filter((line) => !parked.includes(line));
		if (parked.length > 0) await consumer.answer("nack?action=park", parked);
		for (const { number } of parked) toldParked.add(number);
		// Some are forgotten: their time has to run out.
		if (handled.length > 0) await consumer.answer("ack", handled.slice(randomInt(2)));
		return lines.length;
	};

	for (let kill = 0; kill < KILLS; kill++) {
		const lines: Line[] = await consumer.take(1);
		for (const { number } of lines) expect(number).toBeGreaterThan(reached);
		for (const { number } of lines) delivered.add(number);
		const rounds = 1 + randomInt(8);
		for (let round = 0; round < rounds; round++) await work();
		reached = await checkpoint();
		const killed = server.stop("SIGKILL");
		await Promise.allSettled([work(), killed]);
		server = await start(data);
	}
	await until(async () => {
		await work();
		const { lagEvents } = await consumer.info();
		return lagEvents === 0;
	});
	expect(delivered.size).toBe(EVENTS);
	// Each that was parked stands there, once or again if the kill came before the checkpoint.
	const info = await consumer.info();
	const parked = Number(info.parkedMessageCount);
	expect(parked).toBeGreaterThanOrEqual(EVENTS / 50);
	await consumer.ask("/replayParked", { method: "POST" });
	const replayed = new Set<number>();
	for (let left = parked; left > 0; ) {
		const lines = await consumer.take(100);
		for (const { event } of lines) replayed.add(event.version);
		await consumer.answer("ack", lines);
		left -= lines.length;
	}
	expect([...replayed].sort((a, b) => a - b)).toEqual([...toldParked].sort((a, b) => a - b));
	await server.stop();
}, 180_000);

test("at least once, in the order of its key, by one consumer at a time, parked only as told", async () => {
	const seed = Number(process.env.VARVE_TEST_SEED ?? randomInt(2 ** 31));
	console.info(`seed ${seed}`);
	const result = await killConsumers({ seed, goesOn: (kills) => kills < 2, events: 120 });
	expect(result).toMatchObject({ kills: 2, delivered: 240, faults: [] });
}, 180_000);

function start(data: string): Promise<Server> {
	return startServer(data, undefined, ["--insecure-defaults"]);
}

function portOf({ url }: Server): number {
	return Number(new URL(url).port);
}
