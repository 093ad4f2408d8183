/** `varve webhook`: what people type, and what they get. */
import { type Receiver, receiver } from "../push/receiver.ts";
import { removeDirectories, type Server, startServer, varve } from "./varve.ts";

let server: Server;
let target: Receiver;
let status = 200;
beforeAll(async () => {
	target = await receiver(() => status);
	server = await startServer(undefined, undefined, ["--push-allow", "127.0.0.1"]);
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
