/** A store with every kind of erasure, delete, link and metadata is moved by the command line. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { newDirectory, removeDirectories, type Server, startServer, varve } from "../cli/varve.ts";
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
	const copy = await startServer();
	for (const part of [7, 40, lines.length]) {
		const imported = await varve(into(copy), {}, `${lines.slice(0, part).join("\n")}\n`);
		expect(imported).toMatchObject({ code: 0, stderr: "" });
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

const NAMES = "order-1 order-2 early-1 person-1 ln back-1 back-2 away ended empty-metadata many";

test("where places cannot be kept, streams show the same events, and links lead to them", async () => {
	const copy = await startServer();
	await varve(["append", "other", "--type", "Own", "--url", copy.url]);
	const imported = await varve(into(copy, "--in-flight", "1", file));
	expect(imported.code).toBe(0);
	expect(imported.stderr).toContain("the server holds other events already");
	expect(imported.stderr).toMatch(/\d+ scavenged events have no place in the copy/);
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
