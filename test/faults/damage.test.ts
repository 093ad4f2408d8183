/** Files that are not as they were left: damaged, cut short, in part missing, or not to be written. */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { randomFrom, runSeed } from "../../test/feeds/random.ts";
import { newDirectory, removeDirectories, varve } from "../cli/varve.ts";
import { get } from "../http/ask.ts";
import * as log from "../log/asking.ts";
import { closeStore, event, events, expectSound, openStore } from "./store.ts";

const BIN = fileURLToPath(new URL("../../bin/varve", import.meta.url));
const PAGE_BYTES = 4096;
/** The user `nobody`: root may write anywhere. */
const NOBODY = 65_534;

afterAll(removeDirectories);

describe("a damaged page of the database", () => {
	test("fails the reads that need it, and those alone; verify finds it", async () => {
		const filled = await openStore();
		// The newest 256 events are needed to go on with the log's tree: the damage is before them.
		for (const stream of ["a-1", "b-1", "c-1"]) {
			expect((await filled.append(stream, events(200, "x".repeat(900)))).status).toBe(201);
		}
		await closeStore(filled);
		const file = join(filled.data, "log.sqlite");
		const pages = leavesOf(file, "events");
		const bytes = readFileSync(file);
		const damaged = pages[Math.floor(pages.length / 2)] as number;
		bytes.fill(0x55, (damaged - 1) * PAGE_BYTES, damaged * PAGE_BYTES);
		writeFileSync(file, bytes);

		const store = await openStore({ data: filled.data });
		const page = (stream: string) => get(`/streams/${stream}/0/forward/200?embed=body`);
		const answers = [];
		for (const stream of ["a-1", "b-1", "c-1"]) answers.push(await store.ask(page(stream)));
		expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
		expect(answers[1]?.json.type).toBe("urn:varve:problem:internal-error");
		expect((await store.append("c-1", [event()])).status).toBe(201);
		expect((await store.append("b-1", [event()])).status).toBe(201);
		expect((await store.ask(get("/streams/b-1/200"))).status).toBe(200);
		const { code, stderr } = await store.server.stop();
		expect([code, stderr]).toEqual([0, expect.stringContaining("SQLITE_CORRUPT")]);

		const verified = await varve(["verify", "--data", filled.data]);
		expect(verified.code).toBe(1);
		expect(`${verified.stdout}${verified.stderr}`).toMatch(/malformed|page/);
	});
});

describe("a WAL after a crash", () => {
	const BATCHES = 30;

	/** A directory as a crash leaves it: every batch in the WAL, none in the database. */
	async function crashed(): Promise<{ data: string; ids: string[][] }> {
		const open = newDirectory();
		const writing = await openSqliteLog(open);
		const ids: string[][] = [];
		for (let batch = 0; batch < BATCHES; batch++) {
			const sent = log.events(1 + (batch % 5), { data: Buffer.alloc(500 * (batch % 7), "x") });
			await log.append(writing, `s-${batch % 3}`, sent);
			ids.push(log.idsOf(sent));
		}
		const data = newDirectory();
		for (const file of ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"]) {
			copyFileSync(join(open, file), join(data, file));
		}
		await writing.close();
		return { data, ids };
	}

	/** What is there after all, as whole batches; fails where one is torn or out of order. */
	async function batchesIn(data: string, ids: readonly string[][]): Promise<number> {
		const opened = await openSqliteLog(data);
		expect(await opened.verify()).toMatchObject({ ok: true, faults: [] });
		const found = log.ids(await log.read(opened, "$all", { content: false }));
		const count = ids.findIndex((_, batch) => ids.slice(0, batch).flat().length === found.length);
		const batches = count === -1 ? ids.length : count;
		expect(found).toEqual(ids.slice(0, batches).flat());
		// And it goes on from there.
		await log.append(opened, "next", log.events(1), "no-stream");
		await opened.close();
		return batches;
	}

	const wal = (data: string) => join(data, "log.sqlite-wal");

	test("opens to the last whole batch before the place where it was cut", async () => {
		const random = randomFrom(runSeed());
		const { data, ids } = await crashed();
		const whole = readFileSync(wal(data));
		const database = readFileSync(join(data, "log.sqlite"));
		const lengths = [0, 31, 33, whole.length - 1, whole.length];
		for (let i = 0; i < 4; i++) lengths.push(random.upTo(whole.length));
		const kept: number[] = [];
		for (const length of lengths.sort((a, b) => a - b)) {
			writeFileSync(join(data, "log.sqlite"), database);
			writeFileSync(wal(data), whole.subarray(0, length));
			rmSync(join(data, "log.sqlite-shm"), { force: true });
			kept.push(await batchesIn(data, ids));
		}
		expect([kept[0], kept.at(-1)]).toEqual([0, BATCHES]);
		expect(kept).toEqual(kept.toSorted((a, b) => a - b));
	});

	test("opens to the last whole batch before the garbage in it", async () => {
		const random = randomFrom(runSeed());
		const { data, ids } = await crashed();
		const whole = readFileSync(wal(data));
		const database = readFileSync(join(data, "log.sqlite"));
		for (let i = 0; i < 5; i++) {
			const at = random.upTo(whole.length);
			const garbled = Buffer.from(whole);
			for (let byte = at; byte < Math.min(at + 1 + random.upTo(64), whole.length); byte++) {
				garbled[byte] = (garbled[byte] as number) ^ (1 + random.upTo(255));
			}
			writeFileSync(join(data, "log.sqlite"), database);
			writeFileSync(wal(data), garbled);
			rmSync(join(data, "log.sqlite-shm"), { force: true });
			expect(await batchesIn(data, ids)).toBeLessThan(BATCHES);
		}
		const behind = Buffer.concat([whole, Buffer.alloc(20_000, 0x5a)]);
		writeFileSync(join(data, "log.sqlite"), database);
		writeFileSync(wal(data), behind);
		expect(await batchesIn(data, ids)).toBe(BATCHES);
	});

	test.each([
		["missing", (file: string) => rmSync(file)],
		["garbage", (file: string) => writeFileSync(file, Buffer.alloc(32_768, 0xa5))],
		["cut short", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100))],
	])("needs no index: one that is %s is made anew", async (_, spoil) => {
		const { data, ids } = await crashed();
		spoil(join(data, "log.sqlite-shm"));
		expect(await batchesIn(data, ids)).toBe(BATCHES);
	});
});

describe("a directory that may not be written", () => {
	const isRoot = process.getuid?.() === 0;

	/** Runs a verb as a user whom the file modes bind. */
	function run(...args: string[]) {
		return spawnSync(process.execPath, [BIN, ...args], {
			encoding: "utf8",
			env: { PATH: process.env.PATH },
			...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
		});
	}

	const canRun = run("help").status === 0;
	if (!canRun) console.warn("SKIPPED: nobody but root may run this program");

	(canRun ? test : test.skip)("refuses the start, and says why", async () => {
		const empty = newDirectory();
		const filled = await openStore();
		await filled.append("a", events(3));
		await closeStore(filled);
		const below = join(empty, "deeper");
		for (const file of ["lock", "log.sqlite"]) chmodSync(join(filled.data, file), 0o444);
		for (const directory of [empty, filled.data]) chmodSync(directory, 0o555);
		const before = statSync(join(filled.data, "log.sqlite")).mtimeMs;
		for (const data of [empty, below, filled.data]) {
			const { status, stdout, stderr } = run("serve", "--port", "0", "--data", data);
			expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
			expect(stderr).toMatch(/^varve: \S+ cannot be used: .*(CANTOPEN|READONLY|EACCES).*\n$/);
		}
		expect(statSync(join(filled.data, "log.sqlite")).mtimeMs).toBe(before);
		for (const directory of [empty, filled.data]) chmodSync(directory, 0o755);
		for (const file of ["lock", "log.sqlite"]) chmodSync(join(filled.data, file), 0o644);
		await expectSound(filled.data);
	});
});

/** The pages that hold the rows of a table, in order. */
function leavesOf(file: string, table: string): number[] {
	const database = new Database(file, { readonly: true });
	const leaves = database.prepare(
		"SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
	);
	const pages = leaves.pluck().all(table) as number[];
	database.close();
	return pages;
}
