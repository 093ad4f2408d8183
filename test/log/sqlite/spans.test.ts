/** Entries that share a place: reads of any part of them, and what verify says if a place is lost. */
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { createFrontier, rootOf } from "../../../feeds/proof/frontier.ts";
import { backUp } from "../../../src/backup/backup.ts";
import type { Log, Slice } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { openDirectorySource } from "../../../src/log/sqlite/moving/source.ts";
import { SPAN_ENTRIES_MAX } from "../../../src/log/sqlite/spans.ts";
import { verifyDirectory } from "../../../src/log/sqlite/verify/verifier.ts";
import { randomFrom, runSeed } from "../../../test/feeds/random.ts";
import { alter } from "../../backup/store.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const NO_ROOT = rootOf(createFrontier());
const TYPES = ["OrderPlaced", "OrderPaid"];
const seed = runSeed();

describe(`a log of batches and single events (VARVE_SEED=${seed})`, () => {
	const random = randomFrom(seed);
	const directory = newDirectory();
	let log: Log;
	/** The positions of the entries of each stream. */
	const expected = new Map<string, number[]>();

	beforeAll(async () => {
		log = await openSqliteLog(directory);
		let position = 0;
		for (let commit = 0; commit < 60; commit++) {
			const stream = `${random.pick(["order", "payment"])}-${random.upTo(2)}`;
			const batch = Array.from({ length: random.pick([1, 1, 2, 3, 7]) }, () =>
				event({ type: random.pick(random.pick([TYPES, TYPES.slice(1)])) }),
			);
			await append(log, stream, batch);
			for (const { type } of batch) {
				for (const joined of [stream, `$ce-${stream.split("-")[0]}`, `$et-${type}`]) {
					expected.set(joined, [...(expected.get(joined) ?? []), position]);
				}
				position++;
			}
		}
	});
	afterAll(() => log.close());

	test("keeps fewer places than entries", () => {
		const raw = new Database(logFile(directory), { readonly: true });
		const counts = raw.prepare("SELECT count(*) AS places, sum(more + 1) AS entries FROM spans");
		const { places, entries } = counts.get() as { places: number; entries: number };
		raw.close();
		// `$streams` has one for each stream that clients append to.
		const own = [...expected.keys()].filter((stream) => !stream.startsWith("$"));
		expect(entries).toBe([...expected.values()].flat().length + own.length);
		expect(places).toBeLessThan(entries);
	});

	test("reads every part of every stream, both ways", async () => {
		for (const [stream, positions] of expected) {
			for (let from = 0; from < positions.length; from++) {
				for (const limit of [1, 2, 7]) {
					const forward = await read(log, stream, { from, limit });
					expect(placesIn(forward)).toEqual(placesOf(positions, from, from + limit));
					const backward = await read(log, stream, { from, limit, direction: "backward" });
					const before = placesOf(positions, Math.max(0, from - limit + 1), from + 1);
					expect(placesIn(backward)).toEqual(before.reverse());
				}
			}
		}
	});

	test("finds each event by its id, and counts the bytes of each part", async () => {
		for (const [stream, positions] of expected) {
			const { entries } = await read(log, stream);
			for (const { version, event } of entries) {
				expect(await log.locate(name(stream), event.id)).toBe(version);
			}
			const bytes = entries.map(({ event }) => event.data.length + event.metadata.length);
			for (let first = 0; first < positions.length; first += 3) {
				const counted = await log.bytesOf({ stream: name(stream), first, last: first + 4 });
				const owed = bytes.slice(first, first + 5).reduce((sum, one) => sum + one, 0);
				expect(counted).toBe(owed);
			}
		}
	});
});

test("more entries than one place takes are read, verified, and erased up to any of them", async () => {
	const log = await openSqliteLog(newDirectory());
	const many = SPAN_ENTRIES_MAX + 500;
	await append(log, "a", events(many));
	await append(log, "a", events(1));
	for (const from of [0, SPAN_ENTRIES_MAX - 5, SPAN_ENTRIES_MAX, many - 9]) {
		const found = placesIn(await read(log, "a", { from, limit: 10, content: false }));
		expect(found).toEqual(Array.from({ length: 10 }, (_, at) => [from + at, from + at]));
	}
	const kept = Buffer.from(`{"$tb":${SPAN_ENTRIES_MAX + 7}}`);
	await append(log, "$$a", [event({ type: "$metadata", data: kept })]);
	expect(await scavenge(log)).toMatchObject({ events: SPAN_ENTRIES_MAX + 7 });
	const shown = await read(log, "a", { from: SPAN_ENTRIES_MAX, limit: 10 });
	expect(placesIn(shown).map(([version]) => version)).toEqual([4103, 4104, 4105]);
	expect(await log.verify()).toMatchObject({ ok: true, faults: [], erased: SPAN_ENTRIES_MAX + 7 });
	await log.close();
});

test("a backup goes on from a copy whose places go on over its end", async () => {
	const [directory, copied, target] = [newDirectory(), newDirectory(), join(newDirectory(), "b")];
	const log = await openSqliteLog(directory);
	await append(log, "order-1", events(2));
	await append(log, "order-1", events(1));
	await backUp(directory, target, true);
	for (const count of [1, 3, 1]) await append(log, "order-1", events(count));
	const copy = await openSqliteLog(copied);
	const exporter = openDirectorySource(directory);
	await copy.import({ from: 0, root: NO_ROOT, incarnation: 1, events: await exporter.events(0) });
	for (const open of [exporter, copy, log]) await open.close();
	const verified = { verification: { ok: true, events: 8 }, added: 5 };
	expect(await backUp(copied, target, true)).toMatchObject(verified);
});

describe("of a store whose places are those of many entries or of one", () => {
	const [first, later] = [newDirectory(), newDirectory()];
	let backup: string;
	let places: Place[] = [];

	beforeAll(async () => {
		let log = await openSqliteLog(first);
		await append(log, "order-1", events(3));
		await log.close();
		backup = join(newDirectory(), "backup");
		await backUp(first, backup, true);
		copyFileSync(logFile(first), logFile(later));
		log = await openSqliteLog(later);
		await append(log, "order-1", events(4));
		await append(log, "order-2", events(1));
		await append(log, "order-1", events(2));
		await append(log, "order-2", [event(), event({ type: "OrderPaid" }), event()]);
		await log.close();
		const raw = new Database(logFile(later), { readonly: true });
		places = raw.prepare("SELECT * FROM places WHERE key >= 0").all() as Place[];
		raw.close();
	});

	const damaged = (sql: string) => {
		const directory = newDirectory();
		copyFileSync(logFile(later), logFile(directory));
		alter(directory, sql);
		return directory;
	};
	const where = ({ stream, key }: Place) => `WHERE stream = ${stream} AND key = ${key}`;

	test("verify and backups miss each place that is lost", async () => {
		expect(places.length).toBeGreaterThan(15);
		expect(await verifyDirectory(later)).toMatchObject({ ok: true });
		for (const place of places) {
			const directory = damaged(`DELETE FROM places ${where(place)}`);
			expect([place, await verifyDirectory(directory)]).toMatchObject([place, { ok: false }]);
			if (isIn(backup, place)) continue;
			const target = newDirectory();
			for (const file of ["log.sqlite", "backup.json"])
				copyFileSync(join(backup, file), join(target, file));
			expect((await refusal(backUp(directory, target, false)))[0]).toBe("backup-unusable");
			rmSync(target, { recursive: true });
		}
	});

	test("verify finds a bit that has turned in the place of several entries", async () => {
		const spans = places.filter(({ position }) => position < 0);
		// In the number of entries, and in the position.
		for (const bit of [0, 4, 12, 30, 63]) {
			const place = spans[bit % spans.length] as Place;
			const turned = `position = (position | (1 << ${bit})) - (position & (1 << ${bit}))`;
			const directory = damaged(`UPDATE places SET ${turned} ${where(place)}`);
			expect([bit, await verifyDirectory(directory)]).toMatchObject([bit, { ok: false }]);
		}
	});

	test("no read shows less in the middle of a stream that has lost a place", async () => {
		const isFollowed = ({ stream, key }: Place) =>
			places.some((other) => other.stream === stream && other.key > key);
		const followed = places.filter((place) => place.position < 0 && isFollowed(place));
		expect(followed.length).toBeGreaterThan(5);
		for (const place of followed) {
			const log = await openSqliteLog(damaged(`DELETE FROM places ${where(place)}`));
			const names = new Database(logFile(later), { readonly: true });
			const stream = names
				.prepare("SELECT name FROM streams WHERE id = ?")
				.pluck()
				.get(place.stream);
			names.close();
			for (const from of [0, place.key]) {
				const [word] = await refusal(read(log, String(stream), { from }));
				expect([place, word]).toEqual([place, "log-damaged"]);
			}
			await log.close();
		}
	});
});

type Place = { readonly stream: number; readonly key: number; readonly position: number };

function isIn(directory: string, { stream, key }: Place): boolean {
	const raw = new Database(logFile(directory), { readonly: true });
	const found = raw.prepare("SELECT 1 FROM places WHERE stream = ? AND key = ?").get(stream, key);
	raw.close();
	return found !== undefined;
}

const placesIn = ({ entries }: Slice) =>
	entries.map(({ version, event }) => [version, event.position]);

const placesOf = (positions: readonly number[], from: number, to: number) =>
	positions.slice(from, to).map((position, at) => [from + at, position]);
