import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Ended, ROOT, run, type Server, startServer, varve } from "./processes.ts";

// The first 2,000 events of a real history: files added, changed and deleted by several authors.
const SLICE = `${ROOT}test/data/git-history-2000.ndjson.gz`;
const AGGREGATE = `${ROOT}examples/aggregator/aggregate.js`;

type Line = {
	readonly stream: string;
	readonly type: string;
	readonly data: { readonly commit: string; readonly path: string; readonly blob?: string };
};

const expected = foldLines(gunzipSync(readFileSync(SLICE)).toString().trimEnd().split("\n"));

let directory: string;
let server: Server;

beforeAll(async () => {
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

/** The same answer by other means: everything in memory, straight from the file. */
function foldLines(texts: readonly string[]) {
	const lines = texts.map((text) => JSON.parse(text) as Line);
	const files = lines.filter(({ stream }) => stream.startsWith("file-"));
	const authored = lines.filter(({ type }) => type === "CommitAuthored");
	const alive = new Map(files.map(({ data }) => [data.path, data.blob]));
	const tree = [...alive]
		.filter(([, blob]) => blob !== undefined)
		.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
		.map(([path, blob]) => `${path} ${blob}\n`);
	const authors = tally(authored.map(({ stream }) => stream.replace("author-", "")));
	return {
		events: lines.length,
		streams: new Set(lines.map(({ stream }) => stream)).size,
		commits: new Set(authored.map(({ data }) => data.commit)).size,
		types: Object.fromEntries(tally(lines.map(({ type }) => type))),
		authors: authors.length,
		topAuthors: authors.slice(0, 5),
		mostChangedFiles: tally(files.map(({ data }) => data.path)).slice(0, 5),
		filesAtHead: tree.length,
		treeSha256: createHash("sha256").update(tree.join("")).digest("hex"),
	};
}

/** How often each name occurs, the most frequent first. */
function tally(names: readonly string[]): [name: string, count: number][] {
	const counts = new Map<string, number>();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
