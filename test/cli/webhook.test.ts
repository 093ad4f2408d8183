/** `varve webhook` and `varve hub`: what people type, and what they get. */

import { until } from "../http/harness.ts";
import { callback } from "../push/callback.ts";
import { type Receiver, receiver } from "../push/receiver.ts";
import { removeDirectories, type Server, startServer, varve } from "./varve.ts";

let server: Server;
let target: Receiver;
let status = 200;
beforeAll(async () => {
	target = await receiver(() => status);
	server = await startServer(undefined, undefined, ["--push-allow", "127.0.0.1", "--hub"]);
});
afterAll(async () => {
	await server.stop();
	await target.close();
	removeDirectories();
});

function webhook(...args: string[]) {
	return varve(["webhook", ...args], { VARVE_URL: server.url });
}

test("makes a webhook, tests it, changes it, and ends it", async () => {
	const made = await webhook("create", "orders", "$ce-order", target.url);
	expect([made.code, made.stderr]).toEqual([0, "webhook orders made\n"]);
	expect(made.stdout).toMatch(/^whsec_\S+\n$/);
	const tested = await webhook("test", "orders");
	expect([tested.code, JSON.parse(tested.stdout).outcome]).toEqual([0, "delivered"]);
	status = 500;
	const failed = await webhook("test", "orders");
	expect([failed.code, failed.stderr]).toEqual([
		1,
		"varve: not delivered: the target refused (500)\n",
	]);
	await webhook("update", "orders", "--settings", '{"tries":3}');
	expect(JSON.parse((await webhook("show", "orders")).stdout)).toMatchObject({
		tries: 3,
		stream: "$ce-order",
	});
	const lines = (await webhook("attempts", "orders")).stdout.trim().split("\n");
	expect(lines.map((line) => JSON.parse(line).status)).toEqual([500, 200]);
	expect((await webhook("rotate", "orders", "--keep-seconds", "0")).stdout).toMatch(/^whsec_/);
	expect((await webhook("pause", "orders")).stdout).toBe("webhook orders is paused\n");
	expect((await webhook("replay", "orders")).stderr).toMatch(/resume it first/);
	expect((await webhook("delete", "orders")).code).toBe(0);
	expect((await webhook("list")).stdout).toBe("");
});

test("says what is missing", async () => {
	expect((await webhook("creat", "x")).stderr).toMatch(/the action is missing or none of these/);
	expect(await webhook("pause")).toMatchObject({ code: 2 });
	expect((await webhook("create", "x", "s")).stderr).toMatch(/STREAM or URL is missing/);
	expect(await webhook("show", "nothing")).toMatchObject({ code: 1 });
});

test("lists the subscribers of the hub, shows one, and ends it", async () => {
	const hub = (...args: string[]) => varve(["hub", ...args], { VARVE_URL: server.url });
	const to = await callback();
	const topic = `${server.url}/streams/order-1`;
	const fields = { "hub.mode": "subscribe", "hub.topic": topic, "hub.callback": to.url };
	const asked = { method: "POST", body: new URLSearchParams(fields) };
	expect((await fetch(`${server.url}/hub`, asked)).status).toBe(202);
	await until(async () => (await (await fetch(`${server.url}/hub`)).text()).includes('"id"'));
	const { id, callback: told } = JSON.parse((await hub("list")).stdout);
	expect(told).toBe(to.url);
	expect(JSON.parse((await hub("show", id)).stdout)).toMatchObject({ id, attempts: [] });
	const ended = await hub("end", id, "--reason", "no room");
	expect([ended.code, ended.stdout]).toEqual([0, `subscriber ${id} ended\n`]);
	await until(() => to.asked.at(-1)?.get("hub.reason") === "no room");
	const gone = await hub("show", id);
	expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("no subscriber")]);
	expect(await hub("end")).toMatchObject({ code: 2 });
	await to.close();
});
