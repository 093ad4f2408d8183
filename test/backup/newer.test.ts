/** A later backup with much that is new: what it copies ahead of its one transaction. */
import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { backUp } from "../../src/backup/backup.ts";
import { restore } from "../../src/backup/restore.ts";
import type { Log } from "../../src/log/log.ts";
import { logFile } from "../../src/log/sqlite/files/directory.ts";
import { raiseIncarnation } from "../../src/log/sqlite/files/incarnation.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { append, events, name, refusal, scavenge } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { appendEverything, sumsOf } from "./store.ts";

/** More than one transaction takes. */
const MANY = 21_000;
const SECRET = "the secret of 42";

/** A store, its backup, and the store with much that is new. */
const [first, backup, later] = [newDirectory(), newDirectory(), newDirectory()];

let log: Log;
let data: string;
let target: string;
let newer: string;

beforeAll(async () => {
	const filling = await openSqliteLog(first);
	await appendEverything(filling);
	await filling.close();
	await backUp(first, backup, false);
	copyFileSync(logFile(first), logFile(later));
	const going = await openSqliteLog(later);
	await appendMany(going);
	await going.close();
});

beforeEach(async () => {
	[data, target] = [newDirectory(), newDirectory()];
	newer = join(target, "partial", "newer.sqlite");
	copyFileSync(logFile(later), logFile(data));
	for (const file of ["log.sqlite", "backup.json"])
		copyFileSync(join(backup, file), join(target, file));
	log = await openSqliteLog(data);
});
afterEach(() => log.close());

test("is interrupted without a change to the backup, and goes on where it was", async () => {
	const before = sumsOf(target);
	await interrupt(data);
	const copied = rowsIn(newer, "events");
	expect(copied).toBeGreaterThan(0);
	expect(sumsOf(target)).toEqual(before);
	const restored = join(newDirectory(), "data");
	await restore(target, restored, { verify: true, sameHistory: true });
	expect(sumsOf(restored)).toEqual(before);

	await append(log, "order-1", events(3));
	await interrupt(data);
	expect(rowsIn(newer, "events")).toBeGreaterThan(copied);
	await append(log, "many-1", events(3));
	expect(await backUp(data, target, true)).toMatchObject({
		added: MANY + 6,
		verification: { ok: true },
	});
	expect(sumsOf(target)).toEqual(sumsOf(data));
	expect(existsSync(join(target, "partial"))).toBe(false);
});

test("takes in what was erased after it was copied ahead", async () => {
	await interrupt(data);
	expect(readFileSync(newer).includes(SECRET)).toBe(true);
	await append(log, "many-0", events(1));
	await log.delete({ stream: name("many-0"), expected: "any", hard: false });
	await scavenge(log);
	for (const metadata of [false, true])
		await log.redact({ stream: name("many-1"), version: 0, metadata });
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(sumsOf(target)).toEqual(sumsOf(data));
});

test("holds no snapshot of the store while it copies ahead, nor while that goes to the backup", async () => {
	const journal = join(target, "log.sqlite-journal");
	const other = new Database(logFile(data));
	// It only asks who holds what, again and again: nothing of it has to outlive a crash.
	other.pragma("synchronous = OFF");
	other.exec("CREATE TABLE of_another_program (a)");
	const moved = { ahead: 0, merging: 0 };
	let over = false;
	const look = () => {
		if (over) return;
		// Once it holds a snapshot, only the first of these is not busy.
		other.exec("INSERT INTO of_another_program VALUES (1)");
		const [{ busy }] = other.pragma("wal_checkpoint(TRUNCATE)") as [{ busy: number }];
		if (busy === 0) moved[existsSync(journal) ? "merging" : "ahead"]++;
		setImmediate(look);
	};
	await backUp(data, target, false, { copying: look });
	over = true;
	other.exec("DROP TABLE of_another_program");
	other.close();
	expect(moved.ahead).toBeGreaterThan(3);
	expect(moved.merging).toBeGreaterThan(3);
	expect(sumsOf(target)).toEqual(sumsOf(data));
});

test("starts over where what was copied ahead is damaged, or not what follows the backup", async () => {
	const twin = newDirectory();
	copyFileSync(logFile(first), logFile(twin));
	await interrupt(data);
	const kept = readFileSync(newer);

	// The store was put back to what it was at the last backup, and went on otherwise.
	const other = await openSqliteLog(twin);
	await appendMany(other);
	await other.close();
	const otherTarget = join(newDirectory(), "backup");
	mkdirSync(join(otherTarget, "partial"), { recursive: true });
	for (const file of ["log.sqlite", "backup.json", "partial/newer.sqlite"])
		copyFileSync(join(target, file), join(otherTarget, file));
	expect(await backUp(twin, otherTarget, true)).toMatchObject({ verification: { ok: true } });
	expect(sumsOf(otherTarget)).toEqual(sumsOf(twin));

	writeFileSync(newer, "this is no database ".repeat(1000));
	await interrupt(data);
	truncateSync(newer, 4096);
	expect(await backUp(data, target, true)).toMatchObject({ added: MANY });

	// As a run leaves it that is killed between its last two steps.
	mkdirSync(join(target, "partial"));
	writeFileSync(newer, kept);
	await appendMany(log);
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(sumsOf(target)).toEqual(sumsOf(data));
});

test("does not take over an event that was altered after it was copied ahead", async () => {
	await interrupt(data);
	const before = sumsOf(target);
	const altered = new Database(newer);
	altered.exec("UPDATE events SET data = CAST(data || ' ' AS BLOB) WHERE position % 1000 = 0");
	altered.close();
	expect((await refusal(backUp(data, target, false)))[0]).toBe("backup-unusable");
	expect(sumsOf(target)).toEqual(before);
	// The store itself is sound, so the next run is.
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect(sumsOf(target)).toEqual(sumsOf(data));
});

test("is stopped while it is verified, and is the new one all the same", async () => {
	const stop = new AbortController();
	const verifying = () => setImmediate(() => stop.abort());
	const stopped = backUp(data, target, true, { signal: stop.signal, verifying });
	await expect(stopped).rejects.toThrow(/abort/);
	expect(sumsOf(target)).toEqual(sumsOf(data));
	const mark = JSON.parse(readFileSync(join(target, "backup.json"), "utf8"));
	expect(mark).toMatchObject({
		verified: false,
		events: rowsIn(join(data, "log.sqlite"), "events"),
	});
});

test("of an empty backup is of whatever history the store has by then", async () => {
	const empty = newDirectory();
	await (await openSqliteLog(empty)).close();
	rmSync(join(target, "log.sqlite"));
	rmSync(join(target, "backup.json"));
	await backUp(empty, target, true);
	const number = raiseIncarnation(empty);
	const filled = await openSqliteLog(empty);
	await appendMany(filled);
	await interrupt(empty);
	await filled.redact({ stream: name("many-1"), version: 0, metadata: true });
	await filled.close();
	// It may be raised once more while a run waits to go on.
	expect(raiseIncarnation(empty)).toBeGreaterThan(number);
	expect(await backUp(empty, target, true)).toMatchObject({
		added: MANY,
		verification: { ok: true },
	});
	expect(sumsOf(target)).toEqual(sumsOf(empty));
});

async function appendMany(to: Log): Promise<void> {
	const secret = { data: Buffer.from(JSON.stringify({ of: SECRET })) };
	for (let i = 0; i < MANY / 500; i++) await append(to, `many-${i % 20}`, events(500, secret));
}

/** Stops a run within its first transaction. */
async function interrupt(store: string): Promise<void> {
	const stop = new AbortController();
	const copying = () => stop.abort();
	const run = backUp(store, target, false, { signal: stop.signal, copying });
	await expect(run).rejects.toThrow(/abort/);
}

function rowsIn(file: string, table: string): number {
	const database = new Database(file, { readonly: true });
	try {
		return database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
	} finally {
		database.close();
	}
}
