/** What the files of a log hold after an erasure: nothing of it, wherever SQLite had put it. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import Database from "better-sqlite3";
import type { Log } from "../../../src/log/log.ts";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { claimDirectory } from "../../../src/log/sqlite/files/claim.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, name, read, scavenge, versions } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const MARKER = "somebody@example.com";

/** How often the files of a directory hold the text. */
function found(directory: string, text = MARKER): number {
	const files = [logFile(directory), `${logFile(directory)}-wal`].filter((file) =>
		existsSync(file),
	);
	const texts = files.map((file) => readFileSync(file).toString("latin1"));
	return texts.join("").split(text).length - 1;
}

const describeAs = (log: Log, stream: string, rule: object) => {
	const data = Buffer.from(JSON.stringify(rule));
	return append(log, `$$${stream}`, [event({ type: "$metadata", data })]);
};

/** Events of every size SQLite treats in its own way: within a page, and over many. */
function marked(count: number, random: () => number) {
	return Array.from({ length: count }, () => {
		const filler = "x".repeat(Math.floor(random() ** 4 * 20_000));
		const metadata = Buffer.from(`{"by":"${MARKER}"}`);
		return event({ data: Buffer.from(`{"mail":"${MARKER}","of":"${filler}"}`), metadata });
	});
}

test("nothing of what was scavenged or redacted, among much that was not", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	for (let round = 0; round < 30; round++) {
		await append(log, `gone-${round % 3}`, marked(10, Math.random));
		await append(log, "left", events(3, { data: Buffer.from('{"kept":"yes"}') }));
	}
	await append(log, "redacted", marked(3, Math.random));
	for (let version = 0; version < 3; version++) {
		await log.redact({ stream: name("redacted"), version, metadata: true });
	}
	for (const n of [0, 1]) await describeAs(log, `gone-${n}`, { $tb: 1000 });
	await log.delete({ stream: name("gone-2"), expected: "any", hard: true });
	expect(await scavenge(log)).toMatchObject({ events: 300 });
	expect(found(directory)).toBe(0);
	expect(found(directory, '"kept":"yes"')).toBeGreaterThanOrEqual(90);
	expect(versions(await read(log, "left"))).toHaveLength(90);
	expect(await log.verify()).toMatchObject({ ok: true, erased: 303 });
	await log.close();
	expect(found(directory)).toBe(0);
});

test("nothing of it either where a program without erasure had written the log", async () => {
	const directory = newDirectory();
	const release = claimDirectory(directory, migrationsFor("sqlite").slice(0, 2));
	const raw = new Database(logFile(directory));
	raw.exec("INSERT INTO streams VALUES (1, 'old'), (2, '$et-T'), (3, '$streams')");
	const insert = raw.prepare("INSERT INTO events VALUES (?, 1, ?, ?, 'T', 1000, 1, ?, x'')");
	const entry = raw.prepare("INSERT INTO entries VALUES (?, ?, ?)");
	for (let n = 0; n < 500; n++) {
		const id = Buffer.from(randomUUID().replaceAll("-", ""), "hex");
		insert.run(n, n, id, Buffer.from(`{"mail":"${MARKER}","of":"${"x".repeat(n * 10)}"}`));
		for (const stream of [1, 2]) entry.run(stream, n, n);
	}
	entry.run(3, 0, 0);
	raw.close();
	release();
	expect(found(directory)).toBeGreaterThanOrEqual(500);

	const log = await openSqliteLog(directory);
	await describeAs(log, "old", { $maxCount: 1 });
	expect(await scavenge(log)).toMatchObject({ events: 499 });
	expect(found(directory)).toBe(1);
	expect(await log.verify()).toMatchObject({ ok: true, events: 501, erased: 499 });
	await log.close();
});

test("nothing of it where the room of long gaps is won back, neighbours erased later included", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	const small = () => 0.3;
	for (const stream of ["before", "gone", "after", "gone", "after"]) {
		await append(log, stream, marked(stream === "gone" ? 2500 : 100, small));
	}
	await describeAs(log, "gone", { $tb: 5000 });
	expect(await scavenge(log)).toMatchObject({ events: 5000 });
	expect(found(directory)).toBe(2 * 300);
	const raw = new Database(logFile(directory), { readonly: true });
	const free = () => Number(raw.pragma("freelist_count", { simple: true }));
	const pages = Number(raw.pragma("page_count", { simple: true }));
	// Each event had some 250 bytes, of which the skeleton and its digests keep half; the room of
	// the margins is not won back.
	expect([free() > pages / 10, free(), pages]).toEqual([true, free(), pages]);

	// A gap that grows is packed where it grew.
	await append(log, "gone", marked(1500, small));
	await scavenge(log);
	await describeAs(log, "gone", { $tb: 6500 });
	await scavenge(log);
	raw.close();
	for (const stream of ["before", "after"]) await describeAs(log, stream, { $tb: 1000 });
	await scavenge(log);
	expect(found(directory)).toBe(0);
	expect(await log.verify()).toMatchObject({ ok: true, erased: 6801 });
	await log.close();
});

test("as soon as nobody reads what was before, where somebody did", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await append(
		log,
		"a",
		marked(20, () => 0),
	);
	const reader = new Database(logFile(directory), { readonly: true });
	reader.exec("BEGIN");
	reader.prepare("SELECT count(*) FROM events").get();
	await log.redact({ stream: name("a"), version: 7, metadata: true });
	// The snapshot of that reader is still whole, and so appends go on beside it.
	expect(reader.prepare("SELECT count(*) FROM events WHERE flags > 7").pluck().get()).toBe(0);
	await append(log, "a", events(1));
	await describeAs(log, "a", { $tb: 21 });
	await scavenge(log);
	expect(found(directory)).toBeGreaterThan(0);
	reader.close();
	while (found(directory) > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	await log.close();
});

test("as soon as nobody goes on with it, where a run was stopped", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await append(
		log,
		"a",
		marked(510, () => 0),
	);
	await describeAs(log, "a", { $tb: 1000 });
	const { next, events: erased } = await log.scavenge(0);
	expect([typeof next, erased]).toEqual(["number", 500]);
	// Two in each event.
	while (found(directory) > 2 * 10) await new Promise((resolve) => setTimeout(resolve, 50));
	expect(found(directory)).toBe(2 * 10);
	await log.close();
});

test("the counter of erasures is there again after a restart, and goes on", async () => {
	const directory = newDirectory();
	const first = await openSqliteLog(directory);
	await append(first, "a", events(3));
	await first.redact({ stream: name("a"), version: 0, metadata: false });
	await first.redact({ stream: name("a"), version: 1, metadata: false });
	await first.close();
	const second = await openSqliteLog(directory);
	expect(second.erasures).toBe(2);
	await second.redact({ stream: name("a"), version: 2, metadata: false });
	expect(second.erasures).toBe(3);
	await second.close();
	const late = [
		second.redact({ stream: name("a"), version: 2, metadata: false }),
		second.scavenge(0),
	];
	for (const refused of late) await expect(refused).rejects.toThrow("shutting-down");
});

test("closing while steps are under way leaves a log that verifies", async () => {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await append(log, "a", events(3000));
	await describeAs(log, "a", { $tb: 3000 });
	const running = scavenge(log).catch((error: unknown) => error);
	await log.scavenge(0);
	await log.close();
	expect(String(await running)).toMatch(/shutting-down|Object/);
	const again = await openSqliteLog(directory);
	await scavenge(again);
	expect(await again.verify()).toMatchObject({ ok: true, erased: 3000 });
	await again.close();
});
