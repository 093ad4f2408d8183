/** Lists of streams, over a real log: by name, by time, by size; paged by key, bounded in work. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { StreamName } from "../../src/event.ts";
import { StreamLists } from "../../src/listing/list.ts";
import { successorOf } from "../../src/listing/names.ts";
import { type ListQuery, parseListQuery } from "../../src/listing/query.ts";
import { openSqliteLog, type SqliteLog } from "../../src/log/sqlite/log.ts";

let directory: string;
let log: SqliteLog;
let lists: StreamLists;
beforeEach(async () => {
	directory = mkdtempSync(join(tmpdir(), "varve-listing-"));
	log = await openSqliteLog(directory);
	lists = new StreamLists(log);
});
afterEach(async () => {
	lists.close();
	await log.close();
	rmSync(directory, { recursive: true });
});

function append(stream: string, ...types: readonly string[]) {
	const empty = new Uint8Array(0);
	const events = types.map((type) => {
		return { id: randomUUID(), type, isJson: true, data: Buffer.from("{}"), metadata: empty };
	});
	return log.append({ stream: stream as StreamName, expected: "any", events });
}

function list(query: string) {
	return lists.list(parseListQuery(new URLSearchParams(query)));
}

async function names(query: string): Promise<string[]> {
	return (await list(query)).streams.map(({ stream }) => stream);
}

/** Every page of a list, to its end. */
async function allOf(query: string): Promise<string[]> {
	const found: string[] = [];
	let asked: ListQuery = parseListQuery(new URLSearchParams(query));
	for (;;) {
		const { streams, next } = await lists.list(asked);
		found.push(...streams.map(({ stream }) => stream));
		if (next === undefined) return found;
		asked = { ...asked, after: next };
	}
}

/** Looks for a part until the index of names has all of them. */
async function untilIndexed(text: string): Promise<void> {
	for (let tries = 0; tries < 1000; tries++) {
		if ((await list(`contains=${text}`)).indexed?.isComplete) return;
		await setImmediate();
	}
	throw new Error("the index is never complete");
}

test("a row says what its stream is: events, types and times of its ends, deleted or not", async () => {
	await append("order-1", "Placed", "Paid");
	await append("order-2", "Placed");
	await append("order-3", "Placed");
	await log.delete({ stream: "order-2" as StreamName, expected: "any", hard: false });
	await log.delete({ stream: "order-3" as StreamName, expected: "any", hard: true });
	const { streams, total, next } = await list("prefix=order-");
	expect(streams).toMatchObject([
		{
			stream: "order-1",
			events: 2,
			bytes: 4,
			lastVersion: 1,
			firstType: "Placed",
			lastType: "Paid",
		},
		{ stream: "order-2", events: 0, deleted: "until-appended" },
		{ stream: "order-3", events: 0, deleted: "for-ever" },
	]);
	expect([total, next]).toEqual([3, undefined]);
	expect(streams[0]?.changed).toBeGreaterThanOrEqual(Number(streams[0]?.created));
});

test("names are found by their beginning or a part; capitals count, and system streams are apart", async () => {
	for (const stream of ["order-1", "Order-2", "reorder-3", "cart-1"]) await append(stream, "T");
	expect(await names("")).toEqual(["Order-2", "cart-1", "order-1", "reorder-3"]);
	expect(await names("prefix=order")).toEqual(["order-1"]);
	expect(await names("contains=order")).toEqual(["order-1", "reorder-3"]);
	expect(await names("category=cart")).toEqual(["cart-1"]);
	expect(await names("prefix=%24ce-")).toEqual([
		"$ce-Order",
		"$ce-cart",
		"$ce-order",
		"$ce-reorder",
	]);
	expect(await names("prefix=nothing")).toEqual([]);
});

test("the first event's type is a filter, and the last event's is not", async () => {
	await append("a", "Opened", "Closed");
	await append("b", "Closed");
	for (const order of ["name", "changed", "created"]) {
		expect(await names(`type=Closed&order=${order}`)).toEqual(["b"]);
	}
});

test("recently changed goes by each stream's newest event, a delete being one", async () => {
	for (const stream of ["a-1", "b-1", "c-1", "a-1", "d-1"]) await append(stream, "T");
	await log.delete({ stream: "b-1" as StreamName, expected: "any", hard: true });
	await log.delete({ stream: "c-1" as StreamName, expected: "any", hard: false });
	expect(await names("order=changed")).toEqual(["c-1", "b-1", "d-1", "a-1"]);
	expect(await names("order=changed&category=a")).toEqual(["a-1"]);
	expect(await names("order=created")).toEqual(["d-1", "c-1", "b-1", "a-1"]);
});

test("most events comes from an index that hears of each commit", async () => {
	await append("small", "T");
	await append("large", "T", "T", "T");
	expect(await names("order=largest")).toEqual(["large", "small"]);
	await append("small", "T", "T", "T", "T");
	await append("new", "T", "T");
	const { streams, indexed } = await list("order=largest");
	expect(streams.map(({ stream }) => stream)).toEqual(["small", "large", "new"]);
	expect(indexed).toEqual({ streams: 2, isComplete: true });
});

test("most bytes comes from a list of one moment, which says how old it is", async () => {
	await append("many", "T", "T", "T");
	const data = Buffer.from(JSON.stringify("x".repeat(10_000)));
	const heavy = { id: randomUUID(), type: "T", isJson: true, data, metadata: new Uint8Array(0) };
	await log.append({ stream: "heavy" as StreamName, expected: "any", events: [heavy] });
	await append("gone", "T");
	await log.delete({ stream: "gone" as StreamName, expected: "any", hard: true });
	const { streams, indexed } = await list("order=bytes");
	expect(streams.map(({ stream, bytes }) => [stream, bytes])).toEqual([
		["heavy", 10_002],
		["many", 6],
	]);
	expect(indexed).toEqual({ streams: 3, isComplete: true, ageMs: expect.any(Number) });
	await append("late", "T", "T", "T", "T");
	expect(await names("order=bytes")).toEqual(["heavy", "many"]);
});

test.each(["name", "changed", "created", "largest", "bytes"])(
	"pages by %s follow each other without a gap, and none twice",
	async (order) => {
		for (let number = 0; number < 23; number++) {
			await append(`s-${number}`, ...Array.from({ length: 1 + (number % 3) }, () => "T"));
		}
		const whole = await names(`order=${order}&limit=500`);
		expect(whole).toHaveLength(23);
		expect(await allOf(`order=${order}&limit=5`)).toEqual(whole);
		expect(await allOf(`order=${order}&limit=1&contains=-2`)).toEqual(
			whole.filter((stream) => stream.includes("-2")),
		);
	},
);

test("a page looks at a bounded number of names, and says where to go on", async () => {
	// One batch, since each name is a stream of its own: they are made by their index.
	const streams = Array.from(
		{ length: 1200 },
		(_, number) => `s-${String(number).padStart(4, "0")}`,
	);
	await Promise.all(streams.map((stream) => append(stream, "T")));
	const { streams: found, searched, next } = await list("contains=1199");
	expect([found.length, searched, next]).toEqual([1, 1200, undefined]);
});

test.each([
	["order=size", "order"],
	["limit=0", "limit"],
	["limit=501", "limit"],
	["limit=x", "limit"],
	["order=changed&after=abc", "after"],
	[`prefix=${"x".repeat(1025)}`, "prefix"],
	["contains=%ED%A0%80", ""],
])("refuses ?%s, or takes it for what it says", (query, parameter) => {
	const parse = () => parseListQuery(new URLSearchParams(query));
	if (parameter === "") expect(parse).not.toThrow();
	else expect(parse).toThrow(`"parameter":"${parameter}"`);
});

test("the end of a prefix is the first text behind all that begin with it", () => {
	expect(successorOf("order-")).toBe("order.");
	expect(successorOf("\ud7ff")).toBe("\ue000");
	expect(successorOf("a\u{10ffff}")).toBe("b");
	expect(successorOf("\u{10ffff}")).toBeUndefined();
});

test("a part of a name is found by an index, which hears of new streams", async () => {
	await Promise.all(Array.from({ length: 300 }, (_, at) => append(`order-${at}`, "T")));
	expect(await names("contains=er-29")).toHaveLength(11);
	await untilIndexed("er-29");
	for (const stream of ["#first", "reorder-29", "zz-order-290"]) await append(stream, "T");
	const found = await list("contains=der-29");
	const rest = ["order-290", "order-299", "reorder-29", "zz-order-290"];
	expect(found.streams.map(({ stream }) => stream)).toEqual(expect.arrayContaining(rest));
	expect(found.streams).toHaveLength(13);
	// The other blocks of 64 names were not looked at.
	expect(found.searched).toBeLessThan(200);
	expect(found.indexed).toEqual({ streams: 303, isComplete: true });
	expect(await names("contains=%23fi")).toEqual(["#first"]);
	expect(await allOf("contains=order-2&limit=7")).toHaveLength(113);
	expect(await names("contains=order-29&prefix=z")).toEqual(["zz-order-290"]);
	expect(await names("contains=nothing-has-it")).toEqual([]);
	// Two characters are in too many blocks: all names are looked at.
	expect(await names("contains=zz")).toEqual(["zz-order-290"]);
});

test("names of system streams are found by a part without the index", async () => {
	await append("order-1", "OrderPlaced");
	await untilIndexed("rder");
	expect(await names("prefix=%24et-&contains=Placed")).toEqual(["$et-OrderPlaced"]);
});

test("a type that few streams begin with is looked for in parts, each of which goes on", async () => {
	await Promise.all(Array.from({ length: 1100 }, (_, at) => append(`order-${at}`, "T")));
	await append("zz-1", "Rare");
	const first = await list("type=Rare");
	expect(first.streams).toEqual([]);
	expect(first.searched).toBe(1000);
	expect(await allOf("type=Rare")).toEqual(["zz-1"]);
	expect(await allOf("type=T&limit=500")).toHaveLength(1100);
});

test("the size of many events is an estimate, and says so", async () => {
	await append("small-1", ...Array.from({ length: 100 }, () => "T"));
	await append("large-1", ...Array.from({ length: 101 }, () => "T"));
	expect((await list("prefix=large")).streams).toMatchObject([{ bytes: 202, isEstimate: true }]);
	const [small] = (await list("prefix=small")).streams;
	expect([small?.bytes, small?.isEstimate]).toEqual([200, undefined]);
});
