/** `varve subscription`, on a real server. */
import { type Ask, ask } from "../http/ask.ts";
import { Consumer, counted } from "../http/subscriptions/consumer.ts";
import { newDirectory, removeDirectories, type Server, startServer, varve } from "./varve.ts";

let server: Server;
const env = () => ({ VARVE_URL: server.url, VARVE_USER: "admin:changeit" });
const run = (...args: string[]) => varve(["subscription", ...args], env());
const linesOf = (text: string) =>
	text
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line));

beforeAll(async () => {
	server = await startServer(newDirectory(), undefined, ["--insecure-defaults"]);
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

// One after the other, as an operator would.
test("is made, changed, looked at, emptied of what it parked, loaded anew, and deleted", async () => {
	const asking = { ask: (request: Ask) => ask(Number(new URL(server.url).port), request) };
	const consumer = new Consumer(asking, "$odd / stream", "a/b ü");
	await asking.ask(counted("$odd / stream", 5));
	const of = ["$odd / stream", "a/b ü"];
	expect((await run("create", ...of)).stdout).toBe("subscription a/b ü of $odd / stream made\n");
	expect((await run("update", ...of, "--settings", '{"maxRetryCount":3}')).code).toBe(0);
	await consumer.answer("nack?action=park", await consumer.take(5));
	const [shown] = linesOf((await run("show", ...of)).stdout);
	expect(shown).toMatchObject({ parkedMessageCount: 5, config: { maxRetryCount: 3 } });
	expect(linesOf((await run("list", "$odd / stream")).stdout)).toHaveLength(1);

	const parked = linesOf((await run("parked", ...of)).stdout);
	expect(parked.map(({ number, eventNumber }) => [number, eventNumber])).toEqual(
		[0, 1, 2, 3, 4].map((n) => [n, n]),
	);
	const discard = async (...how: string[]) => (await run("discard", ...of, ...how)).stdout;
	expect(await discard("--numbers", "1,3")).toBe(
		"2 parked messages of a/b ü of $odd / stream discarded\n",
	);
	expect(await discard("--stop-at", "1")).toContain("1 parked messages");
	for (const how of [[], ["--all", "--stop-at", "1"], ["--numbers", "x"]]) {
		expect((await run("discard", ...of, ...how)).code).not.toBe(0);
	}
	expect((await run("replay", ...of, "--stop-at", "3")).code).toBe(0);
	expect((await consumer.take(9)).map(({ event }) => event.version)).toEqual([2]);
	expect((await run("reset", ...of, "--from", "4")).stdout).toContain("goes on at number 4\n");
	expect((await consumer.take(9)).map(({ event }) => event.version)).toEqual([4]);
	expect((await run("reset", ...of, "--from", "x")).code).toBe(2);
	expect((await run("restart")).stdout).toBe("all subscriptions are loaded anew\n");
	expect(await discard("--all")).toContain("2 parked messages");
	expect((await run("delete", ...of)).code).toBe(0);
	expect((await run("show", ...of)).stderr).toContain("does not exist");
});

test("an action that is none, or half a name, is a fault of the command line", async () => {
	expect((await run("format")).code).toBe(2);
	expect((await run("show", "order-1")).code).toBe(2);
	expect((await run("restart", "order-1")).code).toBe(2);
});
