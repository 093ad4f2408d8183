/** A format that is added does not compile until all that it needs is there. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_FORMATS, EVENT_TYPES } from "../../../feeds/formats/event.ts";
import { FEED_TYPES, isPageType, PAGE_FORMATS } from "../../../feeds/formats/feed.ts";
import { encodeFeed } from "../../../feeds/parts.ts";
import { ROOT } from "../../structure/source.ts";
import { head } from "../sample.ts";

const FEED = "feeds/formats/feed.ts";
const EVENT = "feeds/formats/event.ts";
const MESSAGE = "feeds/formats/message.ts";
const BODY = "src/http/request/bodies/kind.ts";
const STREAMING = "src/http/handlers/streaming/streaming.ts";

let copy: string;

describe("what is added without the rest of it", () => {
	beforeEach(() => {
		copy = mkdtempSync(join(tmpdir(), "varve-formats-"));
		for (const part of ["src", "feeds", "package.json", "tsconfig.json"]) {
			cpSync(join(ROOT, part), join(copy, part), { recursive: true });
		}
		symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
	});
	afterEach(() => rmSync(copy, { recursive: true }));

	/** Many faults a run: a run of the compiler takes seconds. */
	test("does not compile: a word without its row in a table", () => {
		add(FEED, "export type PageFormat =", ' "sheet" |');
		add(FEED, "export type StreamingFormat =", ' "tsv" |');
		add(EVENT, "export type EventFormat =", ' "sheet"');
		add(BODY, "export type BodyKind =", ' "sheet"');
		add(MESSAGE, "export type MessageFormat =", ' "sheet" |');
		expect(faults()).toEqual([
			[EVENT, "Property 'sheet' is missing"],
			[FEED, "Property 'sheet' is missing"],
			["src/http/answering/message.ts", "Property 'sheet' is missing"],
			[STREAMING, "Property 'tsv' is missing"],
			["src/http/request/bodies/events.ts", "Property 'sheet' is missing"],
		]);
	});

	test("does not compile: a batch at a stream's own URL without its encoder", () => {
		add(FEED, "export type PageFormat =", ' "sheet" |');
		const row =
			'sheet: { writes: { from: "feed", parts: JSON_PARTS }, showsContent: () => true, ownUrl: "first-batch" },';
		add(FEED, "PAGE_FORMATS: Readonly<Record<PageFormat, PageEncoding>> = {", row);
		expect(faults().map(([file]) => file)).toEqual([FEED]);
	});

	test("does not compile: a media type without its format", () => {
		add(FEED, "] = [", ' mediaType("text/x-sheet", "sheet"),');
		add(EVENT, "] = [", ' eventType("text/x-sheet", "sheet"),');
		expect(faults().map(([file]) => file)).toEqual([EVENT, FEED]);
	});
});

test("every format is had by some media type", () => {
	const pages = new Set(FEED_TYPES.filter(isPageType).map(({ format }) => format));
	expect([...pages].sort()).toEqual(Object.keys(PAGE_FORMATS).sort());
	const events = new Set(EVENT_TYPES.map(({ format }) => format));
	expect([...events].sort()).toEqual(Object.keys(EVENT_FORMATS).sort());
});

test("a batch at a stream's own URL is in the format of its row", () => {
	const oldestFirst = head.entries.map((entry) => ({ entry, id: undefined })).reverse();
	const batches = Object.values(PAGE_FORMATS).flatMap(({ writes, ownUrl }) =>
		ownUrl === "newest-page" || writes.from !== "feed"
			? []
			: [[ownUrl.batch(oldestFirst), encodeFeed(writes.parts, head, "body")]],
	);
	expect(batches.length).toBeGreaterThan(0);
	for (const [batch, page] of batches) expect(batch).toBe(page);
});

/** Adds to a file of the copy, behind the only place that reads so. */
function add(file: string, place: string, added: string): void {
	const path = join(copy, file);
	const parts = readFileSync(path, "utf8").split(place);
	expect(parts.length).toBe(2);
	writeFileSync(path, parts.join(place + added));
}

/** What the compiler says of the copy: files, and what it says, in order of the files. */
function faults(): [file: string, message: string][] {
	const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
	const options = ["-p", copy, "--noEmit", "--incremental", "false"];
	const { stdout } = spawnSync(process.execPath, [compiler, ...options], {
		cwd: copy,
		encoding: "utf8",
	});
	const found = [
		...stdout.matchAll(/^(\S+)\(\d+,\d+\): error TS\d+: (Property '\w+' is missing)?/gm),
	];
	return found.map(([, file = "", message = ""]): [string, string] => [file, message]).sort();
}
