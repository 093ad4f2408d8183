/** What a data directory knows of its backups. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { backUp } from "../../src/backup/backup.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { type BackupNote, knownBackups, noteBackup } from "../../src/upkeep/backup-notes.ts";
import { append, events } from "../log/asking.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "varve-notes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const note: BackupNote = {
	target: "/backup/varve",
	finished: "2026-03-01T14:00:00.000Z",
	events: 7,
	incarnation: 1,
};

test("each run of a backup leaves one, and the next run into the same target replaces it", async () => {
	const [data, one, other] = ["data", "one", "other"].map((name) => join(folder, name));
	const log = await openSqliteLog(data as string);
	await append(log, "order-1", events(2));
	expect(await backUp(data as string, one as string, true)).toMatchObject({ unnoted: undefined });
	await append(log, "order-1", events(1));
	await backUp(data as string, one as string, false);
	await backUp(data as string, other as string, false);
	await log.close();
	const known = await knownBackups(data as string);
	expect(known).toMatchObject([
		{ target: other, events: 3, incarnation: 1 },
		{ target: one, events: 3, incarnation: 1 },
	]);
	expect(known.map(({ lastVerified }) => typeof lastVerified)).toEqual(["undefined", "string"]);
});

test("a backup is one without its note, and says that it has left none", async () => {
	const [data, target] = [join(folder, "data"), join(folder, "target")];
	await (await openSqliteLog(data)).close();
	writeFileSync(join(data, "upkeep"), "a file in the place of the folder");
	const done = await backUp(data, target, true);
	expect(done.verification?.ok).toBe(true);
	expect(done.unnoted).toMatch(/EEXIST|ENOTDIR/);
	expect(await knownBackups(data)).toEqual([]);
});

test("the newest stands first", async () => {
	const later = { ...note, target: "/other", finished: "2026-03-02T14:00:00.000Z" };
	await noteBackup(folder, later);
	await noteBackup(folder, { ...note, faults: 3 });
	expect(await knownBackups(folder)).toEqual([later, { ...note, faults: 3 }]);
});

test.each([
	["no JSON", "{"],
	["null", "null"],
	["no target", JSON.stringify({ ...note, target: 7 })],
	["a time that is none", JSON.stringify({ ...note, finished: "yesterday" })],
	["a number of events that is none", JSON.stringify({ ...note, events: -1 })],
	["more than a note can hold", JSON.stringify({ ...note, target: "x".repeat(2_000_000) })],
])("a file with %s is no note", async (_, text) => {
	await noteBackup(folder, note);
	mkdirSync(join(folder, "upkeep"), { recursive: true });
	writeFileSync(join(folder, "upkeep/backup-0123456789abcdef.json"), text);
	expect(await knownBackups(folder)).toEqual([note]);
});
