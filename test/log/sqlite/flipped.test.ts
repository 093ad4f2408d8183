/** A single bit that is another, anywhere in what the log holds, is found, and what it hit is named. */
import { createHash } from "node:crypto";
import { closeSync, cpSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { ALL, type StreamName } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { append, event } from "../asking.ts";
import { newDirectory } from "./directory.ts";

/** Two full tiles and a part of one. */
const EVENTS = 600;
const seed = Number(process.env.VARVE_SEED ?? Date.now());

let sound: string;
beforeAll(async () => {
	sound = newDirectory();
	const log = await openSqliteLog(sound);
	for (let i = 0; i < EVENTS; i += 4) {
		const metadata = Buffer.from(`{"$correlationId":"c-${i % 12}"}`);
		const batch = [event(), event({ metadata }), event({ type: "Paid" }), event()];
		await append(log, `order-${i % 7}`, batch);
	}
	await log.close();
	console.log(`flipped.test.ts: seed ${seed}`);
});

describe("a bit that is another is found", () => {
	const placeOf = (row: Row) =>
		new RegExp(`position ${row.position}: version ${row.version} of order-`);

	test.each(["data", "metadata", "type", "id", "hash"] as const)(
		"in the %s of an event, which is named",
		async (column) => {
			for (const position of [1, 255, 256, EVENTS - 3]) {
				const { directory, row } = flippedIn("events", column, position);
				const { ok, faults } = await verifyDirectory(directory);
				expect(ok).toBe(false);
				expect(faults.join("\n")).toMatch(placeOf(row));
				const isHash = column === "hash" && position < 512;
				const what = isHash
					? "is as it was appended, and its hash is not"
					: "not what was appended";
				expect(faults.join("\n")).toContain(what);
			}
		},
		60_000,
	);

	test.each(["stream", "version", "created", "flags"] as const)(
		"in the %s of an event, which is named",
		async (column) => {
			for (const position of [1, 300, EVENTS - 3]) {
				const { directory } = flippedIn("events", column, position);
				const { ok, faults } = await verifyDirectory(directory);
				expect(ok).toBe(false);
				expect(faults.join("\n")).toContain(`position ${position}: version `);
			}
		},
		60_000,
	);

	test("in any entry, whose stream or event is named", async () => {
		for (const column of ["stream", "key", "position"] as const) {
			for (const stream of ["order-1", "$ce-order", "$et-Paid", "$bc-c-4", "$streams"]) {
				const { directory, name, position } = flippedInEntry(stream, column);
				const { ok, faults } = await verifyDirectory(directory);
				expect(ok).toBe(false);
				const named = faults.join("\n");
				expect(named.includes(name) || named.includes(`position ${position}`)).toBe(true);
			}
		}
	}, 60_000);

	test.each(["nodes"])("in a node of the tree (%s), which is named", async (table) => {
		const directory = copied();
		change(directory, (raw) => {
			const { hash } = raw.prepare(`SELECT hash FROM ${table} WHERE number = 1`).get() as Row;
			raw.prepare(`UPDATE ${table} SET hash = ? WHERE number = 1`).run(flippedBytes(hash, 1));
		});
		const { faults } = await verifyDirectory(directory);
		expect(faults).toEqual([
			"node 1 of level 1 is not the root of the hashes of positions 256 to 511",
		]);
	});

	test("in the name of a stream, all of whose events are named", async () => {
		const directory = copied();
		change(directory, (raw) => {
			raw.exec("UPDATE streams SET name = 'orddr-1' WHERE name = 'order-1'");
		});
		const { faults } = await verifyDirectory(directory);
		expect(faults.join("\n")).toMatch(
			/position \d+: version 0 of orddr-1 is not what was appended/,
		);
	});

	test("in a mark", async () => {
		const directory = copied();
		change(directory, (raw) => {
			raw.exec("INSERT INTO marks (stream, link) VALUES (1, 3)");
		});
		const { faults } = await verifyDirectory(directory);
		expect(faults).toEqual([expect.stringMatching(/: what is noted of it is not so$/)]);
	});
});

test("a bit of the file that is another is found, if anything in the log is another", async () => {
	const whole = readFileSync(join(sound, "log.sqlite"));
	const before = contentOf(sound);
	for (let i = 0; i < 40; i++) {
		const directory = copied();
		const at = 4096 + number(`file ${i}`, whole.length - 4096);
		const file = openSync(join(directory, "log.sqlite"), "r+");
		writeSync(file, Buffer.from([(whole[at] as number) ^ (1 << (i % 8))]), 0, 1, at);
		closeSync(file);
		if (contentOf(directory) === before) continue;
		// A schema that cannot be read is refused before anything is checked.
		const found = await verifyDirectory(directory).catch(() => undefined);
		expect(found?.ok ?? false).toBe(false);
	}
}, 60_000);

describe("a log whose reads are checked", () => {
	const from = (position: number, limit: number) =>
		({ stream: ALL, from: position, limit, direction: "forward", content: true }) as const;

	test.each(["data", "metadata", "type", "id", "hash", "stream", "version", "created"] as const)(
		"refuses to read an event with a bit turned in its %s, and reads all others",
		async (column) => {
			const { directory } = flippedIn("events", column, 256);
			const log = await openSqliteLog(directory, undefined, { checksReads: true });
			const damaged = { word: "log-damaged" };
			await expect(log.read(from(256, 1))).rejects.toMatchObject(damaged);
			await expect(log.read(from(250, 20))).rejects.toMatchObject(damaged);
			for (const [at, limit] of [
				[0, 256],
				[257, EVENTS - 257],
			] as const) {
				expect((await log.read(from(at, limit))).entries).toHaveLength(limit);
			}
			await log.close();
		},
	);

	test("does not show an event through a link or an index stream either", async () => {
		const log = await openSqliteLog(flippedIn("events", "data", 256).directory, undefined, {
			checksReads: true,
		});
		const { entries } = await log.read({ ...from(256, 1), content: false });
		const { stream, version } = (entries[0] as StreamEntry).event;
		const data = Buffer.from(`${version}@${stream}`);
		await append(log, "links", [event({ type: "$>", data })]);
		for (const shown of ["links", "$ce-order"] as StreamName[]) {
			await expect(log.read({ ...from(0, 4000), stream: shown })).rejects.toMatchObject({
				word: "log-damaged",
			});
		}
		await log.close();
	});
});

test("a sound log is found sound, with its counts", async () => {
	const seen: number[] = [];
	const found = await verifyDirectory(sound, { onProgress: ({ fraction }) => seen.push(fraction) });
	expect(found).toMatchObject({ ok: true, events: EVENTS, streams: 7, erased: 0, faults: [] });
	expect(seen.at(-1)).toBeCloseTo(1);
});

type Row = {
	readonly position: number;
	readonly version: number;
	readonly [column: string]: unknown;
	readonly hash: Buffer;
};

/** All that is in the tables; what cannot be read is no content. */
function contentOf(directory: string): string {
	const raw = new Database(join(directory, "log.sqlite"), { readonly: true });
	try {
		const tables = ["events", "places", "streams", "nodes", "marks", "store", "digests"];
		return JSON.stringify(
			tables.map((table) => raw.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).raw().all()),
		);
	} catch (error) {
		return String(error);
	} finally {
		raw.close();
	}
}

/** Flips a bit of a column, wherever the number of the case takes it. */
function flippedIn(table: string, column: string, position: number) {
	const directory = copied();
	let row = {} as Row;
	change(directory, (raw) => {
		row = raw.prepare(`SELECT * FROM ${table} WHERE position = ?`).get(position) as Row;
		const flipped = flippedValue(row[column], position);
		raw.prepare(`UPDATE ${table} SET ${column} = ? WHERE position = ?`).run(flipped, position);
	});
	return { directory, row };
}

function flippedInEntry(stream: string, column: "stream" | "key" | "position") {
	const directory = copied();
	let position = -1;
	change(directory, (raw) => {
		const places = raw
			.prepare("SELECT n.* FROM places n JOIN streams ON id = stream WHERE name = ? AND key >= 0")
			.all(stream) as { stream: number; key: number; position: number }[];
		const place = places[number(`${stream}${column}`, places.length)] as (typeof places)[0];
		position = place.position;
		const of = column === "position" ? "" : "OR REPLACE";
		raw
			.prepare(`UPDATE ${of} places SET ${column} = ? WHERE stream = ? AND key = ?`)
			.run(flippedValue(place[column], position), place.stream, place.key);
	});
	return { directory, name: stream, position };
}

function flippedValue(value: unknown, salt: number): unknown {
	if (typeof value === "number") {
		// Bits 8 and 16 of the flags have a meaning of their own.
		return value ^ (1 << number(`${salt}`, 3));
	}
	if (typeof value === "string") return flippedBytes(Buffer.from(value), salt).toString("latin1");
	const bytes = value as Buffer;
	return bytes.length === 0 ? Buffer.from([1]) : flippedBytes(bytes, salt);
}

function flippedBytes(bytes: Buffer, salt: number): Buffer {
	const copy = Buffer.from(bytes);
	const at = number(`byte ${salt}`, copy.length);
	copy[at] = (copy[at] as number) ^ (1 << number(`bit ${salt}`, 7));
	return copy;
}

function number(salt: string, below: number): number {
	return createHash("sha256").update(`${seed} ${salt}`).digest().readUInt32BE() % below;
}

function copied(): string {
	const directory = newDirectory();
	cpSync(sound, directory, { recursive: true });
	return directory;
}

/** Changes the file as no connection may. */
function change(directory: string, how: (raw: Database.Database) => void): void {
	const raw = new Database(join(directory, "log.sqlite"));
	const triggers = raw.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck();
	for (const trigger of triggers.all()) raw.exec(`DROP TRIGGER ${trigger}`);
	how(raw);
	raw.close();
}
