/** The parts that screens are made of: what they show of any content, and what they make of it. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { html } from "../../admin/html.ts";
import { quotedWord } from "../../admin/parts/curl.ts";
import { type Change, differenceOf } from "../../admin/parts/json/diff.ts";
import { type Json, readJson, writeJson } from "../../admin/parts/json/json.ts";
import { withRules } from "../../admin/parts/json/rules.ts";
import { sizeOf, spanOf } from "../../admin/parts/numbers.ts";
import { hasUnseen, visible, visibleText } from "../../admin/parts/visible.ts";
import { rowsOf } from "../../admin/screens/event/causation.ts";
import { nearestTo } from "../../admin/screens/event/nearest.ts";
import { jumpTo } from "../../admin/screens/stream/jump.ts";
import { pagesAround } from "../../admin/screens/stream/place.ts";
import type { RecordedEvent, StreamName } from "../../src/event.ts";

const read = (text: string) => readJson(text, 10_000);

describe("JSON", () => {
	test("is read as it was sent: numbers, the order of keys, a key sent twice", () => {
		const text = '{"b":1.10,"a":[1e400,12345678901234567890,-0.0],"b":null,"":{"x":"\\u0041\\n"}}';
		expect(writeJson(read(text))).toBe(text.replace("\\u0041", "A"));
	});

	test("means what a reader of JSON makes of it, for any document", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const text = JSON.stringify(value);
				expect(JSON.parse(writeJson(read(text)))).toEqual(JSON.parse(text));
			}),
		);
	});

	test("that is cut anywhere is read as far as it goes, and never for ever", () => {
		const text = '{"a":{"b":[1,2,{"c":"d\\"e"}],"f":true},"g":"h"}';
		for (let end = 0; end <= text.length; end++) {
			const value: Json = read(text.slice(0, end));
			if (value.kind === "object") expect(value.isCut).toBe(end < text.length);
		}
		fc.assert(fc.property(fc.string(), (any) => void read(any)));
	});
});

describe("what changed", () => {
	const changes = (before: string, after: string) =>
		differenceOf(read(before), read(after)).changes.map(
			({ path, before: old, after: now }: Change) => [
				path,
				old && writeJson(old),
				now && writeJson(now),
			],
		);

	test.each([
		[
			'{"a":1,"b":2}',
			'{"b":3,"c":4}',
			[
				["a", "1", undefined],
				["b", "2", "3"],
				["c", undefined, "4"],
			],
		],
		['{"a":1.0}', '{"a":1}', [["a", "1.0", "1"]]],
		[
			'{"a":{"b":[1,2]}}',
			'{"a":{"b":[1,3,4]}}',
			[
				["a.b[1]", "2", "3"],
				["a.b[2]", undefined, "4"],
			],
		],
		[
			'{"l":[{"id":1,"n":1},{"id":2}]}',
			'{"l":[{"id":2},{"id":1,"n":2}]}',
			[["l[id 1].n", "1", "2"]],
		],
		['{"a":{}}', '{"a":[]}', [["a", "{}", "[]"]]],
		["1", '"1"', [["", "1", '"1"']]],
		['{"a":1,"b":2}', '{"b":2,"a":1}', []],
	])("from %s to %s is %j", (before, after, expected) => {
		expect(changes(before, after)).toEqual(expected);
	});

	test("is nothing between a document and itself, whatever it is", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const text = JSON.stringify(value);
				expect(changes(text, text)).toEqual([]);
			}),
		);
	});
});

describe("what caused what", () => {
	const event = (id: string, cause?: string): RecordedEvent => {
		const metadata = cause === undefined ? "" : JSON.stringify({ $causationId: cause });
		const rest = { type: "T", isJson: true, data: new Uint8Array(0), version: 0, created: 0 };
		const stream = "s" as StreamName;
		return { id, stream, position: id.length, ...rest, metadata: Buffer.from(metadata) };
	};
	const drawn = (...events: readonly RecordedEvent[]) =>
		rowsOf(events).map(({ event: { id }, rail, cause, fault }) => [id, rail, cause, fault]);

	test("stands below its cause; the longest child stays on its rail", () => {
		expect(drawn(event("a"), event("b", "a"), event("c", "a"), event("d", "c"))).toEqual([
			["a", 0, undefined, undefined],
			["b", 1, 0, undefined],
			["c", 0, 0, undefined],
			["d", 0, 2, undefined],
		]);
	});

	test("survives a missing cause, two roots, an event that is its own cause, and a cycle", () => {
		const rows = drawn(
			event("a"),
			event("b", "nowhere"),
			event("c", "c"),
			event("d", "e"),
			event("e", "d"),
		);
		expect(rows).toHaveLength(5);
		const faults = Object.fromEntries(rows.map(([id, , , fault]) => [id, fault]));
		expect(faults).toEqual({
			a: undefined,
			b: "not here",
			c: "a cycle",
			d: undefined,
			e: "a cycle",
		});
	});

	test("of a chain or a fan of thousands of events is drawn without a deep stack", () => {
		const chain = Array.from({ length: 2000 }, (_, at) =>
			event(`${at}`, at > 0 ? `${at - 1}` : undefined),
		);
		expect(rowsOf(chain).at(-1)?.rail).toBe(0);
		const fan = [event("0"), ...Array.from({ length: 2000 }, (_, at) => event(`f${at}`, "0"))];
		expect(Math.max(...rowsOf(fan).map(({ rail }) => rail))).toBe(1);
	});

	test("of many events those are drawn that matter for one of them, the root always", () => {
		const fan = Array.from({ length: 500 }, (_, at) => event(`f${at}`, "0"));
		const others = Array.from({ length: 20 }, (_, at) => event(`c${at}`));
		const all = [event("0"), ...fan, event("e", "f300"), ...others];
		const events = all.map((one, position) => ({ ...one, position }));
		const shown = nearestTo(events[301] as RecordedEvent, events).map(({ id }) => id);
		expect(shown).toHaveLength(40);
		expect(shown).toEqual(expect.arrayContaining(["0", "f299", "f300", "f301", "e"]));
		expect(shown[0]).toBe("0");
	});
});

test("what cannot be seen is shown, and what can be seen stays as it is", () => {
	const shown = (text: string) => String(html`${visible(text)}`);
	expect(shown("order-42 ü 漢字 🎉")).toBe("order-42 ü 漢字 🎉");
	expect(visibleText("a\u202eb\u200bc\u0000\ufeff")).toBe("a[U+202E]b[U+200B]c[U+0000][U+FEFF]");
	expect(visibleText(" a  b ")).toBe("[U+0020]a  b[U+0020]");
	expect(visibleText("\ud800")).toBe("[U+D800]");
	expect(shown("<b>&\"'")).toBe("&lt;b&gt;&amp;&quot;&#39;");
	expect([hasUnseen("a\u00a0b"), hasUnseen("a b")]).toEqual([true, false]);
});

test("numbers and times are as people read them", () => {
	expect([999, 1000, 123_456, 3_900_000].map(sizeOf)).toEqual([
		"999 B",
		"1.0 kB",
		"123 kB",
		"3.9 MB",
	]);
	expect([0, 59_000, 61_000, 90_000_000].map(spanOf)).toEqual(["0 s", "59 s", "1 min", "1 d"]);
});

test("a word of a shell is quoted if anything in it has a meaning", () => {
	expect(quotedWord("http://h/streams/a%20b")).toBe("http://h/streams/a%20b");
	expect(quotedWord("it's $HOME; `x`")).toBe(`'it'\\''s $HOME; \`x\`'`);
});

test("a place in a stream is a number or a moment", () => {
	const now = Date.parse("2026-11-29T10:00:00Z");
	const to = (text: string) => jumpTo("s" as StreamName, text, 170, now);
	expect(to("166")).toBe("/streams/s?open=166");
	expect(to("7")).toBe("/streams/s/19/backward/20?open=7");
	expect(to("9,999")).toBe("/streams/s?open=170");
	expect(to("09:55")).toBe("/streams/s/at/2026-11-29T09:55:00.000Z");
	expect(to("2026-11-28 09:55")).toBe("/streams/s/at/2026-11-28T09:55:00.000Z");
	expect(to("-5m")).toBe("/streams/s/at/2026-11-29T09:55:00.000Z");
	for (const wrong of ["25:00", "x", "2026-13-01", "-5y"]) expect(to(wrong)).toBeUndefined();
});

test("pages of a stream follow each other on the grid, from the newest to the first and back", () => {
	const stream = "s" as StreamName;
	const place = (from: number | "head", count: number) => {
		const range = { direction: "backward", from, count } as const;
		return { stream, range, isHead: from === "head", open: undefined };
	};
	expect(pagesAround(place("head", 20), 47)).toEqual({
		newer: undefined,
		older: "/streams/s/27/backward/8",
	});
	expect(pagesAround(place(27, 8), 47)).toEqual({
		newer: "/streams/s/39/backward/12",
		older: "/streams/s/19/backward/20",
	});
	expect(pagesAround(place(19, 20), 47)).toEqual({
		newer: "/streams/s/39/backward/20",
		older: undefined,
	});
	expect(pagesAround(place(39, 20), 47)).toEqual({
		newer: "/streams/s",
		older: "/streams/s/19/backward/20",
	});
});

test("the form of metadata changes the rules that it has, and keeps every other byte of a value", () => {
	const form = new URLSearchParams({ $maxCount: "7", $tb: "", acl$r: "a" });
	expect(withRules('{"$tb":1,"x":1.10,"$acl":{"$w":"b"}}', form)).toBe(
		'{"x":1.10,"$acl":{"$r":"a"},"$maxCount":7}',
	);
	expect(withRules("", new URLSearchParams())).toBe("{}");
	expect(() => withRules("{}", new URLSearchParams({ $maxAge: "1.5" }))).toThrow(
		"not a whole number",
	);
});

describe("colours", () => {
	const css = readFileSync(new URL("../../admin/style/1-tokens.css", import.meta.url), "utf8");
	const pairs = new Map(
		[...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(
			([, name = "", light = "", dark = ""]) => [name, [light, dark] as const],
		),
	);
	const luminance = (hex: string) => {
		const channels = [1, 3, 5].map((at) => {
			const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
			return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * (channels[0] ?? 0) + 0.7152 * (channels[1] ?? 0) + 0.0722 * (channels[2] ?? 0);
	};
	const ratio = (one: string, other: string) => {
		const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
		return (high + 0.05) / (low + 0.05);
	};
	const GROUNDS = ["bg", "surface", "sunk", "hover", "sel"];
	const TEXT = ["text", "text2", "text3", "accent", "ok", "warn", "bad", "k", "s", "n", "b"];
	const GRAPHICS = ["ctl", "c1", "c2", "c3", "c4", "c5", "c6"];

	test.each([
		...TEXT.map((name) => [name, 4.5] as const),
		...GRAPHICS.map((name) => [name, 3] as const),
	])("%s has a ratio of %d or more on every ground, in both themes", (name, least) => {
		for (const ground of GROUNDS) {
			for (const theme of [0, 1] as const) {
				const [one, other] = [pairs.get(name)?.[theme], pairs.get(ground)?.[theme]];
				expect(ratio(String(one), String(other))).toBeGreaterThanOrEqual(least);
			}
		}
	});
});
