import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { append } from "../../feeds/client/index.ts";
import {
	newDirectory,
	removeDirectories,
	type Server,
	start,
	startServer,
	until,
	varve,
} from "./varve.ts";

let server: Server;
const env = () => ({ VARVE_URL: server.url });
const run = (...args: string[]) => varve(args, env());
const parse = (stdout: string) =>
	stdout
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line) as Record<string, unknown>);

beforeAll(async () => {
	server = await startServer();
	const lines = Array.from(
		{ length: 45 },
		(_, n) => `{"stream":"long","type":"T","data":{"n":${n}}}`,
	);
	await varve(["import", "--source", "x"], env(), lines.join("\n"));
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

describe("varve read of nothing", () => {
	test.each([[], ["--backward"], ["--from", "5"]])("says so, and fails: %s", async (...options) => {
		const { code, stdout, stderr } = await run("read", "no-such-stream", ...options);
		expect([code, stdout, stderr]).toEqual([
			1,
			"",
			"varve: stream 'no-such-stream' has no events\n",
		]);
	});

	test("beyond the head of a stream that is there is no failure", async () => {
		const { code, stdout, stderr } = await run("read", "long", "--from", "45");
		expect([code, stdout, stderr]).toEqual([0, "", ""]);
	});
});

describe("varve append and read", () => {
	test("store and print the very digits that were sent", async () => {
		const data = '{"big":12345678901234567890,"price":1.10}';
		const appended = await run("append", "exact", "--type", "T", "--data", data);
		expect(JSON.parse(appended.stdout)).toMatchObject({
			stream: "exact",
			version: 0,
			position: expect.any(Number),
			location: `${server.url}/streams/exact/0`,
		});
		expect((await run("read", "exact")).stdout).toContain(`"data":${data}}\n`);
	});

	test("carry metadata, standard input and files", async () => {
		const path = join(newDirectory(), "data.json");
		writeFileSync(path, '{\n  "from": "a file"\n}');
		await run("append", "in", "--type", "T", "--data", `@${path}`, "--metadata", '{"who":"me"}');
		await varve(["append", "in", "--type", "T", "--raw", "--data", "-"], env(), "plain");
		const events = parse((await run("read", "in")).stdout);
		expect(events[0]).toMatchObject({ data: { from: "a file" }, metadata: { who: "me" } });
		expect(events[1]).toMatchObject({ dataBase64: Buffer.from("plain").toString("base64") });
	});

	test("refuse a stale version and name the current one", async () => {
		await run("append", "stale", "--type", "T");
		const again = await run("append", "stale", "--type", "T", "--expected-version", "none");
		expect(again).toMatchObject({ code: 1, stdout: "" });
		expect(again.stderr).toBe(
			"varve: wrong expected version none: stale is at 0; " +
				"read it, decide again, and append with --expected-version 0\n",
		);
	});

	test("answer a repeated id as the first time", async () => {
		const args = ["append", "again", "--type", "T", "--id", "c322e299-cb73-4b47-97c5-5054f920746e"];
		expect(JSON.parse((await run(...args)).stdout)).toMatchObject({ version: 0 });
		expect(JSON.parse((await run(...args)).stdout)).toMatchObject({ version: 0, repeated: true });
	});

	test("say what of an event has no effect", async () => {
		const data = '{"$maxAge":"long","$maxCount":2.0}';
		const { code, stderr } = await run("append", "$$kept", "--type", "$metadata", "--data", data);
		expect([code, stderr]).toEqual([0, expect.stringContaining('"$maxAge"')]);
		expect(stderr).not.toContain("$maxCount");
	});

	test("read from a version, and no more than asked for", async () => {
		const versions = async (...args: string[]) =>
			parse((await run("read", "long", ...args)).stdout).map(({ version }) => version);
		expect(await versions("--from", "18", "--limit", "4")).toEqual([18, 19, 20, 21]);
		expect((await versions()).length).toBe(45);
		expect(await versions("--backward", "--limit", "3")).toEqual([44, 43, 42]);
		expect(await versions("--backward", "--from", "21")).toEqual(
			Array.from({ length: 22 }, (_, index) => 21 - index),
		);
		expect(parse((await run("read", "$all", "--backward", "--from", "30")).stdout).length).toBe(31);
	});

	test.each(["long", "$all"])("begin at the head of %s where --from lies above", async (stream) => {
		const down = await run("read", stream, "--backward", "--limit", "25");
		const above = ["--backward", "--from", "999999999999999", "--limit", "25"];
		expect(await run("read", stream, ...above)).toEqual(down);
		expect(parse(down.stdout).length).toBe(25);
	});

	test("end quietly when nobody reads on", async () => {
		const reading = start(["read", "$all"], env());
		reading.child.stdout?.destroy();
		expect(await reading.finished).toMatchObject({ code: 0, stderr: "" });
	});
});

describe("varve follow", () => {
	test("prints what comes, remembers how far it got, and goes on from there", async () => {
		const checkpoint = join(newDirectory(), "checkpoint");
		const args = ["follow", "follow", "--checkpoint", checkpoint];
		await run("append", "follow", "--type", "First");
		const first = start(args, env());
		await until(() => first.stdout().includes("First"), "the first event");
		await run("append", "follow", "--type", "Second");
		await until(() => first.stdout().includes("Second"), "the second event");
		await until(() => existsSync(checkpoint) && readFileSync(checkpoint, "utf8") === "1\n", "1");
		first.child.kill("SIGINT");
		expect(await first.finished).toMatchObject({ code: 0, stderr: "" });

		await run("append", "follow", "--type", "Third");
		const second = start(args, env());
		await until(() => second.stdout().includes("Third"), "the third event");
		second.child.kill("SIGTERM");
		expect(parse((await second.finished).stdout).map(({ type }) => type)).toEqual(["Third"]);
		expect(readFileSync(checkpoint, "utf8")).toBe("2\n");
	});

	test("stops where it cannot keep its checkpoint", async () => {
		const checkpoint = join(newDirectory(), "missing", "checkpoint");
		const { code, stderr } = await run("follow", "long", "--checkpoint", checkpoint);
		expect(code).toBe(1);
		expect(stderr).toContain("no such file or directory");
	});

	test("ends quietly when nobody reads on", async () => {
		const following = start(["follow", "long"], env());
		await until(() => following.stdout() !== "", "the first lines");
		following.child.stdout?.destroy();
		await run("append", "long", "--type", "T");
		expect(await following.finished).toMatchObject({ code: 0, stderr: "" });
	});
});

describe("varve export", () => {
	test("into varve import makes the same streams, byte for byte", async () => {
		const odd = { url: server.url, stream: "odd/ é" };
		const post = (data: string | Buffer, isJson = true) =>
			append(odd, { type: "Odd", data: Buffer.from(data), isJson });
		const batch = (data: unknown, metadata: string) =>
			append(odd, { type: "Odd", data, metadata: Buffer.from(metadata) });
		await post('"a string"');
		await post("null");
		await post(' {\n "a" : 1.0 } ');
		await post(Buffer.from([255, 0, 10]), false);
		await post('{"not":"marked as JSON"}', false);
		await batch("text", '{"m":1}');
		await batch(Buffer.from('{\n"a":12345678901234567890}'), "[ 1.10 ]");
		await batch(5, "{}");
		await append(odd, { type: "Odd", data: '{"a": 1 }\n' });
		await batch(undefined, '{"only":true}');

		const copy = await startServer();
		const exported = await run("export");
		const imported = await varve(["import", "--url", copy.url], {}, exported.stdout);
		expect(imported).toMatchObject({ code: 0, stderr: "" });
		for (const stream of ["odd/ é", "long"]) {
			const there = await varve(["export", stream, "--url", copy.url]);
			expect(there.stdout).toBe((await run("export", stream)).stdout);
		}
		const again = await varve(["import", "--url", copy.url], {}, exported.stdout);
		expect(again.stdout).toMatch(/imported (\d+) events \(\1 already there\)/);
		await copy.stop();
	});
});
