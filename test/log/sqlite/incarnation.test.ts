import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { claimDirectory } from "../../../src/log/sqlite/files/claim.ts";
import { raiseIncarnation, readIncarnation } from "../../../src/log/sqlite/files/incarnation.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { openLogTree } from "../../../src/log/sqlite/tree/log-tree.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { append, event } from "../asking.ts";

let directory: string;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "varve-incarnation-"));
	await (await openSqliteLog(directory)).close();
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a new log is of the first incarnation, and knows it when it is raised", async () => {
	expect(readIncarnation(directory)).toBe(1);
	expect([raiseIncarnation(directory), raiseIncarnation(directory)]).toEqual([2, 3]);
	const log = await openSqliteLog(directory);
	expect([log.incarnation, readIncarnation(directory)]).toEqual([3, 3]);
	await log.close();
});

test("a backup that is restored twice gets two numbers", () => {
	const file = join(directory, "log.sqlite");
	copyFileSync(file, `${file}.backup`);
	expect(raiseIncarnation(directory)).toBe(2);
	copyFileSync(`${file}.backup`, file);
	expect(readIncarnation(directory)).toBe(1);
	expect(raiseIncarnation(directory)).toBe(3);
});

test("a directory on a new machine can be told where to go on", () => {
	expect([raiseIncarnation(directory, 7), raiseIncarnation(directory, 5)]).toEqual([7, 8]);
	expect(readFileSync(join(directory, "incarnation"), "utf8")).toBe("8\n");
});

test("it is not raised under a running server", async () => {
	const log = await openSqliteLog(directory);
	expect(() => raiseIncarnation(directory)).toThrow(/data-directory-in-use/);
	expect(readIncarnation(directory)).toBe(1);
	await log.close();
});

test("where there is no log, or its file holds nonsense, it is refused", () => {
	expect(() => raiseIncarnation(join(directory, "none"))).toThrow(/it holds no log/);
	expect(() => readIncarnation(join(directory, "none"))).toThrow(/it holds no log/);
	writeFileSync(join(directory, "incarnation"), "two\n");
	expect(() => raiseIncarnation(directory)).toThrow(/holds no number/);
});

test("the database lets it only rise", () => {
	raiseIncarnation(directory);
	const database = new Database(join(directory, "log.sqlite"));
	expect(() => database.exec("UPDATE store SET incarnation = 2")).toThrow(/only rises/);
	expect(() => database.exec("INSERT INTO store (incarnation) VALUES (9)")).toThrow(/one store/);
	expect(() => database.exec("DELETE FROM store")).toThrow(/one store/);
	database.close();
});

test("each event is known to be of the history it was written in", async () => {
	const log = await openSqliteLog(directory);
	await append(log, "s", [event(), event()]);
	await log.close();
	raiseIncarnation(directory);
	raiseIncarnation(directory);
	const restored = await openSqliteLog(directory);
	await append(restored, "s", [event()]);
	expect([0, 1, 2, 3].map((position) => restored.incarnationAt(position))).toEqual([1, 1, 3, 3]);
	await restored.close();
});

test("a store that had a number before its histories were kept keeps its ids", async () => {
	rmSync(join(directory, "log.sqlite"));
	claimDirectory(directory, migrationsFor("sqlite").slice(0, 4))();
	const database = new Database(join(directory, "log.sqlite"));
	database.exec("UPDATE store SET incarnation = 7");
	database.close();
	const log = await openSqliteLog(directory);
	expect([log.incarnation, log.incarnationAt(0)]).toEqual([7, 7]);
	await log.close();
});

describe("verify finds histories that are not as they were written", () => {
	const change = (...statements: string[]) => {
		const database = new Database(join(directory, "log.sqlite"));
		database.exec("DROP TRIGGER histories_are_never_updated");
		database.exec("DROP TRIGGER histories_are_never_deleted");
		for (const statement of statements) database.exec(statement);
		database.close();
	};

	beforeEach(async () => {
		const log = await openSqliteLog(directory);
		await append(log, "s", [event(), event()]);
		await log.close();
		raiseIncarnation(directory);
		const restored = await openSqliteLog(directory);
		await append(restored, "s", [event()]);
		await restored.close();
		raiseIncarnation(directory);
	});

	test("but none in those that are", async () => {
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, faults: [] });
	});

	test.each([
		[
			"UPDATE histories SET first = 4 WHERE incarnation = 3",
			["3: it begins at position 4, behind"],
		],
		[
			"UPDATE histories SET first = 9 WHERE incarnation = 2",
			["behind the end (3)", "at position 9"],
		],
		["DELETE FROM histories WHERE incarnation = 3", ["it is history 3, and the newest that is"]],
		["DELETE FROM histories", ["is history 3, and the newest that is noted is 1"]],
		["INSERT INTO histories VALUES (8, 3)", ["is history 3, and the newest that is noted is 8"]],
	])("%s", async (statement, faults) => {
		change(statement);
		const found = await verifyDirectory(directory);
		expect(found.ok).toBe(false);
		expect(found.faults).toEqual(faults.map((fault) => expect.stringContaining(fault)));
	});

	test("a newer history that the log has signed for", async () => {
		const tree = openLogTree(directory);
		await tree.signedHead();
		tree.close();
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true });
		const note = join(directory, "log.checkpoint");
		writeFileSync(note, readFileSync(note, "utf8").replace("/3\n", "/9\n"));
		expect((await verifyDirectory(directory)).faults).toEqual([
			"the log is history 3, and its last signed head is of 9",
		]);
		writeFileSync(note, "nothing that was ever signed");
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true });
	});
});
