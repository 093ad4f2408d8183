/** Kills a server that sends to a target which fails now and then, again and again. */
import { randomInt, randomUUID } from "node:crypto";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { ask, batch } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { receiver } from "../push/receiver.ts";

const KILLS = 3;
const EVENTS = 400;

afterAll(removeDirectories);

test("kills lose no event of a webhook, and keep the order of each stream", async () => {
	const target = await receiver(() => (randomInt(10) === 0 ? 500 : 200));
	const data = newDirectory();
	const start = () =>
		startServer(data, undefined, ["--push-allow", "127.0.0.1", "--allow-anonymous"]);
	let server = await start();
	const settings = {
		url: target.url,
		stream: "$ce-order",
		start: 0,
		format: "cloudevents-batch",
		batchMax: 10,
		backoffMs: 1,
		backoffMsMax: 5,
		tries: 100,
	};
	const headers = { "Content-Type": "application/json" };
	const body = JSON.stringify(settings);
	await ask(portOf(server), { method: "PUT", path: "/webhooks/w", headers, body });
	const append = async () => {
		for (let at = 0; at < EVENTS / 4 / KILLS; at++) {
			const events = Array.from({ length: 4 }, () => {
				return { eventId: randomUUID(), eventType: "t", data: at };
			});
			const reply = await ask(portOf(server), batch(`order-${at % 3}`, events)).catch(
				() => undefined,
			);
			if (reply?.status === 201) appended += 4;
		}
	};
	let appended = 0;
	for (let kill = 0; kill < KILLS; kill++) {
		const before = target.got.length;
		const work = append();
		await until(() => target.got.length > before + randomInt(5));
		await Promise.all([server.stop("SIGKILL"), work]);
		server = await start();
	}
	const seen = () => target.got.flatMap(({ body }) => JSON.parse(body) as Sent[]);
	await until(async () => {
		const { json } = await ask(portOf(server), { path: "/webhooks/w" });
		return json.lagEvents === 0 && json.state === "active";
	});
	await server.stop();
	await target.close();
	// The first time that each event was sent, the one before it in its stream had been.
	const next = new Map<string, number>();
	for (const { stream, version } of seen()) {
		const expected = next.get(stream) ?? 0;
		expect(version).toBeLessThanOrEqual(expected);
		if (version === expected) next.set(stream, expected + 1);
	}
	const arrived = [...next.values()].reduce((all, one) => all + one, 0);
	expect(arrived).toBeGreaterThanOrEqual(appended);
}, 120_000);

type Sent = { readonly stream: string; readonly version: number };

function portOf({ url }: Server): number {
	return Number(new URL(url).port);
}
