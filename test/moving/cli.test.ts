/** A store with every kind of erasure, delete, link and metadata is moved by the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { newDirectory, removeDirectories, type Server, startServer, varve } from "../cli/varve.ts";
import { type Older, startOlder } from "./older.ts";
import { fill } from "./store.ts";

let source: Server;
/** The export of the source. */
let file: string;
let lines: string[];

beforeAll(async () => {
	const data = newDirectory();
	const clock = { now: Date.UTC(2024, 0, 1) };
	const log = await openSqliteLog(data, DEFAULT_LOG_LIMITS, { clock: () => clock.now });
	await fill(log, clock);
	await log.close();
	source = await startServer(data);
	const { code, stdout, stderr } = await varve(["export", "--url", source.url]);
	expect([code, stderr]).toEqual([0, ""]);
	file = join(newDirectory(), "log.ndjson");
	writeFileSync(file, stdout);
	lines = stdout.trimEnd().split("\n");
});
afterAll(async () => {
	await source.stop();
	removeDirectories();
});

const into = (server: Server, ...options: string[]) => ["import", "--url", server.url, ...options];
const compared = (copy: Server, ...options: string[]) =>
	varve(["compare", source.url, copy.url, ...options]);

async function stopSound(server: Server): Promise<void> {
	await server.stop();
	expect(await varve(["verify", "--data", server.data])).toMatchObject({ code: 0, stderr: "" });
}

test("export into import makes an equal store", async () => {
	const copy = await startServer();
	const imported = await varve(into(copy, "--exact", file));
	expect(imported).toMatchObject({ code: 0, stderr: "" });
	expect(imported.stdout).toContain(`imported ${lines.length} events into`);
	const { code, stdout, stderr } = await compared(copy);
	expect([code, stdout, stderr]).toEqual([
		0,
		expect.stringMatching(
			new RegExp(`^equal: ${lines.length} events, \\d+ of them erased; \\d+ streams`),
		),
		"",
	]);
	expect((await varve(["export", "--url", copy.url])).stdout).toBe(readFileSync(file, "utf8"));
	const again = await varve(into(copy), {}, readFileSync(file, "utf8"));
	expect(again.stdout).toContain(`imported ${lines.length} events (${lines.length} already there)`);
	await stopSound(copy);
});

test("an import that was interrupted goes on where it was", async () => {
	// It may take less at once than an import would send.
	const limits = ["--events-per-append-max", "9", "--body-bytes-max", "20000"];
	const copy = await startServer(undefined, undefined, [...limits, "--event-bytes-max", "9000"]);
	const backup = join(newDirectory(), "backup");
	for (const part of [7, 60, lines.length]) {
		const imported = await varve(into(copy), {}, `${lines.slice(0, part).join("\n")}\n`);
		expect(imported).toMatchObject({ code: 0, stderr: "" });
		// A backup of it is sound wherever the import stands.
		const made = await varve(["backup", "--data", copy.data, backup]);
		expect([made.code, made.stdout]).toEqual([0, expect.stringContaining("verified")]);
	}
	expect((await compared(copy)).code).toBe(0);
	await stopSound(copy);
});

/** What a read of a stream shows: ids and content, in order. */
async function shownIn(server: Server, stream: string): Promise<string[]> {
	const headers = { Accept: "application/x-ndjson", "ES-ResolveLinkTos": "true" };
	const answer = await fetch(`${server.url}/streams/${encodeURIComponent(stream)}`, { headers });
	if (answer.status !== 200) return [String(answer.status)];
	const shown = (await answer.text()).trimEnd().split("\n");
	return shown.map((line) => {
		const { id, type, data, dataBase64, metadata } = JSON.parse(line);
		return JSON.stringify({ id, type, data, dataBase64, metadata });
	});
}

const NAMES =
	"order-1 order-2 early-1 person-1 ln back-1 back-2 back-3 away ended empty-metadata many";

test("where places cannot be kept, streams show the same events, and links lead to them", async () => {
	const copy = await startServer();
	await varve(["append", "other", "--type", "Own", "--url", copy.url]);
	const imported = await varve(into(copy, "--in-flight", "1", file));
	expect(imported.code).toBe(0);
	expect(imported.stderr).toContain("the server holds other events already");
	expect(imported.stderr).toMatch(/scavenged events, which have no place in the copy: \d+/);
	const same = async () => {
		for (const stream of [...NAMES.split(" "), "$ce-order", "$et-Counted"])
			expect([stream, await shownIn(copy, stream)]).toEqual([
				stream,
				await shownIn(source, stream),
			]);
	};
	await same();
	// The tombstone stands.
	const gone = await varve(["append", "ended", "--type", "T", "--url", copy.url]);
	expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("deleted")]);
	expect((await varve(["scavenge", "--url", copy.url])).code).toBe(0);
	await same();
	const again = await varve(into(copy, "--in-flight", "1", file));
	expect(again.code).toBe(0);
	await same();
	await stopSound(copy);
});

test("with many requests in flight, each stream is as its source, deleted and back", async () => {
	const copy = await startServer();
	expect((await varve(into(copy, "--renumber", file))).code).toBe(0);
	for (const stream of NAMES.split(" "))
		expect([stream, await shownIn(copy, stream)]).toEqual([stream, await shownIn(source, stream)]);
	await stopSound(copy);
});

test("a restored backup is equal to its source, but for the number of its history", async () => {
	const [backup, restored] = [join(newDirectory(), "backup"), join(newDirectory(), "restored")];
	const made = await varve(["backup", "--data", source.data, backup]);
	expect([made.code, made.stderr]).toEqual([0, expect.any(String)]);
	expect((await varve(["restore", "--data", restored, backup])).code).toBe(0);
	const server = await startServer(restored);
	const { code, stdout } = await compared(server);
	expect([code, stdout]).toEqual([
		0,
		expect.stringMatching(/^history 1 in SOURCE, \d+ in COPY.*\nequal: /),
	]);
	// And a copy of that one has its histories, once it is started again.
	const moved = (await varve(["export", "--url", server.url])).stdout;
	let copy = await startServer();
	const imported = await varve(into(copy, "--exact"), {}, moved);
	expect([imported.code, imported.stderr]).toEqual([
		0,
		expect.stringContaining("restart the server"),
	]);
	await copy.stop();
	copy = await startServer(copy.data);
	const again = await varve(["compare", server.url, copy.url]);
	expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^equal: /)]);
	await stopSound(copy);
	await server.stop();
});

test("compare tells what differs, and what cannot be compared", async () => {
	const copy = await startServer();
	await varve(into(copy, file));
	await varve(["redact", "order-2", "1", "--url", copy.url]);
	await varve(["append", "order-9", "--type", "T", "--url", copy.url]);
	const { code, stdout } = await compared(copy);
	expect(code).toBe(1);
	expect(stdout).toMatch(
		/^position \d+: 1@order-2: .*erased is absent in SOURCE, "redacted" in COPY/m,
	);
	expect(stdout).toMatch(/^position \d+: only COPY has it: 0@order-9$/m);
	expect(stdout).toMatch(/^order-9: a read shows a refusal, stream-not-found in SOURCE/m);
	expect(stdout).toMatch(/^different: 2 of \d+ events/m);
	await copy.stop();
	const gone = await varve(["compare", source.url, "http://127.0.0.1:1"]);
	expect([gone.code, gone.stdout]).toEqual([3, ""]);
	expect((await varve(["compare", source.url])).code).toBe(2);
});

test("one stream is exported whole, with what was erased and what is hidden", async () => {
	const { stdout } = await varve(["export", "order-1", "--url", source.url]);
	const events = stdout
		.trimEnd()
		.split("\n")
		.map((line) => JSON.parse(line));
	expect(events.map(({ version }) => version)).toEqual(events.map((_, index) => index));
	expect(events.map(({ erased }) => erased ?? "").slice(0, 6)).toEqual([
		...Array(5).fill("scavenged"),
		"",
	]);
	expect(events[6].data).toEqual({ i: 2 });
	const missing = await varve(["export", "nosuch", "--url", source.url]);
	expect([missing.code, missing.stdout]).toEqual([1, ""]);
	const index = await varve(["export", "$ce-order", "--url", source.url]);
	expect([index.code, index.stdout.split("\n")[0]]).toEqual([
		0,
		expect.stringContaining('"stream":"order-'),
	]);
});

describe("a server without these routes", () => {
	let older: Older;
	beforeAll(async () => {
		older = await startOlder(source.url);
	});
	afterAll(() => older.close());

	test("is exported as its reads show it, and that is said", async () => {
		const { code, stdout, stderr } = await varve(["export", "--url", older.url]);
		expect([code, stderr]).toEqual([0, expect.stringContaining("has no /admin/export for us")]);
		expect(stdout).not.toContain("scavenged");
		expect(stdout).toContain('"stream":"order-2"');
	});

	test("gets events with new numbers, and what it has not got is said; --exact refuses", async () => {
		const copy = await startServer();
		const behind = await startOlder(copy.url);
		const exact = await varve(["import", "--url", behind.url, "--exact", file]);
		expect([exact.code, exact.stdout]).toEqual([1, ""]);
		const imported = await varve(["import", "--url", behind.url, "--in-flight", "1", file]);
		expect([imported.code, imported.stderr]).toEqual([
			0,
			expect.stringContaining("takes no import"),
		]);
		expect(await shownIn(copy, "order-1")).toEqual(await shownIn(source, "order-1"));
		behind.close();
		await copy.stop();
	});

	test("is not compared", async () => {
		const { code, stderr } = await varve(["compare", source.url, older.url]);
		expect([code, stderr]).toEqual([3, expect.stringContaining("has no /admin/export")]);
	});
});

test("an export that is not as it was written is refused, and nothing is written", async () => {
	const copy = await startServer();
	const spoilt: [string[], string][] = [
		[lines.filter((_, at) => at !== 5), "line 6: its position is"],
		[[...lines.slice(0, 5), "{}"], "line 6: it "],
		[lines.map((line) => line.replace('"i":2', '"i":9')), "its hash is not that of its fields"],
		[lines.toReversed(), "the file is not the export of a whole log"],
	];
	for (const [all, reason] of spoilt) {
		const imported = await varve(into(copy, "--exact"), {}, `${all.join("\n")}\n`);
		expect([imported.code, imported.stderr]).toEqual([1, expect.stringContaining(reason)]);
	}
	for (const [all, reason] of spoilt.slice(0, 3)) {
		const dry = await varve(into(copy, "--dry-run"), {}, all.join("\n"));
		expect([dry.code, dry.stdout, dry.stderr]).toEqual([1, "", expect.stringContaining(reason)]);
	}
	const shuffled = await varve(
		into(copy, "--exact", "--dry-run"),
		{},
		lines.toReversed().join("\n"),
	);
	expect([shuffled.code, shuffled.stdout]).toEqual([1, ""]);
	const dry = await varve(into(copy, "--dry-run", file));
	expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/nothing was sent$/m)]);
	expect((await varve(["export", "--url", copy.url])).stdout).toBe("");
	await copy.stop();
});
