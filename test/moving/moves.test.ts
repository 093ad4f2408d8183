/** A log that is moved event by event is the log that it was. */

import { decodeLine } from "../../feeds/moving/decode.ts";
import { encodeLine } from "../../feeds/moving/encode.ts";
import { addSubtree, createFrontier, rootOf } from "../../feeds/proof/frontier.ts";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import type { LogMoves, MovedEvent } from "../../src/log/moving/moves.ts";
import { openSqliteLog, type SqliteLog } from "../../src/log/sqlite/log.ts";
import { SqliteMoves } from "../../src/log/sqlite/moving/moves.ts";
import { newDirectory, removeDirectories } from "../cli/varve.ts";
import { append, event, name, refusal } from "../log/asking.ts";
import { fill, shown, streamsOf } from "./store.ts";

type Store = { log: SqliteLog; moves: LogMoves; close(): Promise<void> };
const clock = { now: Date.UTC(2024, 0, 1) };

async function open(directory = newDirectory()): Promise<Store> {
	const log = await openSqliteLog(directory, DEFAULT_LOG_LIMITS, { clock: () => clock.now });
	const moves = new SqliteMoves(directory, (span) => log.import(span));
	const close = async () => {
		moves.close();
		expect((await log.verify()).faults).toEqual([]);
		await log.close();
	};
	return { log, moves, close };
}

let source: Store;
let all: MovedEvent[];
beforeAll(async () => {
	source = await open();
	await fill(source.log, clock);
	all = await everything(source.moves);
});
afterAll(async () => {
	await source.close();
	removeDirectories();
});

async function everything(moves: LogMoves): Promise<MovedEvent[]> {
	const found: MovedEvent[] = [];
	for (;;) {
		const some = await moves.events(found.length);
		if (some.length === 0) return found;
		found.push(...some);
	}
}

function rootBefore(position: number): Buffer {
	const frontier = createFrontier();
	for (const { hash } of all.slice(0, position)) addSubtree(frontier, hash, 0);
	return rootOf(frontier);
}

const span = (from: number, to: number, incarnation = 1) => {
	return { from, root: rootBefore(from), incarnation, events: all.slice(from, to) };
};

const plain = (event: MovedEvent) => JSON.parse(JSON.stringify(event));

test("the source holds every kind of event that is to be moved", () => {
	const kinds = all.map(({ mark, erased, metadata, correlation }) => {
		return `${mark ?? ""} ${erased ?? ""} ${erased && metadata.length > 0 ? "with metadata" : ""} ${correlation ?? ""}`;
	});
	for (const kind of ["tombstone", "revival", "redacted with metadata", "redacted c-1"])
		expect(kinds.map((one) => one.replace(/\s+/g, " ").trim())).toContain(kind);
	for (const kind of ["scavenged c-1", "scavenged c-2", "scavenged c-3", "scavenged"])
		expect(kinds.map((one) => one.replace(/\s+/g, " ").trim())).toContain(kind);
});

test("a line says all of an event, byte for byte", () => {
	for (const event of all) {
		const line = encodeLine(event, 1);
		expect(line.indexOf("\n")).toBe(line.length - 1);
		const decoded = decodeLine(Buffer.from(line).toString("latin1").trimEnd());
		expect(plain(decoded as MovedEvent)).toEqual(plain(event));
	}
});

test("a copy shows what its source shows, and has its root", async () => {
	const copy = await open();
	const half = Math.floor(all.length / 2);
	expect(await copy.moves.import(span(0, half))).toEqual({ next: half, written: half });
	// In the middle it is a sound log of its own.
	expect((await copy.log.verify()).faults).toEqual([]);
	expect(await copy.moves.import(span(half, all.length))).toEqual({
		next: all.length,
		written: all.length - half,
	});
	expect(await everything(copy.moves)).toEqual(all);
	const streams = await streamsOf(source.log);
	expect(await shown(copy.log, streams)).toEqual(await shown(source.log, streams));
	expect(await copy.log.verify()).toEqual(await source.log.verify());
	await copy.close();
});

test("both go on as one: the next appends, deletes and scavenges do the same", async () => {
	const [a, b] = [await open(), await open()];
	await fill(a.log, clock);
	const events = await everything(a.moves);
	await b.moves.import({ from: 0, root: rootBefore(0), incarnation: 1, events });
	const later = event();
	for (const { log } of [a, b]) {
		await append(log, "order-1", [later]);
		await append(log, "away", [later]);
		await log.delete({ stream: name("back-1"), expected: "any", hard: true });
		expect(await refusal(append(log, "ended", [later]))).toMatchObject(["stream-deleted", {}]);
		for (let from: number | undefined = 0; from !== undefined; )
			from = (await log.scavenge(from)).next;
	}
	expect(await everything(b.moves)).toEqual(await everything(a.moves));
	const streams = await streamsOf(a.log);
	expect(await shown(b.log, streams)).toEqual(await shown(a.log, streams));
	await Promise.all([a.close(), b.close()]);
});

test("a span of any size may be sent again, and a restart goes on behind it", async () => {
	const directory = newDirectory();
	let copy = await open(directory);
	await copy.moves.import(span(0, 20));
	expect(await copy.moves.import(span(0, 20))).toEqual({ next: 20, written: 0 });
	expect(await copy.moves.import(span(10, 30))).toEqual({ next: 30, written: 10 });
	await copy.close();
	copy = await open(directory);
	expect(await copy.moves.size()).toBe(30);
	for (let from = 30; from < all.length; from += 7) await copy.moves.import(span(from, from + 7));
	expect(await everything(copy.moves)).toEqual(all);
	await copy.close();
});

describe("a log with another beginning", () => {
	let copy: Store;
	beforeAll(async () => {
		copy = await open();
		await copy.moves.import(span(0, 10));
	});
	afterAll(() => copy.close());

	const refused = async (work: Promise<unknown>) => {
		const before = await everything(copy.moves);
		const [word, facts] = await refusal(work);
		expect(await everything(copy.moves)).toEqual(before);
		return [word, (facts as { reason: string }).reason];
	};

	test("takes nothing behind a gap", async () => {
		expect(await refused(copy.moves.import(span(11, 12)))).toEqual([
			"import-conflict",
			"it has 10 events, and these begin behind them",
		]);
	});

	test("takes nothing behind another root", async () => {
		const other = { ...span(10, 12), root: rootBefore(9) };
		expect(await refused(copy.moves.import(other))).toEqual([
			"import-conflict",
			"its events before position 10 are not those of the source",
		]);
	});

	test("takes nothing once it holds an event of its own", async () => {
		await append(copy.log, "own", [event()]);
		expect(await refused(copy.moves.import(span(10, 12)))).toEqual([
			"import-conflict",
			"its event at position 10 is another one",
		]);
	});
});

test.each<[string, Partial<MovedEvent>]>([
	["its hash is not that of its fields", { type: "Other" }],
	["its hash is not that of its fields", { data: Buffer.from("1") }],
	["its position is not 0", { position: 1 }],
	["it was erased, and has no digests of its content", { erased: "redacted" }],
	["a log writes this stream itself", { stream: name("$ce-order") }],
])("is refused: %s", async (reason, wrong) => {
	const copy = await open();
	const [first] = all as [MovedEvent];
	const spoilt = { ...span(0, 1), events: [{ ...first, ...wrong }] };
	const [word, facts] = await refusal(copy.moves.import(spoilt));
	expect([word, (facts as { reason: string }).reason]).toEqual([
		"invalid-line",
		expect.stringContaining(reason),
	]);
	expect(await copy.moves.size()).toBe(0);
	await copy.close();
});

test("the histories of the source are those of its copy", async () => {
	const directory = newDirectory();
	let copy = await open(directory);
	const later = all.slice(0, 10).map((event, n) => ({ ...event, incarnation: n < 6 ? 1 : 4 }));
	await copy.moves.import({ from: 0, root: rootBefore(0), incarnation: 1, events: later });
	await copy.moves.import({ from: 10, root: rootBefore(10), incarnation: 7, events: [] });
	expect(await copy.moves.incarnation()).toBe(7);
	await copy.close();
	copy = await open(directory);
	expect(copy.log.incarnation).toBe(7);
	expect([5, 6, 9, 10].map((at) => copy.log.incarnationAt(at))).toEqual([1, 4, 4, 7]);
	expect(await refusal(copy.moves.import(span(10, 12)))).toMatchObject(["invalid-line", {}]);
	await copy.close();
});
