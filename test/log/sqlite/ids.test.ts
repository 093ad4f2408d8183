/** Where events stand: ids with one key, ids that a stream has twice, and look-ups by version. */
import { readFileSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { claimDirectory } from "../../../src/log/sqlite/files/claim.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { idKeyOf } from "../../../src/log/sqlite/ids/keys.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { selectAlone, selectSpans } from "../../../src/log/sqlite/reading/statements.ts";
import * as statements from "../../../src/log/sqlite/statements.ts";
import { append, event, events, name, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

/** Found among 33 million ids: 6 bytes of their hashes are the same. */
const TWINS = [
	"5eed0000-0000-4000-8000-000000ab1a85",
	"5eed0000-0000-4000-8000-000001f77b03",
] as const;

const bytesOf = (id: string) => Buffer.from(id.replaceAll("-", ""), "hex");

test("two ids with one key are two ids, in look-ups and in repeats", async () => {
	expect(idKeyOf(bytesOf(TWINS[0]))).toBe(idKeyOf(bytesOf(TWINS[1])));
	const directory = newDirectory();
	const [first, second] = TWINS.map((id) => event({ id }));
	const [one, two] = [first as never, second as never];
	let log = await openSqliteLog(directory);
	expect(await append(log, "order-1", [event(), one])).toMatchObject({ first: 0 });
	expect(await append(log, "order-1", [two])).toMatchObject({ first: 2, repeated: false });
	expect(await append(log, "order-2", [two, one])).toMatchObject({ first: 0, repeated: false });
	await log.close();

	log = await openSqliteLog(directory);
	expect(await append(log, "order-1", [one])).toMatchObject({ first: 1, repeated: true });
	expect(await append(log, "order-1", [two])).toMatchObject({ first: 2, repeated: true });
	expect(await append(log, "order-1", [one, two])).toMatchObject({ first: 1, repeated: true });
	expect(await append(log, "order-2", [two, one])).toMatchObject({ first: 0, repeated: true });
	expect((await refusal(append(log, "order-1", [two, one])))[0]).toBe("events-known");
	const places = TWINS.flatMap((id) =>
		["order-1", "order-2", "$ce-order", "$all"].map((stream) => log.locate(name(stream), id)),
	);
	expect(await Promise.all(places)).toEqual([1, 1, 1, 1, 2, 0, 2, 2]);
	expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
	await log.close();
});

test("an id that an older program wrote twice is that of the first event", async () => {
	const directory = newDirectory();
	const release = claimDirectory(directory, migrationsFor("sqlite").slice(0, 2));
	const raw = new Database(logFile(directory));
	raw.exec("INSERT INTO streams VALUES (1, 'old'), (2, '$et-T'), (3, '$streams')");
	const insert = raw.prepare("INSERT INTO events VALUES (?, 1, ?, ?, 'T', 1000, 1, x'7b7d', x'')");
	for (const n of [0, 1, 2]) insert.run(n, n, bytesOf(TWINS[n % 2] as string));
	raw.exec(`
		INSERT INTO entries SELECT 1, version, position FROM events;
		INSERT INTO entries SELECT 2, version, position FROM events;
		INSERT INTO entries VALUES (3, 0, 0)`);
	raw.close();
	release();

	const log = await openSqliteLog(directory);
	expect(await log.verify()).toMatchObject({ ok: true, faults: [], events: 3 });
	for (const [first, id] of TWINS.entries()) {
		const again = event({ id, type: "T" });
		expect(await append(log, "old", [again])).toMatchObject({ first, repeated: true });
		expect(await log.locate(name("old"), id)).toBe(first);
	}
	await log.close();
});

test("a look-up by version begins at that version, and not at the first entry", async () => {
	const EVENTS = 1500;
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	// In turn, so that no two entries of one stream follow each other in the log.
	const inTurn = Array.from({ length: 2 * EVENTS }, (_, at) => (at % 2 === 0 ? "a" : "b"));
	await Promise.all(inTurn.map((stream) => append(log, stream, events(1))));
	await log.close();
	const file = logFile(directory);
	const pages = new Database(file, { readonly: true });
	const leaves = pages
		.prepare("SELECT pageno FROM dbstat WHERE name = 'places' AND pagetype = 'leaf' ORDER BY path")
		.pluck()
		.all() as number[];
	pages.close();
	// Half of them have the keys of the ids of one stream, and then its entries.
	const among = Math.floor(leaves.length * 0.4);
	const bytes = readFileSync(file);
	for (const page of leaves.slice(0, among)) bytes.fill(0, (page - 1) * 4096, page * 4096);
	writeFileSync(file, bytes);

	const database = new Database(file, { readonly: true });
	const { id } = database.prepare("SELECT id FROM streams WHERE name = 'a'").get() as {
		id: number;
	};
	const rows = (sql: string, ...values: unknown[]) => database.prepare(sql).all(...values);
	expect(() => rows("SELECT position FROM spans WHERE stream = ? AND version >= 0", id)).toThrow(
		/malformed/,
	);
	const late = EVENTS - 10;
	expect(rows(statements.SELECT_TO_SCAVENGE, { stream: id, from: late, limit: 20 })).toHaveLength(
		10,
	);
	for (const order of ["ASC", "DESC"] as const) {
		for (const [reads, where] of [
			[selectAlone, [id, late, EVENTS]],
			[selectSpans, [{ stream: id, from: late, to: EVENTS - 1 }]],
		] as const) {
			const heads = database.prepare(reads.heads(order)).pluck();
			expect(JSON.parse(heads.get(...where) as string)).toHaveLength(10);
			expect(rows(reads.apart(order), ...where)).toHaveLength(10);
		}
	}
	expect(rows(statements.SELECT_POSITION_AT, { stream: id, version: late })).toHaveLength(1);
	database.close();
});
