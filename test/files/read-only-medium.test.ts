/** A log on a medium that takes no writes: a snapshot, a forensic copy. */
import { cpSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { PRIVATE_COPY_BYTES_MAX } from "../../src/log/sqlite/files/medium.ts";
import { newDirectory, removeDirectories, varve } from "../cli/varve.ts";
import { closeStore, events, openStore } from "../faults/store.ts";
import { canMount, onReadOnly, onReadOnlyRoot } from "./namespace.ts";

const describeMounted = canMount() ? describe : describe.skip;

afterAll(removeDirectories);

const log = (data: string, end = "") => join(data, `log.sqlite${end}`);

async function stoppedStore(signal: NodeJS.Signals): Promise<string> {
	const store = await openStore();
	for (const stream of ["order-1", "order-2"])
		expect((await store.append(stream, events(30))).status).toBe(201);
	if (signal === "SIGKILL") await store.server.stop(signal);
	else await closeStore(store);
	return store.data;
}

/** Everything that reads a data directory, and what it says. */
async function expectReadable(data: string): Promise<void> {
	const say = async (...args: string[]) => {
		const { code, stdout, stderr } = await onReadOnly(data, args);
		return { code, said: `${stdout}${stderr}` };
	};
	const well = (said: string) => ({ code: 0, said: expect.stringContaining(said) });
	expect(await say("verify", "--data", data)).toEqual(well("ok: 60 events in 2 streams"));
	expect(await say("prove", "7", "--data", data)).toEqual(well("tlog-proof"));
	const target = join(newDirectory(), "backup");
	expect(await say("backup", target, "--data", data)).toEqual(well("60 events, 60 of them new"));
	const restored = join(newDirectory(), "restored");
	expect(await say("restore", data, "--data", restored)).toEqual(well("60 events, verified"));
}

describe("an orderly stop", () => {
	test("leaves the files that SQLite needs to read the log where it cannot write", async () => {
		const data = await stoppedStore("SIGTERM");
		for (const end of ["-wal", "-shm"]) expect(existsSync(log(data, end))).toBe(true);
		const restarted = await openStore({ data });
		expect((await restarted.append("order-3", events(1))).status).toBe(201);
		await closeStore(restarted);
	});
});

describeMounted("a log on a read-only medium", () => {
	test("is read in place after an orderly stop", async () => {
		const data = await stoppedStore("SIGTERM");
		const before = readdirSync(data);
		await expectReadable(data);
		expect((await onReadOnly(data, ["incarnation", "--data", data])).stdout).toBe("1\n");
		expect(readdirSync(data)).toEqual(before);
	});

	test("is read through a copy if the files beside it are missing", async () => {
		const data = await stoppedStore("SIGTERM");
		for (const end of ["-wal", "-shm"]) rmSync(log(data, end));
		await expectReadable(data);
	});

	test("is read with the WAL that a crash left, except to sign for it", async () => {
		const data = await stoppedStore("SIGKILL");
		const bare = join(newDirectory(), "bare");
		cpSync(data, bare, { recursive: true });
		rmSync(log(bare, "-shm"));
		for (const directory of [data, bare]) {
			const verified = await onReadOnly(directory, ["verify", "--data", directory]);
			expect(verified.stdout).toBe("ok: 60 events in 2 streams\n");
		}
		const { code, stderr } = await onReadOnly(bare, ["prove", "7", "--data", bare]);
		expect([code, stderr]).toEqual([1, expect.stringContaining("was not closed in order")]);
	});

	test("is read as it was before a transaction that was cut off", async () => {
		const data = await stoppedStore("SIGTERM");
		const [backup, cut] = [join(newDirectory(), "backup"), join(newDirectory(), "cut")];
		expect((await varve(["backup", backup, "--data", data])).code).toBe(0);
		const database = new Database(log(backup));
		database.pragma("cache_size = 5");
		database.exec("BEGIN; CREATE TABLE half (content)");
		for (let row = 0; row < 100; row++) database.exec("INSERT INTO half VALUES (zeroblob(2000))");
		cpSync(backup, cut, { recursive: true });
		database.close();
		expect(statSync(log(cut, "-journal")).size).toBeGreaterThan(0);
		const { stdout, stderr } = await onReadOnly(cut, ["verify", "--data", cut]);
		expect([stdout, stderr]).toEqual(["ok: 60 events in 2 streams\n", ""]);
	});

	test("is refused with advice if it is too large for a copy", async () => {
		const data = await stoppedStore("SIGTERM");
		for (const end of ["-wal", "-shm"]) rmSync(log(data, end));
		truncateSync(log(data), PRIVATE_COPY_BYTES_MAX + 4096);
		const { code, stderr } = await onReadOnly(data, ["verify", "--data", data]);
		expect([code, stderr]).toEqual([
			1,
			expect.stringContaining("copy the directory to a writable"),
		]);
	});

	test("is refused with advice if there is no place for a copy", async () => {
		const data = await stoppedStore("SIGTERM");
		for (const end of ["-wal", "-shm"]) rmSync(log(data, end));
		const { code, stderr } = await onReadOnlyRoot(newDirectory(), ["verify", "--data", data])
			.finished;
		expect([code, stderr]).toEqual([1, expect.stringContaining("set TMPDIR to a writable")]);
	});

	test("takes no backup", async () => {
		const data = await stoppedStore("SIGTERM");
		const medium = newDirectory();
		for (const target of [medium, join(medium, "new")]) {
			const { code, stderr } = await onReadOnly(medium, ["backup", target, "--data", data]);
			expect([code, stderr]).toEqual([1, expect.stringContaining("cannot write to it")]);
		}
	});

	test("is not served, and keeps its number", async () => {
		const data = await stoppedStore("SIGTERM");
		for (const args of [
			["serve", "--port", "0"],
			["incarnation", "--raise"],
		]) {
			const { code, stderr } = await onReadOnly(data, [...args, "--data", data]);
			expect([code, stderr]).toEqual([1, expect.stringContaining("cannot write to it")]);
		}
		expect((await varve(["incarnation", "--data", data])).stdout).toBe("1\n");
	});
});
