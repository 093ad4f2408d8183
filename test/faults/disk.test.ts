/** A disk that is full, or fails, at any one write or read: nothing acknowledged is lost. */
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { migrationsFor } from "../../src/log/migrate.ts";
import { newDirectory, removeDirectories } from "../cli/varve.ts";
import { get } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { canPreload, newDisk } from "./preload.ts";
import { closeStore, event, events, expectSound, idsOf, openStore } from "./store.ts";

afterAll(removeDirectories);

const withDisk = canPreload("faulty-disk") ? describe : describe.skip;

const DATABASE = "log.sqlite";
const WAL = "log.sqlite-wal";
const MIB = 1024 * 1024;
/** The number of the next migration. */
const NEXT = migrationsFor("sqlite").length + 1;

withDisk("a disk that is full at the nth write", () => {
	test("of an append refuses that append, whole, and takes the next when there is room", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const kept: string[] = [];
		const keep = async (batch = events(2)) => {
			expect((await store.append("a-1", batch)).status).toBe(201);
			kept.push(...batch.map(({ eventId }) => eventId));
		};
		await keep();
		let refused = 0;
		for (let skip = 0; ; skip++) {
			const before = disk.hits();
			disk.fail({ calls: ["pwrite", "ftruncate"], file: WAL, error: "ENOSPC", skip });
			// Several pages, in several streams: some four writes a page and stream.
			const batch = events(3, "x".repeat(3000));
			const reply = await store.append("a-1", batch);
			disk.heal();
			if (disk.hits() === before) {
				expect(reply.status).toBe(201);
				kept.push(...batch.map(({ eventId }) => eventId));
				break;
			}
			expect([reply.status, reply.json.type]).toEqual([507, "urn:varve:problem:disk-full"]);
			refused++;
			expect((await store.ask(get("/health/ready"))).status).toBe(204);
			await keep();
		}
		expect(refused).toBeGreaterThan(5);
		expect(await idsOf(store, "a-1")).toEqual(kept);
		await closeStore(store);
	});

	test("of the WAL's index refuses, or does not matter", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		disk.fail({ calls: ["pwrite", "ftruncate"], file: "log.sqlite-shm", error: "ENOSPC" });
		const kept: string[] = [];
		// Each 32 KiB of index serves 16 MiB of WAL: it has to grow.
		for (let i = 0; i < 7; i++) {
			const batch = [event("x".repeat(3 * MIB))];
			const { status } = await store.append("a", batch);
			if (status === 201) kept.push(batch[0]?.eventId as string);
			else expect([500, 507]).toContain(status);
		}
		disk.heal();
		expect(disk.hits()).toBeGreaterThan(0);
		const last = event();
		expect((await store.append("a", [last])).status).toBe(201);
		expect(await idsOf(store, "a")).toEqual([...kept, last.eventId]);
		await closeStore(store);
	});

	test("of a checkpoint puts it off: appends go on, and the next one folds all", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const kept: string[] = [];
		const keep = async (data: unknown, count = 1) => {
			const batch = events(count, data);
			expect((await store.append("a", batch)).status).toBe(201);
			kept.push(...batch.map(({ eventId }) => eventId));
		};
		disk.fail({ calls: ["pwrite", "ftruncate"], file: DATABASE, error: "ENOSPC", skip: 3 });
		for (let i = 0; i < 3; i++) await keep("x".repeat(3.8 * MIB), 3);
		await until(() => disk.hits() > 0);
		expect(statSync(join(store.data, DATABASE)).size).toBeLessThan(MIB);
		await keep("small");
		expect((await store.ask(get("/health/ready"))).status).toBe(204);
		disk.heal();
		await keep("the one after whose commit there is room");
		await until(() => statSync(join(store.data, DATABASE)).size > 33 * MIB);
		expect(await idsOf(store, "a")).toEqual(kept);
		await closeStore(store);
	});

	test("of a migration refuses the start, and leaves the store as it was", async () => {
		const data = newDirectory();
		const filled = await openStore({ data });
		const sent = events(50);
		await filled.append("a", sent);
		await closeStore(filled);
		const disk = newDisk();
		let refused = 0;
		for (let skip = 0; ; skip++) {
			const before = disk.hits();
			disk.fail({ calls: ["pwrite"], file: WAL, error: "ENOSPC", skip });
			const { status, stderr } = migrateIn(data, disk.env);
			if (disk.hits() === before) {
				expect([status, stderr]).toEqual([0, ""]);
				break;
			}
			expect([status, stderr]).toEqual([1, expect.stringContaining("disk-full")]);
			refused++;
		}
		expect(refused).toBeGreaterThan(2);

		// Migrated once, it is another program's; taken back, it is ours as it was.
		const database = new Database(join(data, DATABASE));
		expect(database.pragma("user_version", { simple: true })).toBe(NEXT);
		expect(database.prepare("SELECT count(*) FROM later").pluck().get()).toBe(40);
		database.exec(`DROP TABLE later; PRAGMA user_version = ${NEXT - 1}`);
		database.close();
		const again = await openStore({ data });
		expect(await idsOf(again, "a")).toEqual(sent.map(({ eventId }) => eventId));
		await closeStore(again);
	});
});

withDisk("a disk that fails", () => {
	test("at a write answers a fault, keeps nothing of the append, and goes on", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const [first, failing, last] = [event(), event(), event()];
		await store.append("a", [first]);
		disk.fail({ calls: ["pwrite"], file: WAL, error: "EIO", times: 1 });
		const reply = await store.append("a", [failing]);
		expect([reply.status, reply.json.type]).toEqual([500, "urn:varve:problem:internal-error"]);
		expect((await store.append("a", [last])).status).toBe(201);
		expect(await idsOf(store, "a")).toEqual([first, last].map(({ eventId }) => eventId));
		const { stderr } = await closeStore(store);
		expect(stderr).toContain("the write failed: SQLITE_IOERR_WRITE");
	});

	test("at a checkpoint's write stops the writer, and loses nothing", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		disk.fail({ calls: ["pwrite"], file: DATABASE, error: "EIO", skip: 5, times: 1 });
		const kept: string[] = [];
		for (let i = 0; i < 3; i++) {
			const batch = events(3, "x".repeat(3.8 * MIB));
			expect((await store.append("a", batch)).status).toBe(201);
			kept.push(...batch.map(({ eventId }) => eventId));
		}
		await until(async () => (await store.ask(get("/health/ready"))).status === 503);
		expect((await store.append("a", [event()])).json).toMatchObject({
			type: "urn:varve:problem:writer-stopped",
			reason: expect.stringContaining("SQLITE_IOERR_WRITE"),
		});
		expect(await idsOf(store, "a")).toEqual(kept);
		await store.server.stop();
		await expectSound(store.data);
	});

	test("at a read answers that read with a fault, and others as ever", async () => {
		const filled = await openStore();
		for (const stream of ["near", "far"]) {
			// More than one page of the file in between, and each stream's data on pages of its own.
			expect((await filled.append(stream, events(20, "x".repeat(20_000)))).status).toBe(201);
		}
		await closeStore(filled);

		const disk = newDisk();
		const store = await openStore({ data: filled.data, env: disk.env });
		const page = (stream: string) => get(`/streams/${stream}/0/forward/20?embed=body`);
		expect((await store.ask(page("near"))).status).toBe(200);
		disk.fail({ calls: ["pread"], file: DATABASE, error: "EIO" });
		const failed = await store.ask(page("far"));
		expect([failed.status, failed.json.type]).toEqual([500, "urn:varve:problem:log-damaged"]);
		expect((await store.ask(page("near"))).status).toBe(200);
		disk.heal();
		expect((await store.ask(page("far"))).status).toBe(200);
		const { stderr } = await closeStore(store);
		// SQLite's own word for a read that fails with EIO.
		expect(stderr).toContain("SQLITE_CORRUPT");
	});
});

/** Opens the directory's log, in a process of its own, with one migration more than there is. */
function migrateIn(data: string, env: Record<string, string>) {
	const built = (file: string) => new URL(`../../dist/src/log/${file}`, import.meta.url).href;
	const script = `
		const { openSqliteLog } = await import("${built("sqlite/log.js")}");
		const { DEFAULT_LOG_LIMITS } = await import("${built("log.js")}");
		const { migrationsFor } = await import("${built("migrate.js")}");
		const sql = \`CREATE TABLE later (a BLOB); INSERT INTO later
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
			SELECT zeroblob(20) FROM n\`;
		const migrations = [...migrationsFor("sqlite"), { number: ${NEXT}, sql }];
		const log = await openSqliteLog("${data}", DEFAULT_LOG_LIMITS, { migrations });
		await log.close();`;
	const options = { env: { ...process.env, ...env }, encoding: "utf8" } as const;
	return spawnSync(process.execPath, ["--input-type=module", "-e", script], options);
}
