import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
	newDirectory,
	removeDirectories,
	type Server,
	start,
	startServer,
	until,
	varve,
} from "../varve.ts";

let server: Server;
beforeAll(async () => {
	server = await startServer();
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

const env = () => ({ VARVE_URL: server.url });

function file(name: string, content: string | Buffer): string {
	const path = join(newDirectory(), name);
	writeFileSync(path, content);
	return path;
}

/** Events of `streams` streams in turn, numbered within each. */
function log(prefix: string, events: number, streams: number): string {
	const lines = Array.from({ length: events }, (_, index) => {
		const data = { number: Math.floor(index / streams) };
		return JSON.stringify({ stream: `${prefix}-${index % streams}`, type: "Counted", data });
	});
	return `${lines.join("\n")}\n`;
}

/** The numbers in the data of a stream's events. */
async function numbersIn(stream: string): Promise<number[]> {
	const { stdout } = await varve(["read", stream], env());
	const lines = stdout.trim().split("\n").filter(Boolean);
	return lines.map((line) => (JSON.parse(line) as { data: { number: number } }).data.number);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("varve import", () => {
	test("appends each stream in the order of the file, unpacking gzip", async () => {
		const { code, stdout } = await varve(
			["import", file("a.ndjson.gz", gzipSync(log("gzip", 600, 3)))],
			env(),
		);
		expect(code).toBe(0);
		expect(stdout).toMatch(/^imported 600 events into 3 streams in [\d.]+ s, [\d,]+ events\/s\n$/);
		for (const stream of ["gzip-0", "gzip-1", "gzip-2"])
			expect(await numbersIn(stream)).toEqual(upTo(200));
	});

	test("killed midway and run again, doubles nothing and misses nothing", async () => {
		const all = log("killed", 20_000, 4);
		const path = file("killed.ndjson", all);
		const args = ["import", "-", "--source", "killed.ndjson", "--in-flight", "2"];
		const first = start(args, env());
		// The last line does not come: it is not done before it is killed, however late that is.
		first.child.stdin?.write(all.slice(0, all.lastIndexOf("\n", all.length - 2) + 1));
		for (let some = 0; some < 2; ) some = (await numbersIn("killed-3")).length;
		first.child.kill("SIGKILL");
		await first.finished;
		expect((await numbersIn("killed-3")).length).toBeLessThan(5000);

		const { code, stdout } = await varve(["import", path], env());
		expect(code).toBe(0);
		expect(stdout).toMatch(/^imported 20,000 events \([\d,]+ already there\) into 4 streams/);
		for (const stream of ["killed-0", "killed-1", "killed-2", "killed-3"])
			expect(await numbersIn(stream)).toEqual(upTo(5000));
	});

	test("goes on through a restart of the server", async () => {
		const other = await startServer();
		const path = file("restart.ndjson", log("restart", 20_000, 2000));
		const running = start(["import", path, "--url", other.url, "--in-flight", "4"]);
		const some = async () =>
			(await varve(["read", "$all", "--limit", "1", "--url", other.url])).stdout;
		while ((await some()) === "") {}
		await other.stop("SIGKILL");
		const again = await startServer(other.data, Number(new URL(other.url).port));
		const { code, stdout } = await running.finished;
		expect({ code, stdout }).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("imported 20,000 events"),
		});
		await again.stop();
		expect((await varve(["verify", "--data", other.data])).stdout).toBe(
			"ok: 20000 events in 2000 streams\n",
		);
	});

	test("stops at a malformed line, names it, and sends what came before and nothing after", async () => {
		const lines = log("broken", 5, 1).trim().split("\n");
		lines[3] = '{"stream":"broken-0","type":}';
		const { code, stderr } = await varve(["import", "-", "--source", "x"], env(), lines.join("\n"));
		expect(code).toBe(1);
		expect(stderr).toContain("varve: line 4: it is not JSON");
		expect(await numbersIn("broken-0")).toEqual([0, 1, 2]);
	});

	test("stops at a line the server refuses, with the server's reason", async () => {
		const big = JSON.stringify({ stream: "big", type: "T", data: { a: "x".repeat(5_000_000) } });
		const input = `${log("big", 1, 1)}${big}\n`;
		const { code, stderr } = await varve(["import", "-", "--source", "x"], env(), input);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^varve: line 2: 413 /m);
	});

	test("asks for a source where standard input brings no ids", async () => {
		const { code, stderr } = await varve(["import"], env(), log("anonymous", 1, 1));
		expect(code).toBe(1);
		expect(stderr).toContain("--source");
	});

	test("sends nothing on a dry run", async () => {
		const path = file("dry.ndjson", log("dry", 10, 2));
		const { stdout } = await varve(["import", "--dry-run", path], env());
		expect(stdout).toBe("10 events in 2 streams; nothing was sent\n");
		expect(await numbersIn("dry-0")).toEqual([]);
	});

	test.each([
		["the server's own stream", { stream: "$all" }],
		["an index stream", { stream: "$ce-order" }],
		["a step in a path", { stream: ".." }],
		["no type", { type: "" }],
		["a type that is too long", { type: "t".repeat(2000) }],
		["an event that is too large", { data: { a: "x".repeat(5_000_000) } }],
		["a large string", { data: "x".repeat(5_000_000) }],
		["an ACL that is malformed", { stream: "$$s", type: "$metadata", data: { $acl: 5 } }],
	])("refuses on a dry run what the run refuses: %s", async (_, member) => {
		const lines = ["s", member].map((given) => {
			const named = typeof given === "string" ? { stream: `${given}-dry` } : given;
			return JSON.stringify({ stream: "s", type: "T", ...named });
		});
		const args = ["import", "-", "--source", "x"];
		const dry = await varve([...args, "--dry-run"], env(), lines.join("\n"));
		const real = await varve(args, env(), lines.join("\n"));
		expect([dry.code, dry.stdout, real.code]).toEqual([1, "", 1]);
		const reason = (stderr: string) => stderr.replace(/^varve: line 2: (\d{3} [^:]+: )?/, "");
		expect(reason(dry.stderr)).toBe(reason(real.stderr));
	});

	test("keeps the order of the file across streams with one request in flight", async () => {
		const other = await startServer();
		const url = ["--url", other.url];
		const lines = log("ordered", 60, 7).trim().split("\n");
		await varve(["import", "-", "--in-flight", "1", "--source", "x", ...url], {}, lines.join("\n"));
		const { stdout } = await varve(["read", "$all", ...url]);
		const read = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line) as { stream: string });
		expect(read.map(({ stream }) => stream)).toEqual(
			lines.map((line) => (JSON.parse(line) as { stream: string }).stream),
		);
		await other.stop();
	});

	test("keeps the order of the file with one request in flight, in whichever way streams follow", async () => {
		const other = await startServer();
		const streams = ["a", "a", "b", "a", "b", "b", "$$a", "a", "c", "a"];
		const lines = streams.map((stream, n) => JSON.stringify({ stream, type: "T", data: { n } }));
		const import1 = ["import", "-", "--in-flight", "1", "--source", "x", "--url", other.url];
		expect((await varve(import1, {}, lines.join("\n"))).code).toBe(0);
		const { stdout } = await varve(["read", "$all", "--url", other.url]);
		const read = stdout.trim().split("\n");
		expect(read.map((line) => (JSON.parse(line) as { stream: string }).stream)).toEqual(streams);
		await other.stop();
	});

	test.each([["--dry-run"], ["--in-flight", "4"]])(
		"refuses two lines with one id and different content, and names both (%s)",
		async (...options) => {
			const line = (n: number) =>
				`{"stream":"double","type":"T","data":{"n":${n}},"id":"c322e299-cb73-4b47-97c5-5054f920746e"}`;
			const other = '{"stream":"double","type":"T"}';
			const call = ["import", "-", "--source", "x", ...options];
			const input = [line(1), other, line(1), line(2)].join("\n");
			const { code, stderr } = await varve(call, env(), input);
			expect(code).toBe(1);
			expect(stderr).toContain(
				"varve: line 4: its id c322e299-cb73-4b47-97c5-5054f920746e is that of line 1",
			);
		},
	);

	test("says which lines have what the server stores without effect", async () => {
		const lines = [
			'{"stream":"ignored-1","type":"T","metadata":{"$correlationId":7}}',
			'{"stream":"$$ignored-1","type":"$metadata","data":{"$maxCount":"many"}}',
		];
		const { code, stderr } = await varve(["import", "--source", "x"], env(), lines.join("\n"));
		expect(code).toBe(0);
		expect(stderr).toMatch(/^line 1: \$correlationId has no effect: it is not text$/m);
		expect(stderr).toMatch(/^line 2: \$maxCount has no effect: /m);
	});

	test("stops on an interrupt with exit code 130, even while its input is idle", async () => {
		const running = start(["import", "-", "--source", "x"], env());
		running.child.stdin?.write(log("idle", 3, 1));
		const arrived: number[] = [];
		while (arrived.length < 3) arrived.splice(0, 3, ...(await numbersIn("idle-0")));
		running.child.kill("SIGINT");
		const { code, stderr } = await running.finished;
		expect(code).toBe(130);
		expect(stderr).toContain("interrupted: imported 3 events");
	});

	test("waits where the server asks it to, and tries again", async () => {
		const answers = ["503", "507", "cut", "404", "200", "302", "401", "201"];
		const seen: string[] = [];
		const fake = createServer((request: IncomingMessage, response) => {
			request.resume();
			seen.push(`${request.method} ${request.url}`);
			const answer = answers[seen.length - 1] ?? "201";
			if (answer === "cut") return void request.socket.destroy();
			// Without a length the body is chunked; the client has to follow that too.
			response.writeHead(Number(answer), { "Retry-After": "0", ...HEADERS[answer] });
			response.write(answer === "507" ? DISK_FULL : "<p>Not the server</p>");
			response.end();
		});
		fake.listen(0, "127.0.0.1");
		await until(() => fake.listening, "the fake server");
		const url = `http://127.0.0.1:${(fake.address() as AddressInfo).port}/prefix`;
		const { code, stderr } = await varve(
			["import", "--source", "x", "--url", url],
			{},
			'{"stream":"a/é %","type":"T"}',
		);
		fake.close();
		expect(code).toBe(0);
		expect(stderr).toContain("the server's disk is full; trying again");
		expect(stderr).toContain("the answer is 404 Not Found (text/html): <p>Not the server</p>");
		expect(seen).toEqual(Array(8).fill("POST /prefix/streams/a%2F%C3%A9%20%25"));
	});
});

const HEADERS: Readonly<Record<string, Record<string, string>>> = {
	"507": { "Content-Type": "application/problem+json" },
	"404": { "Content-Type": "text/html" },
	"302": { Location: "http://login.example/" },
	"201": { Location: "http://h/prefix/streams/a%2F%C3%A9%20%25/0" },
};
const DISK_FULL = JSON.stringify({
	type: "urn:varve:problem:disk-full",
	title: "Disk full",
	status: 507,
	detail: "The server's disk is full.",
});
