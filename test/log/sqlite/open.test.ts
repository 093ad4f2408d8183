import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { append, event, events, read, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const unusable = (reason: RegExp, path: string) => [
	"data-directory-unusable",
	{ path, reason: expect.stringMatching(reason) },
];

describe("a data directory", () => {
	test("is created, with its parents, and holds what was appended when opened again", async () => {
		const directory = join(newDirectory(), "deep", "er");
		const given = events(3, { metadata: Buffer.from('{"$correlationId":"c"}') });
		const first = await openSqliteLog(directory);
		const appended = await append(first, "order-1", given);
		const before = await read(first, "$all");
		await first.close();
		const left = ["lock", "log.sqlite", "log.sqlite-shm", "log.sqlite-wal"];
		expect(readdirSync(directory).sort()).toEqual(left);

		const second = await openSqliteLog(directory);
		expect(await read(second, "$all")).toEqual(before);
		expect(await append(second, "order-1", given)).toEqual({ ...appended, repeated: true });
		expect(await append(second, "order-1", [event()], 2)).toMatchObject({ first: 3, position: 3 });
		expect((await read(second, "$ce-order")).last).toBe(3);
		await second.close();
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, events: 4, streams: 1 });
	});

	test("is dated monotonically across a restart with the clock turned back", async () => {
		const directory = newDirectory();
		const late = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => 2_000_000 });
		await append(late, "a", events(1));
		await late.close();
		const early = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => 1_000_000 });
		await append(early, "a", events(1));
		const created = (await read(early, "a")).entries.map(({ event }) => event.created);
		expect(created).toEqual([2_000_000, 2_000_000]);
		await early.close();
	});

	test("belongs to one log at a time, in one process as in two", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		const inUse = ["data-directory-in-use", { path: directory }];
		expect(await refusal(openSqliteLog(directory))).toEqual(inUse);
		expect(openInAnotherProcess(directory)).toContain("data-directory-in-use");
		await append(log, "a", events(1));
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, events: 1 });
		await log.close();
		expect(openInAnotherProcess(directory)).toContain("opened");
		await (await openSqliteLog(directory)).close();
	});

	test("that is a file, or lies below one, is refused", async () => {
		const file = join(newDirectory(), "file");
		writeFileSync(file, "");
		expect(await refusal(openSqliteLog(file))).toEqual(unusable(/EEXIST/, file));
		const below = join(file, "data");
		expect(await refusal(openSqliteLog(below))).toEqual(unusable(/ENOTDIR/, below));
	});

	test("with a damaged or a foreign database is refused, and left as it is", async () => {
		const damaged = newDirectory();
		writeFileSync(join(damaged, "log.sqlite"), "no database at all ".repeat(1000));
		expect(await refusal(openSqliteLog(damaged))).toEqual(unusable(/not a database/, damaged));
		const foreign = newDirectory();
		new Database(join(foreign, "log.sqlite")).exec("CREATE TABLE theirs (a)").close();
		expect(await refusal(openSqliteLog(foreign))).toEqual(unusable(/another program/, foreign));
		// Refused, it holds no lock either.
		expect((await refusal(openSqliteLog(foreign)))[0]).toBe("data-directory-unusable");
	});

	test("has its WAL moved into the database, unless that is left to another process", async () => {
		for (const checkpoints of [true, false]) {
			const directory = newDirectory();
			const file = join(directory, "log.sqlite");
			const log = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { checkpoints });
			const large = () => event({ data: Buffer.alloc(1024 * 1024) });
			for (let i = 0; i < 40; i++) await append(log, "a", [large()]);
			expect(statSync(file).size > 32 * 1024 * 1024).toBe(checkpoints);
			await log.close();
			expect(await verifyDirectory(directory)).toMatchObject({ ok: true, events: 40 });
		}
	});

	test("without a log cannot be verified", async () => {
		const directory = newDirectory();
		expect(await refusal(verifyDirectory(directory))).toEqual(unusable(/holds no log/, directory));
		mkdirSync(join(directory, "log.sqlite"));
		expect((await refusal(verifyDirectory(directory)))[0]).toBe("data-directory-unusable");
	});
});

describe("a migration", () => {
	const known = migrationsFor("sqlite");
	const next = known.length + 1;
	const open = (directory: string, sql: string) =>
		openSqliteLog(directory, DEFAULT_LOG_LIMITS, {
			migrations: [...known, { number: next, sql }],
		});

	test("brings an older database forward with all it holds", async () => {
		const directory = newDirectory();
		const old = await openSqliteLog(directory);
		await append(old, "a", events(3));
		await old.close();
		const log = await open(directory, "CREATE TABLE later (a TEXT) STRICT");
		await append(log, "a", events(1), 2);
		expect(await log.verify()).toMatchObject({ ok: true, events: 4 });
		await log.close();
		const raw = new Database(join(directory, "log.sqlite"));
		expect(raw.pragma("user_version", { simple: true })).toBe(next);
		raw.close();
	});

	test("by a newer program is refused, and the database left alone", async () => {
		const directory = newDirectory();
		await (await open(directory, "CREATE TABLE later (a TEXT)")).close();
		expect(await refusal(openSqliteLog(directory))).toEqual([
			"newer-schema",
			{ path: directory, found: next, known: known.length },
		]);
	});

	test("that fails midway leaves nothing of itself", async () => {
		const directory = newDirectory();
		await (await openSqliteLog(directory)).close();
		const failing = open(directory, "CREATE TABLE later (a TEXT); INSERT INTO nowhere VALUES (1)");
		expect((await refusal(failing))[0]).toBe("data-directory-unusable");
		await (await open(directory, "CREATE TABLE later (a TEXT)")).close();
	});
});

/** Opens and closes the directory's log in a process of its own; returns what it says. */
function openInAnotherProcess(directory: string): string {
	const built = new URL("../../../dist/src/log/sqlite/log.js", import.meta.url);
	const script = `
		const { openSqliteLog } = await import(${JSON.stringify(built.href)});
		const log = await openSqliteLog(${JSON.stringify(directory)});
		await log.close();
		console.log("opened");`;
	const done = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
	return `${done.stdout}${done.stderr}`;
}
