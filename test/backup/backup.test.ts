import {
	chmodSync,
	closeSync,
	copyFileSync,
	existsSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { backUp } from "../../src/backup/backup.ts";
import { restore } from "../../src/backup/restore.ts";
import type { Log } from "../../src/log/log.ts";
import { lockDirectory } from "../../src/log/sqlite/files/claim.ts";
import { raiseIncarnation } from "../../src/log/sqlite/files/incarnation.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { append, event, events, read, refusal } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { alter, appendEverything, contentOf } from "./store.ts";

let log: Log;
let data: string;
let target: string;

beforeEach(async () => {
	data = newDirectory();
	target = join(newDirectory(), "backup");
	log = await openSqliteLog(data);
	await appendEverything(log);
});
afterEach(() => log.close());

const EVENTS = 13;
/** Without the empty files that an orderly end leaves for SQLite. */
const filesIn = (folder: string) =>
	readdirSync(folder)
		.filter((name) => !/-(wal|shm)$/.test(name))
		.sort();
const unusable = (reason: RegExp, path = target) => [
	"backup-unusable",
	{ path, reason: expect.stringMatching(reason) },
];
const plain = { verify: true, sameHistory: false };

describe("a backup", () => {
	test("of an open log holds every row of every table, and nothing more is left in it", async () => {
		expect(await backUp(data, target, true)).toMatchObject({
			events: EVENTS,
			added: EVENTS,
			incarnation: 1,
			verification: { ok: true, events: EVENTS, faults: [] },
		});
		expect(contentOf(target)).toEqual(contentOf(data));
		expect(readdirSync(target).sort()).toEqual(["backup.json", "lock", "log.sqlite"]);
		const mark = JSON.parse(readFileSync(join(target, "backup.json"), "utf8"));
		expect(mark).toMatchObject({ of: data, events: EVENTS, incarnation: 1, verified: true });
	});

	test("is brought up to date by what was appended, and only that", async () => {
		await backUp(data, target, true);
		expect(await backUp(data, target, true)).toMatchObject({ events: EVENTS, added: 0 });
		await append(log, "order-1", events(2));
		await append(log, "$$order-1", [event({ data: Buffer.from('{"$maxAge":10}') })]);
		await append(log, "new-1", events(1, { type: "Unseen" }));
		expect(await backUp(data, target, true)).toMatchObject({
			events: EVENTS + 4,
			added: 4,
			verification: { ok: true },
		});
		expect(contentOf(target)).toEqual(contentOf(data));
	});

	test("holds the key that signs for the log, which stays a secret", async () => {
		writeFileSync(join(data, "log.key"), "the key");
		await backUp(data, target, false);
		writeFileSync(join(data, "log.key"), "another key");
		await backUp(data, target, false);
		const directory = join(newDirectory(), "data");
		await restore(target, directory, plain);
		for (const folder of [target, directory]) {
			const file = join(folder, "log.key");
			expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([
				"another key",
				0o600,
			]);
		}
		expect(readdirSync(target).sort()).toEqual(["backup.json", "lock", "log.key", "log.sqlite"]);
	});

	test("of an empty log is one, too", async () => {
		const empty = newDirectory();
		await (await openSqliteLog(empty)).close();
		expect(await backUp(empty, target, true)).toMatchObject({ events: 0, added: 0 });
		const restored = await restore(target, join(newDirectory(), "data"), plain);
		expect(restored).toMatchObject({ verification: { ok: true, events: 0 } });
	});

	test("is taken through links and names of any kind", async () => {
		const folder = newDirectory();
		symlinkSync(data, join(folder, "data"));
		mkdirSync(join(folder, "real"));
		symlinkSync(join(folder, "real"), join(folder, "link"));
		const odd = join(folder, "link", "Sicherung 100 % – 'ö'?#");
		await backUp(join(folder, "data"), odd, true);
		expect(contentOf(odd)).toEqual(contentOf(data));
	});

	test("that is interrupted is no backup, and the next run goes on with it", async () => {
		await append(log, "many", events(4000));
		const stop = new AbortController();
		const copying = () => stop.abort();
		await expect(backUp(data, target, true, { signal: stop.signal, copying })).rejects.toThrow(
			/abort/,
		);
		expect(existsSync(join(target, "log.sqlite"))).toBe(false);
		const partial = new Database(join(target, "partial", "log.sqlite"), { readonly: true });
		const copied = partial.prepare("SELECT count(*) FROM events").pluck().get();
		partial.close();
		expect(copied).toBeGreaterThan(0);
		expect(await refusal(restore(target, newDirectory(), plain))).toEqual(
			unusable(/never finished/),
		);
		await append(log, "order-1", events(3));
		expect(await backUp(data, target, true)).toMatchObject({ events: EVENTS + 4003 });
		expect(contentOf(target)).toEqual(contentOf(data));
	});

	test("that is interrupted while it is brought up to date stays what it was", async () => {
		await backUp(data, target, true);
		const before = contentOf(target);
		await append(log, "many", events(2000));
		const stop = new AbortController();
		const copying = () => stop.abort();
		await expect(backUp(data, target, true, { signal: stop.signal, copying })).rejects.toThrow(
			/abort/,
		);
		expect(contentOf(target)).toEqual(before);
		expect(await backUp(data, target, true)).toMatchObject({ added: 2000 });
	});

	test("is of one history: another, a shorter or a foreign one is refused", async () => {
		await backUp(data, target, true);
		const before = contentOf(target);
		const other = newDirectory();
		const foreign = await openSqliteLog(other);
		await append(foreign, "order-1", events(2));
		expect(await refusal(backUp(other, target, true))).toEqual(unusable(/13 events, the store 2/));
		await append(foreign, "order-1", events(20));
		expect(await refusal(backUp(other, target, true))).toEqual(unusable(/another store/));
		await foreign.close();
		await log.close();
		raiseIncarnation(data);
		expect(await refusal(backUp(data, target, true))).toEqual(unusable(/number 1, .* number 2/));
		expect(contentOf(target)).toEqual(before);
	});

	test("is refused a target that makes no sense, which is left as it is", async () => {
		const inside = join(data, "backup");
		expect(await refusal(backUp(data, inside, true))).toEqual(unusable(/inside/, inside));
		expect(await refusal(backUp(data, data, true))).toEqual(unusable(/inside/, data));
		const link = join(newDirectory(), "link");
		symlinkSync(data, link);
		expect(await refusal(backUp(data, link, true))).toEqual(unusable(/inside/, link));
		const above = join(data, "..");
		expect((await refusal(backUp(data, above, true)))[0]).toBe("backup-unusable");
		const file = join(newDirectory(), "file");
		writeFileSync(file, "");
		expect(await refusal(backUp(data, file, true))).toEqual(unusable(/is a file/, file));
		const filled = newDirectory();
		writeFileSync(join(filled, "thesis.txt"), "");
		expect(await refusal(backUp(data, filled, true))).toEqual(unusable(/something else/, filled));
		const store = newDirectory();
		await (await openSqliteLog(store)).close();
		expect(await refusal(backUp(data, store, true))).toEqual(unusable(/not a backup/, store));
		const nothing = newDirectory();
		expect((await refusal(backUp(nothing, target, true)))[0]).toBe("data-directory-unusable");
		expect([readdirSync(filled), readdirSync(nothing)]).toEqual([["thesis.txt"], []]);
		expect(existsSync(inside)).toBe(false);
	});

	test("is made by one process at a time, and is served by none", async () => {
		await backUp(data, target, true);
		const lock = lockDirectory(target);
		const inUse = ["data-directory-in-use", { path: target }];
		expect(await refusal(backUp(data, target, true))).toEqual(inUse);
		expect(await refusal(restore(target, newDirectory(), plain))).toEqual(inUse);
		lock.close();
		expect((await refusal(openSqliteLog(target)))[1]).toMatchObject({
			reason: expect.stringMatching(/is a backup/),
		});
	});

	test("of a damaged log says so, and what was there before stays", async () => {
		await backUp(data, target, true);
		const before = contentOf(target);
		await append(log, "many", events(2000));
		await log.close();
		const copy = newDirectory();
		copyFileSync(join(data, "log.sqlite"), join(copy, "log.sqlite"));
		damage(join(copy, "log.sqlite"), -4096 * 10, 4096 * 10);
		expect((await refusal(backUp(copy, target, true)))[0]).toMatch(/unusable/);
		expect(contentOf(target)).toEqual(before);
		const first = join(newDirectory(), "first");
		expect((await refusal(backUp(copy, first, true)))[0]).toMatch(/unusable/);
		expect(existsSync(join(first, "log.sqlite"))).toBe(false);
	});

	test("knows when it was last found sound, whoever else brings it up to date", async () => {
		const markOf = () => JSON.parse(readFileSync(join(target, "backup.json"), "utf8"));
		for (const more of [0, 2]) {
			await append(log, "order-1", events(more));
			expect((await backUp(data, target, false)).lastCheck).toEqual({});
			expect(markOf()).toMatchObject({ verified: false });
			expect(markOf()).not.toHaveProperty("lastVerified");
		}
		const { lastCheck } = await backUp(data, target, true);
		expect(Date.parse(lastCheck.lastVerified ?? "")).toBeLessThanOrEqual(Date.now());
		await append(log, "order-1", events(2));
		expect((await backUp(data, target, false)).lastCheck).toEqual(lastCheck);
		expect(markOf()).toMatchObject({ verified: false, events: EVENTS + 4, ...lastCheck });
		const stop = new AbortController();
		const watch = { signal: stop.signal, verifying: () => stop.abort() };
		await expect(backUp(data, target, true, watch)).rejects.toThrow(/abort/);
		expect(markOf()).toMatchObject({ verified: false, ...lastCheck });

		alter(target, "DELETE FROM places WHERE position = 1");
		const { verification, lastCheck: damaged } = await backUp(data, target, true);
		expect(damaged).toEqual({ faults: verification?.faults.length });
		expect(damaged.faults).toBeGreaterThan(0);
		expect((await backUp(data, target, false)).lastCheck).toEqual(damaged);
		expect(markOf()).not.toHaveProperty("lastVerified");
	});

	test("of before that was noted was verified where its last run says so", async () => {
		await backUp(data, target, true);
		const mark = { of: data, finished: "2026-01-02T03:04:05.678Z", events: EVENTS, incarnation: 1 };
		for (const verified of [true, false]) {
			writeFileSync(join(target, "backup.json"), JSON.stringify({ ...mark, verified }));
			const { lastCheck } = await backUp(data, target, false);
			expect(lastCheck.lastVerified).toBe(verified ? mark.finished : undefined);
		}
	});

	test("of a log that is wrong in itself fails its verification and is not put in place", async () => {
		await log.close();
		alter(data, "DELETE FROM places WHERE key = 2");
		expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: false } });
		expect(existsSync(join(target, "log.sqlite"))).toBe(false);
	});

	test("begins anew where a first copy was damaged, and not the store", async () => {
		const partial = join(target, "partial");
		const damages = [
			() => alter(partial, "DELETE FROM places WHERE position = 1"),
			() => writeFileSync(join(partial, "log.sqlite"), "no database ".repeat(1000)),
		];
		for (const damageIt of damages) {
			const stop = new AbortController();
			const watch = { signal: stop.signal, verifying: () => stop.abort() };
			await expect(backUp(data, target, true, watch)).rejects.toThrow(/abort/);
			damageIt();
			const run = await backUp(data, target, true).catch(() => undefined);
			expect(run?.verification?.ok).not.toBe(true);
			expect(existsSync(partial)).toBe(false);
		}
		expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
		expect(contentOf(target)).toEqual(contentOf(data));
	});
});

describe("a backup of an older version", () => {
	const older = fileURLToPath(new URL("../log/sqlite/stores/0002.sqlite", import.meta.url));
	beforeEach(() => {
		mkdirSync(target);
		copyFileSync(older, join(target, "log.sqlite"));
		writeFileSync(join(target, "backup.json"), "{}");
	});

	test("is restored, and stays as it is", async () => {
		const directory = join(newDirectory(), "data");
		const restored = await restore(target, directory, plain);
		expect(restored).toMatchObject({ verification: { ok: true, events: 62 } });
		expect(readFileSync(join(target, "log.sqlite")).equals(readFileSync(older))).toBe(true);
		expect(filesIn(directory)).toEqual(["incarnation", "lock", "log.sqlite"]);
	});

	test("is left alone as long as the store is of that version, too", async () => {
		const store = newDirectory();
		copyFileSync(older, join(store, "log.sqlite"));
		expect((await refusal(backUp(store, target, true)))[1]).toMatchObject({
			reason: expect.stringMatching(/use the version that serves it/),
		});
		expect(readFileSync(join(target, "log.sqlite")).equals(readFileSync(older))).toBe(true);
	});

	test("goes on with the store, once that was upgraded", async () => {
		const upgraded = newDirectory();
		copyFileSync(older, join(upgraded, "log.sqlite"));
		const store = await reopened(upgraded);
		await append(store, "order-9", events(2));
		expect(await backUp(upgraded, target, true)).toMatchObject({ events: 64, added: 2 });
		expect(contentOf(target)).toEqual(contentOf(upgraded));
	});

	test("that was never finished begins anew: its parts do not fit together to be upgraded", async () => {
		const upgraded = newDirectory();
		copyFileSync(older, join(upgraded, "log.sqlite"));
		await reopened(upgraded);
		const partial = join(target, "partial");
		mkdirSync(partial);
		renameSync(join(target, "log.sqlite"), join(partial, "log.sqlite"));
		alter(partial, "DELETE FROM entries; DELETE FROM streams WHERE id > 12");
		await backUp(upgraded, target, false);
		expect(contentOf(target)).toEqual(contentOf(upgraded));
	});
});

describe("a restore", () => {
	beforeEach(async () => {
		await backUp(data, target, true);
	});

	test("gives back every row, under a number no other history has", async () => {
		const directory = join(newDirectory(), "deep", "er");
		const started = Math.floor(Date.now() / 1000);
		const { incarnation = 0, verification } = await restore(target, directory, plain);
		expect(filesIn(directory)).toEqual(["incarnation", "lock", "log.sqlite"]);
		expect(verification).toMatchObject({ ok: true, events: EVENTS });
		expect(incarnation).toBeGreaterThanOrEqual(started);
		expect(contentOf(directory)).toEqual({
			...contentOf(data),
			store: [{ ...(contentOf(data).store?.[0] as object), incarnation }],
			histories: [{ incarnation, first: EVENTS }],
		});
		const restored = await openSqliteLog(directory);
		expect(restored.incarnation).toBe(incarnation);
		await append(restored, "order-1", events(1), 2);
		expect(await restored.verify()).toMatchObject({ ok: true, events: EVENTS + 1 });
		await restored.close();
	});

	test("keeps the number where the history is the same, and takes one that is given", async () => {
		const [moved, chosen] = [join(newDirectory(), "a"), join(newDirectory(), "b")];
		const same = { verify: true, sameHistory: true };
		expect(await restore(target, moved, same)).toMatchObject({ incarnation: 1 });
		expect(contentOf(moved)).toEqual(contentOf(data));
		const given = { ...plain, incarnation: 2 };
		expect(await restore(target, chosen, given)).toMatchObject({ incarnation: 2 });
	});

	test("overwrites nothing", async () => {
		const before = contentOf(data);
		expect(await refusal(restore(target, data, plain))).toEqual([
			"data-directory-unusable",
			{ path: data, reason: expect.stringMatching(/holds a log/) },
		]);
		const filled = newDirectory();
		writeFileSync(join(filled, "thesis.txt"), "");
		expect(await refusal(restore(target, filled, plain))).toEqual([
			"data-directory-unusable",
			{ path: filled, reason: "it is not empty: it holds thesis.txt" },
		]);
		const used = newDirectory();
		const lock = lockDirectory(used);
		expect((await refusal(restore(target, used, plain)))[0]).toBe("data-directory-in-use");
		lock.close();
		expect([readdirSync(filled), contentOf(data)]).toEqual([["thesis.txt"], before]);
	});

	test("of what is no backup is refused, and leaves no directory", async () => {
		const directory = join(newDirectory(), "data");
		const none = join(newDirectory(), "none");
		expect(await refusal(restore(none, directory, plain))).toEqual(unusable(/nothing there/, none));
		const empty = newDirectory();
		expect(await refusal(restore(empty, directory, plain))).toEqual(unusable(/no backup/, empty));
		const foreign = newDirectory();
		new Database(join(foreign, "log.sqlite")).exec("CREATE TABLE theirs (a)").close();
		expect(await refusal(restore(foreign, directory, plain))).toEqual(
			unusable(/another program/, foreign),
		);
		expect(await refusal(restore(data, directory, plain))).toEqual([
			"data-directory-in-use",
			{ path: data },
		]);
		expect(existsSync(directory)).toBe(false);
	});

	test("of a backup cut short, or with a page overwritten, is refused", async () => {
		const file = join(target, "log.sqlite");
		const whole = readFileSync(file);
		for (const kept of [whole.length - 4096 * 3, 4096 * 2 + 100, 50, 0]) {
			truncateSync(file, kept);
			await expectNothingRestored();
			writeFileSync(file, whole);
		}
		for (let at = 4096; at < whole.length; at += 4096) {
			damage(file, at, 64);
			await expectNothingRestored();
			writeFileSync(file, whole);
		}
		expect(await restore(target, join(newDirectory(), "x"), plain)).toMatchObject({
			verification: { ok: true },
		});
	});

	test("takes back what an interrupted backup had begun to write", async () => {
		const before = contentOf(target);
		const file = join(target, "log.sqlite");
		const torn = newDirectory();
		// A process that dies within its transaction leaves the file and its journal as they are here.
		const database = new Database(file);
		database.pragma("cache_size = 1");
		database.exec("BEGIN; DROP TRIGGER events_are_never_updated; UPDATE events SET type = 'x'");
		for (const name of ["log.sqlite", "log.sqlite-journal"])
			copyFileSync(join(target, name), join(torn, name));
		database.exec("ROLLBACK");
		database.close();
		const directory = join(newDirectory(), "data");
		await restore(torn, directory, { verify: true, sameHistory: true });
		expect(contentOf(directory)).toEqual(before);
	});

	test("reads a backup that nobody may write to", async () => {
		chmodSync(join(target, "log.sqlite"), 0o400);
		rmSync(join(target, "lock"));
		chmodSync(target, 0o500);
		const directory = join(newDirectory(), "data");
		await restore(target, directory, { verify: true, sameHistory: true });
		chmodSync(target, 0o700);
		expect(contentOf(directory)).toEqual(contentOf(data));
	});

	test("that was interrupted is no log to a server, and is done anew", async () => {
		const directory = newDirectory();
		mkdirSync(join(directory, "restoring"));
		writeFileSync(join(directory, "restoring", "log.sqlite"), "half");
		writeFileSync(join(directory, "incarnation"), "7\n");
		expect((await refusal(openSqliteLog(directory)))[1]).toMatchObject({
			reason: expect.stringMatching(/did not finish/),
		});
		await restore(target, directory, plain);
		expect((await read(await reopened(directory), "$all")).entries).not.toHaveLength(0);
	});

	async function expectNothingRestored(): Promise<void> {
		const directory = join(newDirectory(), "data");
		const outcome = await restore(target, directory, plain).catch((error: unknown) => error);
		expect(outcome).toEqual(
			outcome instanceof Error
				? expect.objectContaining({ word: expect.stringMatching(/unusable/) })
				: expect.objectContaining({
						incarnation: undefined,
						verification: expect.objectContaining({ ok: false }),
					}),
		);
		expect(existsSync(directory)).toBe(false);
	}
});

const opened: Log[] = [];
afterAll(() => Promise.all(opened.map((one) => one.close())));

async function reopened(directory: string): Promise<Log> {
	const again = await openSqliteLog(directory);
	opened.push(again);
	return again;
}

/** Overwrites bytes of a file; from its end where `at` is negative. */
function damage(file: string, at: number, bytes: number): void {
	const from = at < 0 ? readFileSync(file).length + at : at;
	const descriptor = openSync(file, "r+");
	writeSync(descriptor, Buffer.alloc(bytes, 0xa5), 0, bytes, from);
	closeSync(descriptor);
}
