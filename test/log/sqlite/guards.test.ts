import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { append, events } from "../asking.ts";
import { newDirectory } from "./directory.ts";

async function filledDirectory(): Promise<string> {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await append(log, "order-1", events(3, { metadata: Buffer.from('{"$correlationId":"c"}') }));
	await append(log, "order-2", events(2));
	await log.close();
	return directory;
}

describe("whoever opens the file", () => {
	test.each([
		"UPDATE events SET data = x'00'",
		"UPDATE places SET position = 0 WHERE key = 1",
		"UPDATE streams SET name = 'other' WHERE id = 1",
		"DELETE FROM events",
		"DELETE FROM events WHERE position = 4",
		"DELETE FROM places",
		"DELETE FROM streams",
		"INSERT INTO places SELECT stream, key, position FROM places",
	])("cannot: %s", async (sql) => {
		const directory = await filledDirectory();
		const raw = new Database(join(directory, "log.sqlite"));
		expect(() => raw.exec(sql)).toThrow(/never (updated|deleted)|UNIQUE/);
		raw.close();
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, events: 5, streams: 2 });
	});
});

const swapped = `
	CREATE TEMP TABLE two AS SELECT * FROM places WHERE key IN (2, 4)
		AND stream = (SELECT id FROM streams WHERE name = '$et-OrderPlaced');
	UPDATE places SET position = (SELECT position FROM two WHERE two.key = 6 - places.key)
		WHERE (stream, key) IN (SELECT stream, key FROM two)`;

/** What erasing may do to an event, and what looks like it and is something else. */
describe("the content of an event may go, and nothing else of it", () => {
	test.each([
		["redacted", "flags = flags | 8, data = x''"],
		["redacted with its metadata", "flags = flags | 8, data = x'', metadata = x''"],
		["scavenged", "flags = flags | 16, data = x'', metadata = x''"],
	])("it may be %s, once and for ever", async (_, change) => {
		const directory = await filledDirectory();
		const raw = new Database(join(directory, "log.sqlite"));
		const update = `UPDATE events SET ${change} WHERE position = 1`;
		expect(() => raw.exec(update)).toThrow(/never updated/);
		raw.exec("INSERT INTO digests VALUES (1, zeroblob(32), zeroblob(32))");
		raw.exec(update);
		raw.exec(update);
		for (const back of ["flags = 1", "data = x'00'", "metadata = x'00'"]) {
			const undo = `UPDATE events SET ${back} WHERE position = 1`;
			expect(() => raw.exec(undo)).toThrow(/never updated/);
		}
		raw.close();
	});

	test.each([
		"flags = flags | 8",
		"data = x''",
		"flags = flags | 8, data = x'', type = 'Other'",
		"flags = flags | 8, data = x'', id = zeroblob(16)",
		"flags = flags | 8, data = x'', created = created + 1",
		"flags = flags | 8, data = x'', hash = zeroblob(32)",
		"flags = flags | 8, data = x'', position = 99",
		"flags = flags | 8, data = x'', stream = stream + 1",
		"flags = flags | 8, data = x'', version = 99",
		"flags = flags | 8, data = x'', metadata = x'00'",
		"flags = flags | 8 | 2, data = x''",
		"flags = 8, data = x''",
		"flags = flags | 16, data = x''",
		"flags = flags | 16, metadata = x''",
	])("not: %s", async (change) => {
		const directory = await filledDirectory();
		const raw = new Database(join(directory, "log.sqlite"));
		const update = `UPDATE events SET ${change} WHERE position = 1`;
		raw.exec("INSERT INTO digests VALUES (1, zeroblob(32), zeroblob(32))");
		expect(() => raw.exec(update)).toThrow(/never updated/);
		expect(() => raw.exec("UPDATE store SET erasures = erasures")).toThrow(/only rises/);
		raw.close();
		expect(await verifyDirectory(directory)).toMatchObject({ ok: true, erased: 0 });
	});
});

describe("verify finds", () => {
	test.each([
		["a missing event", "DELETE FROM events WHERE position = 2", /position 3: follows position 1/],
		["a missing last event", "DELETE FROM events WHERE position = 4", /does not belong there/],
		["a missing own entry", entry("DELETE FROM places", "order-1", 2), /version 2 of order-1 is n/],
		[
			"a missing index entry",
			entry("DELETE FROM places", "$ce-order", 4),
			/position 4: is not in \$ce-order/,
		],
		[
			"a gap in an index",
			entry("DELETE FROM places", "$ce-order", 2),
			/\$ce-order version 3: foll/,
		],
		[
			"an extra entry",
			"INSERT INTO places SELECT id, 5, 4 FROM streams WHERE id = 1",
			/not belong/,
		],
		[
			"an entry that moved",
			entry("UPDATE places SET position = 4", "$bc-c", 2),
			/\$bc-c version 2/,
		],
		["two entries that swapped", swapped, /points at or before the entry/],
		[
			"a missing id",
			"DELETE FROM places WHERE key < 0 AND position = 1",
			/position 1: its id is not noted in order-1/,
		],
		[
			"an id noted for another event",
			"UPDATE places SET position = 2 WHERE key < 0 AND position = 1",
			/order-1: position 2 does not have the id noted for it/,
		],
		[
			"an id noted in another stream",
			"UPDATE places SET stream = (SELECT id FROM streams WHERE name = '$ce-order') WHERE key < 0 AND position = 3",
			/\$ce-order: position 3 does not have the id/,
		],
		[
			"an id noted twice",
			"INSERT INTO places SELECT stream, key - 1, position FROM places WHERE key < 0 AND position = 1",
			/order-1: position 1 does not have the id/,
		],
		[
			"a key of an id that has turned in its first bit",
			"UPDATE places SET key = key + (1 << 46) * iif(key < -(1 << 46), 1, -1) WHERE key < 0 AND position = 1",
			/position 1: its id is not noted/,
		],
		[
			"a changed type",
			"UPDATE events SET type = 'Other' WHERE position = 1",
			/\$et-OrderPlaced ve/,
		],
		[
			"a lost correlation",
			"UPDATE events SET metadata = x'' WHERE position = 0",
			/\$bc-c version 0/,
		],
		[
			"a version out of place",
			"UPDATE events SET version = 9 WHERE position = 4",
			/version 9 of ord/,
		],
		[
			"content behind the flag that says it is gone",
			"UPDATE events SET flags = flags | 8 WHERE position = 1",
			/position 1: is marked as erased/,
		],
		[
			"an event scavenged out of turn",
			"UPDATE events SET flags = flags | 16, data = x'', metadata = x'' WHERE position = 2",
			/order-1: an event of it was scavenged, and one before it was not/,
		],
		[
			"a gap that is noted where none is",
			"INSERT INTO gaps (first, last) VALUES (1, 2)",
			/0 events were scavenged, and 2 positions are noted/,
		],
		["gaps that touch", "INSERT INTO gaps (first, last) VALUES (1, 2), (3, 3)", /belongs to the/],
		["time that ran back", "UPDATE events SET created = 5 WHERE position = 3", /created before/],
		["an id that is none", "UPDATE events SET id = zeroblob(16) WHERE position = 3", /no event id/],
		["a renamed stream", "UPDATE streams SET name = 'x' WHERE name = 'order-1'", /does not belong/],
		["a lost name", "DELETE FROM streams WHERE name = 'order-2'", /has no name/],
		[
			"a name without events",
			"INSERT INTO streams (name) VALUES ('ghost')",
			/ghost has a name and no entries/,
		],
	])("%s", async (_, sql, fault) => {
		const directory = await filledDirectory();
		const raw = new Database(join(directory, "log.sqlite"));
		const triggers = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck();
		for (const trigger of triggers.all()) raw.exec(`DROP TRIGGER ${trigger}`);
		raw.exec(sql);
		raw.close();
		const { ok, faults } = await verifyDirectory(directory);
		expect(ok).toBe(false);
		expect(faults.join("\n")).toMatch(fault);
	});

	test("a page of the file that was overwritten", async () => {
		const directory = await filledDirectory();
		const file = join(directory, "log.sqlite");
		const raw = new Database(file);
		const page = raw.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'places'");
		const offset = ((page.pluck().get() as number) - 1) * 4096;
		raw.close();
		const descriptor = openSync(file, "r+");
		writeSync(descriptor, Buffer.alloc(2000, 0x55), 0, 2000, offset + 2096);
		closeSync(descriptor);
		const { ok, faults } = await verifyDirectory(directory);
		expect(ok).toBe(false);
		expect(faults.length).toBeGreaterThan(0);
	});
});

function entry(change: string, stream: string, version: number): string {
	return `${change} WHERE key = ${version}
		AND stream = (SELECT id FROM streams WHERE name = '${stream}')`;
}
