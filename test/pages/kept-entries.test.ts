/**
 * A head page is put together of the texts of entries that were written for the page before. Each
 * one here is held against the same page written from nothing: read by a reader that has kept
 * nothing, and encoded whole.
 */
import { PAGE_FORMATS } from "../../feeds/formats/feed.ts";
import type { Embed } from "../../feeds/model.ts";
import { encodeFeed, type FeedParts, inOrder } from "../../feeds/parts.ts";
import { entryTexts } from "../../src/http/handlers/pages/entry-texts.ts";
import { urlsAt } from "../../src/http/urls.ts";
import type { Log, LogReads, Range } from "../../src/log/log.ts";
import { logFile } from "../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { Reader } from "../../src/log/sqlite/reading/reader.ts";
import { composeEntry } from "../../src/pages/entry.ts";
import { frameOf, newestFirst, type Page, type PageSpec, readPage } from "../../src/pages/page.ts";
import { append, event, events, name, replacing, scavenge } from "../log/asking.ts";
import { newDirectory } from "../log/sqlite/directory.ts";
import { feedOf } from "./feed.ts";

const EMBEDS: readonly Embed[] = ["none", "content", "rich", "body", "pretty", "tryharder"];
const STREAMS = ["order-1", "links", "$ce-order", "$et-OrderPlaced", "$all", "$user-ann"].map(name);
const COUNTS = [5, 20];
const BASES = ["http://one", "http://two/varve"];

let log: Log;
let reader: Reader;
let keptPages = 0;

beforeEach(async () => {
	const directory = newDirectory();
	log = await openSqliteLog(directory);
	const options = { pageBytesMax: 1e8, clock: Date.now, checksReads: true };
	reader = new Reader(logFile(directory), options);
});
afterEach(async () => {
	reader.close();
	await log.close();
});

function specOf(stream: PageSpec["stream"], count: number, content: boolean): PageSpec {
	const range = { direction: "backward", from: "head", count } as const;
	const tag = (last: number, variant: number) => `${last};${variant}`;
	return { stream, range, content, tag, asAsked: (url) => url };
}

/** Of every stream, format and embed level: each page is the page from nothing. */
async function expectSame(what: string, base: string): Promise<void> {
	// What is held against its hashes is never kept.
	const read = async (range: Range) => reader.read(range, { hidden: false, isErasing: false });
	const anew = replacing(log, { read });
	for (const stream of STREAMS) {
		for (const count of COUNTS) {
			for (const content of [true, false]) {
				const spec = specOf(stream, count, content);
				const [page, other] = await Promise.all([pageOf(log, spec), pageOf(anew, spec)]);
				if (typeof page === "string" || typeof other === "string") expect(page).toBe(other);
				else expectSamePage({ what, stream, base }, spec, page, other);
			}
		}
	}
}

/** @returns what the read is refused with, if it is */
function pageOf(reads: LogReads, spec: PageSpec): Promise<Page | string> {
	return readPage(reads, spec).catch((error) => error.word);
}

function expectSamePage(
	what: { readonly what: string; readonly stream: string; readonly base: string },
	spec: PageSpec,
	page: Page,
	other: Page,
): void {
	for (const [format, { writes, showsContent }] of Object.entries(PAGE_FORMATS)) {
		if (writes.from === "entries") {
			const [text, wanted] = [page, other].map(({ slice }) => textOf(writes.encode(slice.entries)));
			expect({ what, format, text }).toEqual({ what, format, text: wanted });
			continue;
		}
		for (const embed of EMBEDS.filter((one) => showsContent(one) === spec.content)) {
			const text = joined(writes.parts, embed, what.base, spec, page);
			const wanted = encodeFeed(writes.parts, feedOf(urlsAt(what.base, log), spec, other), embed);
			expect({ what, format, embed, text }).toEqual({ what, format, embed, text: wanted });
		}
	}
}

/** The page as the server writes it, of the texts that are kept. */
function joined(parts: FeedParts, embed: Embed, base: string, spec: PageSpec, page: Page): string {
	const { stream } = spec;
	const { isKept = false } = page.slice;
	const urls = urlsAt(base, log);
	const form = { parts, embed, place: `${base}\n${stream}` };
	const { texts, isAscii } = entryTexts(form, newestFirst(spec, page), isKept, (entry) =>
		composeEntry(urls, stream, entry),
	);
	if (isAscii) expect(Buffer.byteLength(texts.join(""))).toBe(texts.join("").length);
	if (isKept) keptPages++;
	const entries = inOrder(parts, texts).join(parts.separator);
	return parts.before(frameOf(urls, spec, page)) + entries + parts.behind;
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

test("pages of kept entries are those that are written from nothing, whatever happens", async () => {
	const metadata = (stream: string, rule: object) => {
		const data = Buffer.from(JSON.stringify(rule));
		return append(log, `$$${stream}`, [event({ type: "$metadata", data })]);
	};
	const link = (to: string) => event({ type: "$>", data: Buffer.from(to) });
	const redact = (stream: string, version: number) =>
		log.redact({ stream: name(stream), version, metadata: true });
	const odd = [
		event({ data: Buffer.from('{"name":"Łódź 🚀","of":"<a&b>"}') }),
		event({ isJson: false, data: Buffer.from([0, 255, 254, 10]), metadata: Buffer.from("text") }),
		event({ data: Buffer.from("[1,2]"), metadata: Buffer.from('{"$correlationId":"c"}') }),
		event({ data: Buffer.from(`"${"\\u0001".repeat(3000)}"`) }),
		event({ data: new Uint8Array(0) }),
	];
	const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
		["the first events", () => append(log, "order-1", events(12))],
		["odd ones", () => append(log, "order-1", odd)],
		["one more", () => append(log, "order-1", events(1))],
		["links", () => append(log, "links", [link("3@order-1"), link("0@order-2"), ...events(2)])],
		["their target", () => append(log, "order-2", events(3))],
		["a redaction", () => redact("order-1", 14)],
		["a user", () => append(log, "$user-ann", events(1))],
		["more than is kept", () => append(log, "order-1", events(50))],
		["truncation", () => metadata("order-1", { $tb: 60 })],
		["$maxCount", () => metadata("order-1", { $maxCount: 4 })],
		["no rule", () => metadata("order-1", {})],
		["a hidden target", () => metadata("order-2", { $tb: 2 })],
		["a deleted one", () => log.delete({ stream: name("order-2"), expected: "any", hard: true })],
		["a scavenge", () => scavenge(log)],
		["a delete", () => log.delete({ stream: name("order-1"), expected: "any", hard: false })],
		["it comes back", () => append(log, "order-1", events(2))],
		["an end", () => log.delete({ stream: name("order-1"), expected: "any", hard: true })],
	];
	for (const [index, [what, step]] of steps.entries()) {
		await step();
		const base = BASES[index % BASES.length] as string;
		// Of a stream that is asked for again, the second read is of what the first has kept.
		for (let round = 0; round < 2; round++) await expectSame(what, base);
	}
	expect(keptPages).toBeGreaterThan(500);
});
