/** `varve scavenge` and `varve redact`, as an operator types them. */
import { appendEvents, deleteStream } from "../../feeds/client/index.ts";
import { removeDirectories, type Server, start, startServer, until, varve } from "./varve.ts";

let server: Server;
beforeAll(async () => {
	server = await startServer();
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

const verb = (...args: string[]) => varve([...args, "--url", server.url]);

async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, (_, n) => ({ type: "t", data: { n } }));
	await appendEvents({ url: server.url, stream }, events);
}

test("varve scavenge tells what it did, and what was done last", async () => {
	expect(await verb("scavenge", "status")).toMatchObject({
		code: 0,
		stdout: "no scavenge was ever started\n",
	});
	await append("gone", 1500);
	await deleteStream({ url: server.url, stream: "gone" });
	const { code, stdout, stderr } = await verb("scavenge");
	expect([code, stdout]).toEqual([
		0,
		expect.stringMatching(
			/^scavenge [0-9a-f-]{36} runs\nsuccess, 1499 events with \d+ bytes erased in 00:00:\d\d\.\d{3}\n$/,
		),
	]);
	expect(stderr).toMatch(/^(?:\d+ % of the streams, \d+ events with \d+ bytes erased in .*\n)+$/);
	const id = stdout.split(" ")[1];
	const last = (await verb("scavenge", "status")).stdout;
	expect(last).toMatch(new RegExp(`^scavenge ${id} is over: success, 1499 events`));
});

test("varve scavenge can be left alone, looked at, and stopped", async () => {
	await append("slow", 3000);
	await deleteStream({ url: server.url, stream: "slow" });
	const slow = ["--throttle-percent", "1"];
	const begun = await verb("scavenge", "start", "--detach", ...slow);
	expect(begun).toMatchObject({ code: 0, stdout: expect.stringMatching(/ runs\n$/) });
	expect(await verb("scavenge")).toMatchObject({
		code: 1,
		stderr: "varve: Scavenge is already running\n",
	});
	expect((await verb("scavenge", "status")).stdout).toMatch(/ runs: /);
	expect((await verb("scavenge", "stop")).stdout).toMatch(/^scavenge [0-9a-f-]{36} stopped\n$/);
	expect((await verb("scavenge", "status")).stdout).toMatch(/ is over: stopped, \d+ events/);
	expect(await verb("scavenge", "stop")).toMatchObject({
		code: 1,
		stderr: "varve: No scavenge with the id 'current' is running.\n",
	});

	const watched = start(["scavenge", ...slow, "--url", server.url]);
	await until(() => watched.stdout().includes(" runs\n"), "the scavenge");
	await verb("scavenge", "stop");
	expect(await watched.finished).toMatchObject({
		code: 1,
		stdout: expect.stringMatching(/\nstopped, \d+ events/),
	});
});

test("varve redact erases the data of an event, and with --metadata that as well", async () => {
	await append("person/42", 2);
	expect(await verb("redact", "person/42", "1")).toMatchObject({
		code: 0,
		stdout: "data of 1@person/42 erased\n",
	});
	expect((await verb("redact", "person/42", "1", "--metadata")).stdout).toBe(
		"data and metadata of 1@person/42 erased\n",
	);
	const lines = (await verb("read", "person/42")).stdout.trim().split("\n");
	expect(lines.map((line) => JSON.parse(line).data)).toEqual([{ n: 0 }, undefined]);
	expect(await verb("redact", "person/42", "9")).toMatchObject({
		code: 1,
		stderr: "varve: Stream 'person/42' has no event 9.\n",
	});
});

test.each([
	[["scavenge", "now"], "now is no action: name start, stop or status"],
	[["scavenge", "start", "stop"], "unexpected stop: varve scavenge takes only"],
	[["scavenge", "--throttle-percent", "0"], "--throttle-percent"],
	[["redact", "s"], "VERSION is missing: name the event"],
	[["redact", "s", "head"], "head is not a version"],
	[["redact", "s", "1", "2"], "unexpected 2: varve redact takes only STREAM VERSION"],
])("refuses %j", async (args, words) => {
	const { code, stderr } = await varve(args);
	expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
});
