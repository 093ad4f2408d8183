/**
 * Marks that are lost: a page of theirs that is torn, or of which a write never reached the disk,
 * reads as one with fewer rows. What stands on them is refused then, and nothing else.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { isRefusal } from "../../../src/errors.ts";
import type { Log } from "../../../src/log/log.ts";
import { logFile } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const PAGE_BYTES = 4096;
/** More than a page of marks holds. */
const DESCRIBED = 600;

/** How a page of a file may have come to hold less than was written to it. */
const LOSSES: readonly (readonly [how: string, lose: (page: Buffer, before: Buffer) => Buffer])[] =
	[
		["is torn", (page) => Buffer.concat([page.subarray(0, PAGE_BYTES / 2)], PAGE_BYTES)],
		["is as it was before a write that was lost", (_, before) => before],
	];

let whole: string;
let before: string;
beforeAll(async () => {
	before = newDirectory();
	whole = newDirectory();
	await grow(before);
	copyFileSync(logFile(before), logFile(whole));
	await mark(whole);
}, 60_000);

describe.each(LOSSES)("where the page of marks %s", (_, lose) => {
	let log: Log;
	beforeAll(async () => {
		log = await openSqliteLog(damaged("marks", 0, lose));
	});
	afterAll(() => log.close());

	test.each([
		["a stream that was deleted for ever", "gone-1", {}],
		["its first events, where its last is on another page", "gone-1", { limit: 5 }],
		["the metadata of one that was", "$$gone-1", {}],
		["a stream that was deleted softly", "hidden-1", {}],
		["what retention leaves of a stream", "kept-1", { limit: 1 }],
		["a stream with links", "links-1", {}],
		["the links of the whole log", "$all", { resolve: true }],
		["a category, a stream of which was deleted", "$ce-gone", {}],
		["an index over streams that have metadata", "$et-OrderPlaced", {}],
	])("refuses to read %s", async (_, stream, range) => {
		const [word, facts] = await refusal(read(log, stream, range));
		expect([word, facts]).toEqual(["log-damaged", expect.anything()]);
	});

	test("reads what stands on none of them", async () => {
		expect((await read(log, "plain-1")).entries).toHaveLength(10);
		expect((await read(log, "$ce-plain")).entries).toHaveLength(20);
		expect((await read(log, "$all", { limit: 30 })).entries).toHaveLength(30);
		expect((await read(log, "links-1", { resolve: false })).entries).toHaveLength(2);
		expect(await log.last(name("plain-1"))).toBe(9);
		expect((await refusal(log.last(name("gone-1"))))[0]).toBe("log-damaged");
	});

	test("refuses to write there, and writes all that shares the commit", async () => {
		const streams = ["plain-1", "gone-1", "plain-2", "hidden-1", "kept-1", "$$gone-1", "new-1"];
		const answers = await Promise.all(
			streams.map((stream) => wordOf(append(log, stream, events(1)))),
		);
		const damage = "log-damaged";
		expect(answers).toEqual(["done", damage, "done", damage, damage, damage, "done"]);
		for (const stream of ["gone-1", "hidden-1", "kept-1"]) {
			for (const hard of [true, false]) {
				const deletion = { stream: name(stream), expected: "any", hard } as const;
				expect(await wordOf(log.delete(deletion))).toBe(damage);
			}
			const redaction = { stream: name(stream), version: 1, metadata: false };
			expect(await wordOf(log.redact(redaction))).toBe(damage);
		}
		expect((await read(log, "plain-1")).last).toBe(10);
	});

	test("erases nothing, and verify says why", async () => {
		expect(await wordOf(scavenge(log))).toBe("log-damaged");
		const { ok, faults } = await log.verify();
		expect(ok).toBe(false);
		expect(faults).toContain("gone-1: what is noted of it is not so");
	});
});

test("a damaged page of many marks takes the streams with it that are marked there", async () => {
	const directory = newDirectory();
	copyFileSync(logFile(whole), logFile(directory));
	let log = await openSqliteLog(directory);
	const streams = Array.from({ length: DESCRIBED }, (_, index) => `many-${index}`);
	await Promise.all(streams.map((stream) => append(log, stream, events(1))));
	const metadata = event({ data: Buffer.from('{"$maxCount":1}') });
	await Promise.all(streams.map((stream) => append(log, `$$${stream}`, [metadata])));
	await log.close();
	expect(leavesOf(directory, "marks").length).toBeGreaterThan(1);
	tear(directory, "marks", 1);
	log = await openSqliteLog(directory);
	const words = await Promise.all(streams.map((stream) => wordOf(read(log, stream))));
	expect(new Set(words)).toEqual(new Set(["done", "log-damaged"]));
	expect((await read(log, "plain-1")).entries).toHaveLength(10);
	await log.close();
});

test("nothing is erased by metadata that is not the newest any more", async () => {
	const directory = newDirectory();
	const describe = async ($maxCount: number) => {
		const log = await openSqliteLog(directory);
		await append(log, "$$a-1", [event({ data: Buffer.from(JSON.stringify({ $maxCount })) })]);
		await log.close();
	};
	const first = await openSqliteLog(directory);
	await append(first, "a-1", events(10));
	await first.close();
	await describe(2);
	const [page = 0] = leavesOf(directory, "marks");
	const older = readFileSync(logFile(directory)).subarray((page - 1) * PAGE_BYTES);
	await describe(8);
	replace(directory, page, () => older.subarray(0, PAGE_BYTES));
	const log = await openSqliteLog(directory);
	expect(await wordOf(scavenge(log))).toBe("log-damaged");
	expect(await wordOf(read(log, "a-1"))).toBe("log-damaged");
	expect(await wordOf(append(log, "$$a-1", events(1)))).toBe("log-damaged");
	expect((await read(log, "$et-OrderPlaced", { resolve: false })).entries).toHaveLength(12);
	await log.close();
});

test("a stream is read by its marks, where what they repeat cannot be read", async () => {
	const directory = newDirectory();
	copyFileSync(logFile(whole), logFile(directory));
	// The newest events, among which are the tombstone and the newest metadata.
	garble(directory, "events", leavesOf(directory, "events").length - 1);
	const log = await openSqliteLog(directory, undefined, { onStop: () => {} });
	expect((await refusal(read(log, "gone-1")))[0]).toBe("stream-deleted");
	expect((await read(log, "plain-1")).entries).toHaveLength(10);
	expect((await read(log, "late-1", { limit: 5 })).entries).toHaveLength(5);
	await log.close();
});

test("metadata that is there before its stream, and again and again, is never taken for lost", async () => {
	const log = await openSqliteLog(newDirectory());
	const metadata = () => event({ data: Buffer.from('{"$maxCount":3}') });
	// Together, so that streams and their metadata are written by one commit, in any order.
	const written = Array.from({ length: 60 }, (_, index) => {
		const stream = `a-${index % 7}`;
		const described = index % 5 === 0 ? `$$$$${stream}` : `$$${stream}`;
		return index % 3 === 0
			? append(log, described, [metadata(), metadata()])
			: append(log, stream, events(2));
	});
	expect(await Promise.all(written.map(wordOf))).toEqual(written.map(() => "done"));
	for (const stream of ["a-0", "$$a-0", "$all", "$ce-a"]) {
		expect((await read(log, stream)).entries.length).toBeGreaterThan(0);
	}
	expect((await log.verify()).faults).toEqual([]);
	await log.close();
});

/** Streams without marks. */
async function grow(directory: string): Promise<void> {
	const log = await openSqliteLog(directory);
	const filler = { metadata: Buffer.from(JSON.stringify({ note: "x".repeat(200) })) };
	for (const stream of ["plain-1", "plain-2", "gone-1", "hidden-1", "kept-1"]) {
		await append(log, stream, events(10, filler));
	}
	await log.close();
}

/** Metadata, deletes, links and a scavenge of them. */
async function mark(directory: string): Promise<void> {
	const log = await openSqliteLog(directory);
	const maxCount = event({ data: Buffer.from('{"$maxCount":3}') });
	await append(log, "$$kept-1", [maxCount]);
	await append(log, "$$$all", [event({ data: Buffer.from('{"$cacheControl":5}') })]);
	const links = ["1@plain-1", "2@plain-1"].map((data) => Buffer.from(data));
	await append(
		log,
		"links-1",
		links.map((data) => event({ type: "$>", isJson: false, data })),
	);
	await append(log, "$$gone-1", [event({ data: Buffer.from('{"note":1}') })]);
	await log.delete({ stream: name("hidden-1"), expected: "any", hard: false });
	await scavenge(log);
	await append(log, "late-1", events(40, { data: Buffer.alloc(600, "x") }));
	await log.delete({ stream: name("gone-1"), expected: "any", hard: true });
	await log.close();
}

/** A copy of the log in which one page of a table is not as it was written. */
function damaged(
	table: string,
	which: number,
	lose: (page: Buffer, before: Buffer) => Buffer,
): string {
	const directory = newDirectory();
	copyFileSync(logFile(whole), logFile(directory));
	const page = leavesOf(directory, table)[which] as number;
	const old = readFileSync(logFile(before)).subarray((page - 1) * PAGE_BYTES, page * PAGE_BYTES);
	replace(directory, page, (bytes) => lose(bytes, old));
	return directory;
}

function tear(directory: string, table: string, which: number): void {
	const [, lose] = LOSSES[0] as (typeof LOSSES)[number];
	const page = leavesOf(directory, table)[which] as number;
	replace(directory, page, (bytes) => lose(bytes, bytes));
}

function garble(directory: string, table: string, which: number): void {
	const page = leavesOf(directory, table)[which] as number;
	replace(directory, page, () => Buffer.alloc(PAGE_BYTES, 0x55));
}

function replace(directory: string, page: number, by: (bytes: Buffer) => Buffer): void {
	const bytes = readFileSync(logFile(directory));
	const at = (page - 1) * PAGE_BYTES;
	by(bytes.subarray(at, at + PAGE_BYTES)).copy(bytes, at);
	writeFileSync(logFile(directory), bytes);
}

/** The numbers of the pages that hold the rows of a table, in order. */
function leavesOf(directory: string, table: string): number[] {
	const database = new Database(logFile(directory), { readonly: true });
	const leaves = database.prepare(
		"SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
	);
	const pages = leaves.pluck().all(table) as number[];
	database.close();
	return pages;
}

/** What became of something that was asked for. */
async function wordOf(work: Promise<unknown>): Promise<string> {
	try {
		await work;
		return "done";
	} catch (error) {
		if (isRefusal(error)) return error.word;
		throw error;
	}
}
