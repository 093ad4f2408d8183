/**
 * Whoever follows a stream sees each of its events once, in order, while others append, and while
 * the server is killed and stopped under them.
 */
import { randomUUID } from "node:crypto";
import { removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { ask, batch } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";
import { closeStore, idsOf, openStore } from "../store.ts";
import { follow } from "./followers.ts";

/** Raised by `EVENTS=100000 npm test -- test/faults/following` to go on for longer. */
const EVENTS = Number(process.env.EVENTS ?? 800);
const WRITERS = 6;
const STOPS = ["SIGKILL", "SIGTERM", "SIGKILL"] as const;

afterAll(removeDirectories);

test(
	"every follower sees each event once, in order, across crashes and restarts",
	async () => {
		let server: Server = await startServer();
		const { data } = server;
		const port = Number(new URL(server.url).port);
		const writing = startWriters(port);
		const leaving = new AbortController();
		const followers = follow(port, ["$all", "$ce-order", "order-1"], leaving.signal);

		for (const [index, signal] of STOPS.entries()) {
			await until(() => writing.acknowledged() >= (EVENTS * (index + 1)) / (STOPS.length + 1));
			await server.stop(signal);
			server = await startServer(data, port);
		}
		await writing.finished;
		await server.stop();

		const store = await openStore({ data, port });
		const truth = new Map<string, string[]>();
		for (const stream of ["$all", "$ce-order", "order-1"]) {
			truth.set(stream, await idsOf(store, stream));
		}
		expect(truth.get("$all")?.length).toBe(EVENTS);
		// Events of other categories and streams are in between.
		expect(truth.get("$ce-order")?.length).toBeLessThan(EVENTS);
		await until(() =>
			followers.every(({ seen, stream }) => seen.length >= (truth.get(stream)?.length ?? 0)),
		);
		leaving.abort();
		await Promise.all(followers.map(({ finished }) => finished));
		for (const { way, stream, seen } of followers) {
			const told = `${stream} by ${way}`;
			expect([told, seen.map(({ id }) => id)]).toEqual([told, truth.get(stream)]);
			expect([told, seen.map(({ at }) => at)]).toEqual([told, seen.map((_, at) => at)]);
		}
		await closeStore(store);
	},
	60_000 + EVENTS * 20,
);

/** Writers of singles and batches, who send what was not acknowledged again, with the same ids. */
function startWriters(port: number) {
	let left = EVENTS;
	let acknowledged = 0;
	const run = async (writer: number) => {
		const streams = ["order-1", `order-${writer}`, `invoice-${writer}`];
		for (let turn = 0; left > 0; turn++) {
			const count = Math.min(left, 1 + (turn % 4));
			left -= count;
			const events = Array.from({ length: count }, () => ({
				eventId: randomUUID(),
				eventType: "Happened",
				data: { writer, turn },
			}));
			const append = batch(streams[turn % 3] as string, events);
			await until(() =>
				ask(port, append).then(
					({ status }) => status === 201,
					() => false,
				),
			);
			acknowledged += count;
		}
	};
	const finished = Promise.all(Array.from({ length: WRITERS }, (_, writer) => run(writer)));
	return { finished, acknowledged: () => acknowledged };
}
