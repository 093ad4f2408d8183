/** Stores of earlier versions, and the way to this one and back. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import type { StreamName } from "../../../src/event.ts";
import { DEFAULT_LOG_LIMITS, type Log } from "../../../src/log/log.ts";
import { type Migration, migrationsFor } from "../../../src/log/migrate.ts";
import type { Upgrade } from "../../../src/log/sqlite/files/upgrade.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { until, varve } from "../../cli/varve.ts";
import { append, event, events, name, read, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const STORES = fileURLToPath(new URL("stores/", import.meta.url));
const known = migrationsFor("sqlite");
const next = known.length + 1;
const stores = readdirSync(STORES).filter((file) => file.endsWith(".sqlite"));
/** What `stores/write.js` wrote down. */
type Expected = Record<string, { last: number; shown: string[] }>;

test("there is a store of every schema before this one", () => {
	const older = known.slice(0, -1).map(({ number }) => `000${number}.sqlite`);
	expect(stores).toEqual(expect.arrayContaining(older));
});

describe.each(stores)("a store of schema %s", (file) => {
	const schema = Number(basename(file, ".sqlite"));
	const original = readFileSync(join(STORES, file));
	let directory: string;
	let log: Log;

	beforeAll(async () => {
		directory = storeOf(file);
		log = await openSqliteLog(directory);
	});
	afterAll(() => log.close());

	test("is of that schema, and small", () => {
		const copy = join(storeOf(file), "log.sqlite");
		expect([schemaIn(copy), original.length < 200_000]).toEqual([schema, true]);
	});

	test("shows every event as it did, in every stream", async () => {
		const path = join(STORES, file.replace(".sqlite", ".expected.json"));
		const expected = JSON.parse(readFileSync(path, "utf8")) as Expected;
		for (const [stream, content] of Object.entries(expected))
			expect({ [stream]: await shownBy(log, stream) }).toEqual({ [stream]: content });
	});

	test("keeps its histories", async () => {
		const { last } = await read(log, "$all");
		// Only since schema 5 a log knows where its histories begin.
		const histories = schema < 5 ? [1, 1, 1] : [7, 1, 7];
		expect([log.incarnation, log.incarnationAt(0), log.incarnationAt(Number(last))]).toEqual(
			histories,
		);
	});

	test("passes verification, knows its events, and takes new ones", async () => {
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		const [first] = (await read(log, "empty")).entries;
		const again = event({ ...first?.event, isJson: false });
		expect(await append(log, "empty", [again])).toMatchObject({ first: 0, repeated: true });
		expect(await append(log, "order-1", events(2), 44)).toMatchObject({ first: 45 });
		const buried = append(log, "order-3", events(1));
		expect((await refusal(buried))[0]).toBe("stream-deleted");
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
	});

	test("stays beside it as it was, if anything had to change", () => {
		const copy = join(directory, `log.schema-${schema}.sqlite`);
		expect(existsSync(copy)).toBe(schema < known.length);
		if (schema < known.length) expect(readFileSync(copy).equals(original)).toBe(true);
	});
});

describe("an upgrade", () => {
	const slow = (rows: number) => `CREATE TABLE later (a INTEGER); INSERT INTO later
		WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ${rows}) SELECT x FROM c`;

	test("keeps the log as it was, and says so before it begins", async () => {
		const directory = await filled();
		const before = readFileSync(join(directory, "log.sqlite"));
		const copy = join(directory, `log.schema-${known.length}.sqlite`);
		const said: unknown[] = [];
		const log = await open(directory, "CREATE TABLE later (a)", {
			keepsCopy: true,
			onUpgrade: (upgrade) => said.push([upgrade, existsSync(copy)]),
		});
		await append(log, "a", events(1));
		await log.close();
		expect(said).toEqual([[{ found: known.length, known: next, copy }, false]]);
		expect(readFileSync(copy).equals(before)).toBe(true);

		// The way back: the older program is given the copy.
		copyFileSync(copy, join(directory, "log.sqlite"));
		const old = await openSqliteLog(directory);
		expect(await old.verify()).toMatchObject({ ok: true, events: 3 });
		await old.close();
	});

	test("keeps nothing where that was not wanted, nor of an empty directory", async () => {
		const directory = await filled();
		const options = { keepsCopy: false };
		await (await open(directory, "CREATE TABLE later (a)", options)).close();
		const whatIsLeft = ["lock", "log.sqlite", "log.sqlite-shm", "log.sqlite-wal"];
		expect(readdirSync(directory).sort()).toEqual(whatIsLeft);
		const empty = newDirectory();
		await (await openSqliteLog(empty)).close();
		expect(readdirSync(empty).sort()).toEqual(whatIsLeft);
	});

	test("that cannot keep the log is not begun", async () => {
		const directory = await filled();
		// What stands in its place is no file that could be replaced.
		spawnSync("mkdir", ["-p", join(directory, `log.schema-${known.length}.sqlite`, "x")]);
		const refused = await refusal(open(directory, "CREATE TABLE later (a)"));
		expect(refused[0]).toBe("data-directory-unusable");
		expect(schemaIn(join(directory, "log.sqlite"))).toBe(known.length);
	});

	test("waits for no other process that has the file open, and begins nothing", async () => {
		const directory = await filled();
		const other = new Database(join(directory, "log.sqlite"));
		other.prepare("SELECT count(*) FROM events").get();
		expect((await refusal(open(directory, "CREATE TABLE later (a)")))[1]).toMatchObject({
			reason: expect.stringMatching(/another process has it open/),
		});
		other.close();
		await (await open(directory, "CREATE TABLE later (a)")).close();
	});

	test("that is killed midway leaves the older schema and all events", async () => {
		const directory = await filled();
		const child = openInChild(directory, slow(1_000_000_000));
		const wal = join(directory, "log.sqlite-wal");
		await until(() => existsSync(wal) && statSync(wal).size > 4_000_000, "the migration");
		const exited = once(child, "exit");
		child.kill("SIGKILL");
		await exited;
		const log = await openSqliteLog(directory);
		expect(await log.verify()).toMatchObject({ ok: true, events: 3 });
		await log.close();
		expect(schemaIn(join(directory, "log.sqlite"))).toBe(known.length);
	});

	test("is done by one of two processes that start at once", async () => {
		const directory = await filled();
		const children = [0, 1].map(() => openInChild(directory, slow(300_000)));
		const said = await Promise.all(children.map(firstLine));
		for (const child of children) {
			const exited = once(child, "exit");
			child.stdin?.end();
			await exited;
		}
		expect(said.sort()).toEqual(["data-directory-in-use", "opened"]);
		expect(schemaIn(join(directory, "log.sqlite"))).toBe(next);
	});

	test("of all steps is one: a late failure undoes the earlier steps", async () => {
		const directory = await filled();
		const migrations = [
			...known,
			{ number: next, sql: "CREATE TABLE later (a)" },
			{ number: next + 1, sql: "INSERT INTO nowhere VALUES (1)" },
		];
		const failing = openSqliteLog(directory, DEFAULT_LOG_LIMITS, { migrations });
		expect((await refusal(failing))[0]).toBe("data-directory-unusable");
		expect(schemaIn(join(directory, "log.sqlite"))).toBe(known.length);
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, events: 3 });
	});

	test("back is refused: an older program leaves a newer log alone, and says what to do", async () => {
		const directory = await filled();
		await (await open(directory, "CREATE TABLE later (a)")).close();
		const bytes = readFileSync(join(directory, "log.sqlite"));
		const serve = await varve(["serve", "--port", "0", "--data", directory]);
		expect([serve.code, serve.stderr]).toEqual([
			1,
			expect.stringContaining(
				`not started: ${directory} was written by a newer varve (schema ${next}, this one knows ${known.length}); upgrade\n`,
			),
		]);
		const target = join(newDirectory(), "b");
		const backup = await varve(["backup", target, "--data", directory]);
		expect([backup.code, backup.stderr]).toEqual([1, expect.stringContaining(`schema ${next}`)]);
		expect(existsSync(target)).toBe(false);
		expect(readFileSync(join(directory, "log.sqlite")).equals(bytes)).toBe(true);
	});
});

function storeOf(file: string): string {
	const directory = newDirectory();
	copyFileSync(join(STORES, file), join(directory, "log.sqlite"));
	return directory;
}

/** A closed store with three events. */
async function filled(): Promise<string> {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await append(log, "a", events(3));
	await log.close();
	return directory;
}

/** Opens with one more migration. */
function open(directory: string, sql: string, upgrade?: Upgrade): Promise<Log> {
	const migrations: Migration[] = [...known, { number: next, sql }];
	const options = { migrations, ...(upgrade && { upgrade }) };
	return openSqliteLog(directory, DEFAULT_LOG_LIMITS, options);
}

/** The same in a process of its own, which holds the log until its input ends. */
function openInChild(directory: string, sql: string): ChildProcess {
	const built = (path: string) => new URL(`../../../dist/src/log/${path}`, import.meta.url).href;
	const script = `
		const { openSqliteLog } = await import(${JSON.stringify(built("sqlite/log.js"))});
		const { migrationsFor } = await import(${JSON.stringify(built("migrate.js"))});
		const { DEFAULT_LOG_LIMITS } = await import(${JSON.stringify(built("log.js"))});
		const migrations = [...migrationsFor("sqlite"), ${JSON.stringify({ number: next, sql })}];
		const limits = DEFAULT_LOG_LIMITS;
		try {
			const log = await openSqliteLog(${JSON.stringify(directory)}, limits, { migrations });
			console.log("opened");
			for await (const _ of process.stdin);
			await log.close();
		} catch (error) {
			console.log(error.word ?? error.stack);
			for await (const _ of process.stdin);
		}`;
	return spawn(process.execPath, ["--input-type=module", "-e", script], {
		stdio: ["pipe", "pipe", "inherit"],
	});
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
	let text = "";
	for await (const chunk of stdout ?? []) {
		text += String(chunk);
		if (text.includes("\n")) return text.split("\n")[0] ?? "";
	}
	return text;
}

function schemaIn(file: string): unknown {
	const database = new Database(file, { readonly: true });
	try {
		return database.pragma("user_version", { simple: true });
	} finally {
		database.close();
	}
}

async function shownBy(log: Log, stream: string): Promise<Expected[string]> {
	const { last, entries } = await read(log, name(stream) as StreamName);
	const shown = entries.map(({ version, event, link }) => {
		const { position, id, type, created, data } = event;
		const from = `${event.version}@${event.stream}`;
		const text = Buffer.from(data).toString("base64");
		return `${version}: ${position} ${from} ${id} ${type} ${created} ${text} ${link?.id ?? ""}`;
	});
	return { last, shown };
}
