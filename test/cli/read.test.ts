import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
/** The newest position in a position file; undefined as long as there is none. */
const positionIn = (path: string): number | undefined => {
	if (!existsSync(path)) return undefined;
	const slots = parse(readFileSync(path, "utf8").replace(/ +\n/g, "\n"));
	return slots.reduce((newest, { at }) => Math.max(newest, Number(at)), -1);
};
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

	test("fails for an export, too", async () => {
		const { code, stdout, stderr } = await run("export", "no-such-stream");
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

describe("a server that is not there", () => {
	const nowhere = ["--url", "http://127.0.0.1:3"];

	test.each([
		[["read", "s"]],
		[["read", "s", "--backward"]],
		[["export"]],
		[["streams"]],
		[["delete", "s"]],
		[["prove", "0"]],
	])("is said at once: %j", async (args) => {
		const { code, stdout, stderr } = await varve([...args, ...nowhere]);
		expect([code, stdout, stderr]).toEqual([
			1,
			"",
			"varve: nothing answers at 127.0.0.1:3; is the server running?\n",
		]);
	});

	test.each([[["read", "s"]], [["follow", "s"]], [["streams"]]])(
		"and one that its URL never reaches is not waited for: %j",
		async (args) => {
			const url = server.url.replace("http:", "https:");
			expect(await varve([...args, "--url", url])).toEqual({
				code: 1,
				stdout: "",
				stderr:
					"varve: the server does not use TLS at this port; write http:// in place of https://\n",
			});
		},
	);

	test("is waited for by follow, which says so", async () => {
		const following = start(["follow", "s", ...nowhere]);
		await until(() => following.stderr().includes("\n"), "a word");
		following.child.kill("SIGTERM");
		const { code, stderr } = await following.finished;
		expect(code).toBe(0);
		expect(stderr).toContain("varve: nothing answers at 127.0.0.1:3; trying again");
	});

	test.each([[["read", "s"]], [["append", "s", "--type", "T"]], [["redact", "s", "0"]]])(
		"and one that takes the request and is silent is no silence: %j",
		async (args) => {
			const silent = createServer(() => undefined).listen(0, "127.0.0.1");
			await once(silent, "listening");
			const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
			const reading = start([...args, "--url", url]);
			await until(() => reading.stderr().includes("\n"), "a word");
			reading.child.kill("SIGKILL");
			expect((await reading.finished).stderr).toBe(`varve: no answer from ${url} yet; waiting\n`);
			silent.close();
			silent.closeAllConnections();
		},
	);
});

test("a server that holds the first request of follow is not called silent", async () => {
	let asked = "";
	const holding = createServer((req) => {
		asked = req.url ?? "";
	}).listen(0, "127.0.0.1");
	await once(holding, "listening");
	const url = `http://127.0.0.1:${(holding.address() as AddressInfo).port}`;
	const following = start(["follow", "s", "--url", url]);
	await until(() => asked !== "", "a request");
	expect(asked).toBe("/streams/s/0/forward/1000?wait=20");
	following.child.kill("SIGTERM");
	expect((await following.finished).stderr).toBe("");
	holding.close();
	holding.closeAllConnections();
});

describe("a span of time", () => {
	let events: { version: number; created: string }[] = [];
	beforeAll(async () => {
		// One commit each, so that they have times of their own.
		for (let version = 0; version < 30; version++)
			await fetch(`${server.url}/streams/span`, {
				method: "POST",
				headers: {
					"Content-Type": "application/json",
					"ES-EventType": "T",
					"ES-EventId": crypto.randomUUID(),
				},
				body: "{}",
			});
		events = parse((await run("read", "span")).stdout) as typeof events;
	});
	const versionsOf = async (...args: string[]) =>
		parse((await run(...args)).stdout).map(({ version }) => version);
	const wanted = (since: string, until: string) =>
		events
			.filter(({ created }) => created >= since && created < until)
			.map(({ version }) => version);

	test("has the events created at or after its start and before its end", async () => {
		const [since = "", until = ""] = [events[7]?.created, events[25]?.created];
		const inside = wanted(since, until);
		expect(inside.length).toBeGreaterThan(1);
		const span = ["--since", since, "--until", until];
		expect(await versionsOf("read", "span", ...span)).toEqual(inside);
		expect(await versionsOf("read", "span", ...span, "--backward")).toEqual(inside.reverse());
		const { stdout } = await run("export", "span", ...span);
		expect(parse(stdout).length).toBe(inside.length);
		expect(parse((await run("export", ...span)).stdout).length).toBe(inside.length);
	});

	test("may be open at either side, and --from and --limit hold within it", async () => {
		const middle = events[20]?.created ?? "";
		const later = wanted(middle, "9");
		expect(await versionsOf("read", "span", "--since", middle)).toEqual(later);
		expect(await versionsOf("read", "span", "--until", middle)).toEqual(wanted("0", middle));
		expect(await versionsOf("read", "span", "--since", middle, "--from", "25")).toEqual(
			later.filter((version) => Number(version) >= 25),
		);
		expect(await versionsOf("read", "span", "--since", middle, "--limit", "2")).toEqual(
			later.slice(0, 2),
		);
	});

	test.each([
		["before all events", ["--until", "2001-01-01T00:00:00Z"]],
		["after all of them", ["--since", "9001-01-01T00:00:00+01:00"]],
		["of no length", ["--since", "2020-01-01T00:00:00Z", "--until", "2020-01-01T00:00:00Z"]],
	])("%s is empty, which is no failure", async (_, span) => {
		for (const how of [[], ["--backward"]]) {
			expect(await run("read", "span", ...span, ...how)).toEqual({
				code: 0,
				stdout: "",
				stderr: "",
			});
		}
		expect((await run("read", "no-such-stream", ...span)).code).toBe(1);
	});

	test("ends a follow at the first later event", async () => {
		const until = events[20]?.created ?? "";
		expect(await versionsOf("follow", "span", "--until", until)).toEqual(wanted("0", until));
	});

	test("ends a follow that waits, once the server's clock has passed it", async () => {
		const span = ["--since", "2001-01-01T00:00:00Z", "--until", "2001-01-02T00:00:00Z"];
		expect((await run("follow", "never-written", ...span)).code).toBe(0);
		expect((await run("follow", "span", ...span)).code).toBe(0);
	});

	test.each([
		[["--since", "2020-01-02T00:00:00Z", "--until", "2020-01-01T23:59:59Z"], "is before --since"],
		[["--since", "yesterday"], "--since yesterday: it must be a time with its offset"],
		[["--until", "2026-03-01"], "--until 2026-03-01: it must be a time with its offset"],
		[["--until", "2026-02-30T00:00:00Z"], "it must be a time with its offset"],
	])("is refused if it makes no sense: %j", async (span, words) => {
		const verbs = span.length === 4 ? ["read", "export", "follow"] : ["read"];
		for (const verb of verbs) {
			const { code, stdout, stderr } = await run(verb, "span", ...span);
			expect([code, stdout]).toEqual([2, ""]);
			expect(stderr).toContain(words);
		}
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
		await until(() => positionIn(checkpoint) === 1, "1");
		first.child.kill("SIGINT");
		expect(await first.finished).toMatchObject({ code: 0, stderr: "" });

		await run("append", "follow", "--type", "Third");
		const second = start(args, env());
		await until(() => second.stdout().includes("Third"), "the third event");
		second.child.kill("SIGTERM");
		expect(parse((await second.finished).stdout).map(({ type }) => type)).toEqual(["Third"]);
		expect(positionIn(checkpoint)).toBe(2);
	});

	test("refuses the position file of another stream, in words that name both", async () => {
		const checkpoint = join(newDirectory(), "checkpoint");
		const first = start(["follow", "long", "--checkpoint", checkpoint], env());
		await until(() => positionIn(checkpoint) === 44, "44");
		first.child.kill("SIGTERM");
		await first.finished;
		const { code, stdout, stderr } = await run("follow", "$all", "--checkpoint", checkpoint);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toContain("the position 44 in stream 'long' of the log varve/");
		expect(stderr).toContain("cannot be used for stream '$all' of the log varve/");
	});

	test("refuses the position file of another server's log, whatever its URL", async () => {
		const checkpoint = join(newDirectory(), "checkpoint");
		const other = await startServer();
		const away = { VARVE_URL: other.url };
		await varve(["append", "long", "--type", "T"], away);
		const first = start(["follow", "long", "--checkpoint", checkpoint], away);
		await until(() => positionIn(checkpoint) === 0, "0");
		first.child.kill("SIGTERM");
		await first.finished;
		await other.stop();
		const { code, stderr } = await run("follow", "long", "--checkpoint", checkpoint);
		expect([code, stderr.match(/the log varve\/[0-9a-f]{16}/g)?.length]).toEqual([1, 2]);
	});

	test("warns of a position beyond the head, and of a file of an earlier version", async () => {
		const checkpoint = join(newDirectory(), "checkpoint");
		writeFileSync(checkpoint, "999\n");
		const following = start(["follow", "long", "--checkpoint", checkpoint], env());
		await until(() => following.stderr().includes("\n"), "the warnings");
		following.child.kill("SIGTERM");
		const { stdout, stderr } = await following.finished;
		expect(stdout).toBe("");
		expect(stderr).toContain("does not say what it belongs to");
		expect(stderr).toContain("at 999, beyond the head: stream 'long' ends at 44");
	});

	test("stops where it cannot keep its checkpoint", async () => {
		const checkpoint = join(newDirectory(), "missing", "checkpoint");
		const { code, stdout, stderr } = await run("follow", "long", "--checkpoint", checkpoint);
		// Nothing was printed: at each restart, it would be printed again.
		expect([code, stdout]).toEqual([1, ""]);
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
