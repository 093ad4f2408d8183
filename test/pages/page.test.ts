/** Pages against the readable engine: what a page says is one moment's, and a sealed page says it for ever. */
import type { PageRange } from "../../feeds/geometry.ts";
import type { StreamName } from "../../src/event.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import type { Urls } from "../../src/pages/entry.ts";
import { readEntry } from "../../src/pages/entry.ts";
import { readPage } from "../../src/pages/page.ts";
import { feedOf } from "./feed.ts";

const S = "s-1" as StreamName;
const ALL = "$all" as StreamName;
const URLS: Urls = {
	stream: (stream) => `/${stream}`,
	metadata: (stream) => `/${stream}/metadata`,
	event: (stream, at) => `/${stream}/${at}`,
	id: (stream, at) => `/${stream}/${at}`,
	page: (stream, { from, direction, count }) => `/${stream}/${from}/${direction}/${count}`,
};

let ids = 0;
async function append(log: Log, stream: StreamName, count: number): Promise<void> {
	const events = Array.from({ length: count }, () => ({
		id: `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
		type: "t",
		isJson: true,
		data: Buffer.from("1"),
		metadata: new Uint8Array(0),
	}));
	await log.append({ stream, expected: "any", events });
}

async function page(log: Log, stream: StreamName, range: PageRange) {
	const tag = (last: number) => `tag of ${last}`;
	const spec = { stream, range, content: true, tag, asAsked: (url: string) => url };
	const made = await readPage(log, spec);
	const { slice: _, ...facts } = made;
	return { ...facts, feed: feedOf(URLS, spec, made) };
}

test("a sealed page is equal at every later moment, in either direction, on every stream", async () => {
	const log = createMemoryLog();
	const kept: [StreamName, PageRange, unknown][] = [];
	for (let last = 0; last < 50; last++) {
		await append(log, S, 1);
		for (const stream of [S, ALL, "$ce-s" as StreamName]) {
			for (const range of [
				{ direction: "forward", from: last - 4, count: 5 },
				{ direction: "backward", from: last, count: 7 },
				{ direction: "forward", from: last, count: 1 },
			] as const) {
				if (range.from < 0) continue;
				const made = await page(log, stream, range);
				expect([made.lifetime.sealed, made.newest]).toEqual([true, last]);
				kept.push([stream, range, made]);
			}
		}
	}
	for (const [stream, range, made] of kept) {
		expect(await page(log, stream, range)).toEqual(made);
	}
});

test("a page that may change says so, and what it knows", async () => {
	const log = createMemoryLog();
	await append(log, S, 10);
	for (const range of [
		{ direction: "backward", from: "head", count: 20 },
		{ direction: "forward", from: 0, count: 20 },
		{ direction: "forward", from: 10, count: 20 },
		{ direction: "backward", from: 10, count: 20 },
	] as const) {
		const { lifetime, newest, feed } = await page(log, S, range);
		expect([lifetime.sealed, newest, feed.archive]).toEqual([false, 9, false]);
	}
});

test("only the head page carries its tag, and pages of $all none", async () => {
	const log = createMemoryLog();
	await append(log, S, 3);
	const head: PageRange = { direction: "backward", from: "head", count: 20 };
	expect((await page(log, S, head)).feed.eTag).toBe("tag of 2");
	expect((await page(log, ALL, head)).feed.eTag).toBeUndefined();
	expect((await page(log, S, { ...head, from: 2 })).feed.eTag).toBeUndefined();
});

test("a stream without events is refused, $all is not", async () => {
	const log = createMemoryLog();
	const head: PageRange = { direction: "backward", from: "head", count: 20 };
	await expect(page(log, S, head)).rejects.toMatchObject({ word: "stream-not-found" });
	expect((await page(log, ALL, head)).feed.entries).toEqual([]);
});

test("an entry of an index stream is a link: the event's own name, its place beside it", async () => {
	const log = createMemoryLog();
	await append(log, S, 2);
	await append(log, "s-2" as StreamName, 1);
	const single = (stream: StreamName, at: number) => readEntry(log, URLS, { stream, at });
	expect((await single("$ce-s" as StreamName, 2)).entry).toMatchObject({
		title: "0@s-2",
		id: "/s-2/0",
		summary: "$>",
		event: { positionEventNumber: 2, positionStreamId: "$ce-s", position: 2 },
	});
	const { entry: own } = await single(ALL, 2);
	expect(own).toMatchObject({ title: "0@s-2", summary: "t", event: { positionEventNumber: 0 } });
	expect(own.event.linkMetadata).toBeUndefined();
	await expect(single(S, 9)).rejects.toMatchObject({ word: "event-not-found" });
});

test.each([
	[1_772_373_600_000, "2026-03-01T14:00:00.000Z"],
	[1_772_373_600_100, "2026-03-01T14:00:00.100Z"],
	[1_772_373_600_058, "2026-03-01T14:00:00.058Z"],
])("a time always has three digits of fraction: so times sort as text does", async (now, text) => {
	const log = createMemoryLog(undefined, () => now);
	await append(log, S, 1);
	const { feed } = await page(log, S, { direction: "forward", from: 0, count: 5 });
	expect([feed.updated, feed.entries[0]?.updated]).toEqual([text, text]);
	expect((await readEntry(log, URLS, { stream: S, at: 0 })).entry.updated).toBe(text);
});
