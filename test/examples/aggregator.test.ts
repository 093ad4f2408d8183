import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Ended, ROOT, run, type Server, startServer, varve } from "./processes.ts";

// The first 2,000 events of a real history: files added, changed and deleted by several authors.
const SLICE = `${ROOT}test/data/git-history-2000.ndjson.gz`;
const AGGREGATE = `${ROOT}examples/aggregator/aggregate.js`;

let expected: { readonly events: number };
let directory: string;
let server: Server;

beforeAll(async () => {
	expected = (await import(`${ROOT}examples/aggregator/fold.js`)).foldLog(SLICE);
	directory = mkdtempSync(join(tmpdir(), "varve-aggregator-"));
	server = await startServer(join(directory, "data"));
	expect((await varve("import", SLICE, "--url", server.url)).code).toBe(0);
});

afterAll(async () => {
	await server?.stop();
	rmSync(directory, { recursive: true, force: true });
});

describe("the example aggregator", () => {
	test("finds what an independent fold over the same lines finds", async () => {
		const state = join(directory, "plain.sqlite");
		expect(await aggregate(state)).toMatchObject({ code: 0 });
		expect(await report(state)).toEqual(expected);
	});

	test("counts nothing twice and leaves nothing out when it is killed in mid-transaction", async () => {
		const state = join(directory, "killed.sqlite");
		// In the first transaction, inside a later one, at the last event of one, and once more.
		for (const after of ["1", "700", "500", "137"]) {
			const ended = await aggregate(state, [], { AGGREGATOR_CRASH_AFTER: after });
			expect(ended.signal).toBe("SIGKILL");
			expect((await report(state)).events).toBeLessThan(2000);
		}
		expect(await aggregate(state)).toMatchObject({ code: 0 });
		expect(await report(state)).toEqual(expected);
	});

	test("rebuilds the same state from nothing after a reset", async () => {
		const state = join(directory, "reset.sqlite");
		await aggregate(state, ["--stream", "$ce-author"]);
		expect((await aggregate(state)).stderr).toContain("--reset");
		expect(await aggregate(state, ["--reset"])).toMatchObject({ code: 0 });
		expect(await report(state)).toEqual(expected);
	});

	test("takes in nothing again when it is started a second time", async () => {
		const state = join(directory, "twice.sqlite");
		await aggregate(state);
		await aggregate(state);
		expect(await report(state)).toEqual(expected);
	});
});

test("the proof of the example passes, here with the first 300 events of its input", async () => {
	const lines = gunzipSync(readFileSync(SLICE)).toString().split("\n").slice(0, 300);
	const log = join(directory, "log.ndjson");
	writeFileSync(log, lines.join("\n"));
	const { code, stdout } = await run(`${ROOT}examples/aggregator/whole-log.js`, [log]);
	expect(stdout).toContain("killed 5 times");
	expect(code).toBe(0);
});

test("the files that its README names are there", () => {
	const page = readFileSync(`${ROOT}examples/aggregator/README.md`, "utf8");
	const named = [...page.matchAll(/(?:test|examples|bin)\/[\w./-]+\w/g)].map(([path]) => path);
	expect(named).toContain("test/data/git-history-2000.ndjson.gz");
	for (const path of named) expect([path, existsSync(ROOT + path)]).toEqual([path, true]);
});

function aggregate(
	state: string,
	args: readonly string[] = [],
	env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
	return run(AGGREGATE, ["--url", server.url, "--state", state, "--once", ...args], env);
}

async function report(state: string): Promise<{ events: number }> {
	return JSON.parse((await run(AGGREGATE, ["report", "--state", state])).stdout);
}
