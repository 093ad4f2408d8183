/** A webhook that has nothing to send is a row of an index: nothing of it is loaded, or read. */
import { randomUUID } from "node:crypto";
import { keyOf } from "../../src/push/webhooks/webhook.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

function append(stream: string, count: number) {
	const events = Array.from({ length: count }, (_, data) => {
		return { eventId: randomUUID(), eventType: "t", data };
	});
	return servers.ask(batch(stream, events));
}

function put(name: string, settings: object) {
	const body = JSON.stringify({ url: "https://127.0.0.1:9/", ...settings });
	const headers = { "Content-Type": "application/json" };
	return servers.ask({ method: "PUT", path: `/webhooks/${name}`, headers, body });
}

const pushes = () => servers.server.context.pushes;
const isAtRest = () => pushes().places.deliveries.busy().length === 0;

test("appends that are none of its own wake no webhook, and neither does a start", async () => {
	const filter = { context: "streamid", type: "prefix", data: "mine-" };
	await put("filtered", { stream: "$all", filter });
	await put("own", { stream: "mine-1" });
	await pushes().settled();
	const { deliveries } = pushes().places;
	const keys = (await pushes().webhooks.all()).map(keyOf);
	const woken = () => keys.filter((key) => !deliveries.isIdle(key));
	await until(() => woken().length === 0);
	for (let at = 0; at < 3; at++) {
		await append(`other-${at}`, 500);
		expect(woken()).toEqual([]);
	}

	// The mark says that nothing was left for it, so it reads nothing of what came meanwhile.
	servers = await servers.restart();
	await until(isAtRest);
	expect(pushes().load).toEqual({ running: 0, loaded: 0 });

	await append("mine-1", 1);
	await until(async () => {
		const asked = ["filtered", "own"].map((name) =>
			servers.ask({ path: `/webhooks/${name}/attempts` }),
		);
		const replies = await Promise.all(asked);
		return replies.every(({ json }) => (json.attempts as unknown[]).length === 1);
	});
	expect(pushes().load.loaded).toBe(2);
});

test("a webhook that is made behind the mark, from the beginning on, gets what is before it", async () => {
	const filter = { context: "streamid", type: "prefix", data: "other-" };
	await put("whole", { stream: "$all", filter, start: 0 });
	await until(async () => {
		const { json } = await servers.ask({ path: "/webhooks/whole/attempts" });
		return (json.attempts as unknown[]).length > 0;
	});
});
