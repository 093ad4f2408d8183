/** What is damaged in a store does not get into a sound backup of it. */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { backUp } from "../../src/backup/backup.ts";
import { logFile } from "../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { append, event, events, name, refusal } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { alter, appendEverything, sumsOf } from "./store.ts";

/** Events of the store when it was backed up; one tile of the tree begins there, and is filled. */
const FIRST = 13;
const LATER = 300;
/** More than one transaction takes. */
const MANY = 21_000;

const [first, backup, later, muchLater] = [0, 1, 2, 3].map(newDirectory) as [
	...[string, string, string, string],
];
let [data, target] = ["", ""];

beforeAll(async () => {
	const filling = await openSqliteLog(first);
	await appendEverything(filling);
	await filling.close();
	await backUp(first, backup, true);
	for (const [directory, more] of [
		[later, LATER],
		[muchLater, MANY],
	] as const) {
		copyFileSync(logFile(first), logFile(directory));
		const log = await openSqliteLog(directory);
		for (let i = 0; i < more; i += 100) {
			const metadata = Buffer.from(`{"$correlationId":"c-${i % 300}"}`);
			await append(log, `order-${i % 700}`, [
				...events(98),
				event({ type: "Paid", metadata }),
				event({ type: "New", metadata }),
			]);
		}
		await log.redact({ stream: name("order-0"), version: 98, metadata: false });
		await log.redact({ stream: name("order-0"), version: 99, metadata: true });
		await log.close();
	}
}, 60_000);

beforeEach(() => {
	[data, target] = [newDirectory(), newDirectory()];
	for (const file of ["log.sqlite", "backup.json"])
		copyFileSync(join(backup, file), join(target, file));
});

const stream = (of: string) => `(SELECT id FROM streams WHERE name = '${of}')`;
const entry = (of: string, at: string) => `WHERE stream = ${stream(of)} AND ${at}`;
const last = (of: string) => `key = (SELECT max(key) FROM places WHERE stream = ${stream(of)})`;
/** The first place of entries from a position on. */
const from = (of: string, position: number) =>
	`key = (SELECT min(version) FROM spans WHERE stream = ${stream(of)} AND position >= ${position})`;

describe.each([
	["a little that is new", later],
	["much that is copied ahead", muchLater],
])("a store damaged in %s leaves the backup as it was:", (_, damaged) => {
	test.each([
		["an event is missing", "DELETE FROM events WHERE position = 100", /position 101: follows/],
		["an event has turned", "UPDATE events SET type = 'X' WHERE position = 100", /position 100: v/],
		[
			"an id is none",
			"UPDATE events SET id = x'00' WHERE position = 100",
			/a file is damaged \(CHECK/,
		],
		[
			"the newest entry of an index is missing",
			`DELETE FROM places ${entry("$ce-order", last("$ce-order"))}`,
			/is not in \$ce-order/,
		],
		[
			"an entry of an index is missing",
			`DELETE FROM places ${entry("$ce-order", from("$ce-order", 150))}`,
			/\$ce-order version \d+: follows version \d+/,
		],
		[
			"the first new entry of an index is missing",
			`DELETE FROM places ${entry("$et-OrderPlaced", from("$et-OrderPlaced", FIRST))}`,
			/\$et-OrderPlaced version \d+: follows/,
		],
		[
			"an own entry is missing",
			`DELETE FROM places ${entry("order-100", "key = 99")}`,
			/version \d+ of order-100/,
		],
		["a delete is lost", "DELETE FROM marks WHERE tombstone > 0", /noted of gone-1 is lost/],
		[
			"metadata is not the newest",
			`UPDATE marks SET metadata = 0 WHERE stream = ${stream("order-2")}`,
			/noted of order-2 is lost/,
		],
		["a link is lost", "UPDATE marks SET link = NULL", /\$all is lost|links is lost/],
		[
			"all entries of an index are missing",
			`DELETE FROM places ${entry("$et-Paid", "true")}`,
			/stream \$et-Paid has no entries|is not in \$et-Paid/,
		],
		[
			"an entry points to another event",
			`UPDATE places SET position = 60 ${entry("order-100", last("order-100"))}`,
			/order-100 version \d+: p/,
		],
		[
			"an entry points to an older event",
			`UPDATE places SET position = 2 ${entry("$et-New", "key = 0")}`,
			/\$et-New version 0: position 2 does not belong there/,
		],
		[
			"an entry points beyond the log",
			`UPDATE places SET position = 1e12 ${entry("$streams", last("$streams"))}`,
			/\$streams/,
		],
		[
			"an entry stands in another stream",
			`UPDATE places SET stream = ${stream("$bc-c-100")} ${entry("$et-New", last("$et-New"))}`,
			/\$bc-c-100|\$et-New/,
		],
		[
			"an entry has another version",
			`UPDATE places SET key = key + 4 ${entry("$et-New", last("$et-New"))}`,
			/\$et-New version \d+: follows version/,
		],
		[
			"a name has turned",
			"UPDATE streams SET name = '$et-Pajd' WHERE name = '$et-Paid'",
			/Pa[ij]d/,
		],
		["a name is missing", "DELETE FROM streams WHERE name = '$et-Paid'", /\$et-Paid/],
		[
			"a node of the tree has turned",
			"UPDATE nodes SET hash = zeroblob(32) WHERE number = 0",
			/node 0 of level 1 is not the root/,
		],
		[
			"a node is missing",
			"DELETE FROM nodes WHERE number = 0",
			/node 0 of level 1 is not the root/,
		],
		[
			"the digests of an erased event have turned",
			"UPDATE digests SET data = zeroblob(32) WHERE position = (SELECT max(position) FROM digests)",
			/version 99 of order-0 is not what was appended/,
		],
		[
			"the digests of an erased event are missing",
			"DELETE FROM digests WHERE position = (SELECT max(position) FROM digests)",
			/version 99 of order-0 is not what was appended/,
		],
	])("%s", async (_what, sql, named) => {
		copyFileSync(logFile(damaged), logFile(data));
		alter(data, sql);
		const before = sumsOf(target);
		const [word, facts] = await refusal(backUp(data, target, false));
		expect([word, facts]).toEqual([
			"backup-unusable",
			{ path: target, reason: expect.stringMatching(named) },
		]);
		expect(sumsOf(target)).toEqual(before);
		// Once the store is sound again, so is the next run.
		if (damaged === muchLater) return;
		rmSync(logFile(data));
		copyFileSync(logFile(damaged), logFile(data));
		expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
		expect(sumsOf(target)).toEqual(sumsOf(data));
	});
});

test.each([
	["flags", "UPDATE events SET flags = flags & 7"],
	["digests", "UPDATE digests SET data = zeroblob(32)"],
])("an event that was erased since, and whose %s have turned, stays as it was", async (_, sql) => {
	copyFileSync(logFile(later), logFile(data));
	await backUp(data, target, true);
	const before = sumsOf(target);
	const log = await openSqliteLog(data);
	await log.redact({ stream: name("order-100"), version: 7, metadata: true });
	await log.close();
	alter(data, `${sql} WHERE position = (SELECT max(position) FROM digests)`);
	expect(await refusal(backUp(data, target, false))).toEqual([
		"backup-unusable",
		{ path: target, reason: expect.stringContaining("version 7 of order-100 is not what was") },
	]);
	expect(sumsOf(target)).toEqual(before);
});

test("a backup that is damaged itself is not built upon where that shows", async () => {
	copyFileSync(logFile(later), logFile(data));
	alter(target, `DELETE FROM places ${entry("$ce-order", last("$ce-order"))}`);
	const before = sumsOf(target);
	expect(await refusal(backUp(data, target, false))).toEqual([
		"backup-unusable",
		{ path: target, reason: expect.stringMatching(/\$ce-order version .* or the backup$/) },
	]);
	expect(sumsOf(target)).toEqual(before);
});

test("damage in what the backup has already does not get into it with what is new", async () => {
	copyFileSync(logFile(later), logFile(data));
	await backUp(data, target, true);
	const sound = sumsOf(target);
	for (const sql of [
		"UPDATE events SET type = 'X' WHERE position = 100",
		"DELETE FROM places WHERE position = 100",
		"UPDATE nodes SET hash = zeroblob(32)",
		"UPDATE digests SET data = zeroblob(32)",
		// An erasure to come looks at this event again; what is left of it stays what it was.
		"UPDATE events SET metadata = CAST('{}' AS BLOB) WHERE position = (SELECT min(position) FROM digests)",
		"UPDATE store SET erasures = erasures + 1",
	]) {
		alter(data, sql);
	}
	expect(await backUp(data, target, true)).toMatchObject({ verification: { ok: true } });
	expect({ ...sumsOf(target), store: "" }).toEqual({ ...sound, store: "" });
});
