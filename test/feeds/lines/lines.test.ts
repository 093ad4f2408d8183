/** Pages of lines, from the bytes of events to the same bytes. */
import fc from "fast-check";
import { FeedFormatError } from "../../../feeds/errors.ts";
import { decodeLines } from "../../../feeds/lines/decode.ts";
import { encodeLines } from "../../../feeds/lines/encode.ts";
import type { LinesEntry, StoredEvent } from "../../../feeds/model.ts";
import { runSeed } from "../random.ts";

const CREATED = Date.parse("2026-03-01T14:00:00.058Z");

function stored(of: Partial<StoredEvent>): StoredEvent {
	return {
		id: "00000000-0000-4000-8000-000000000001",
		type: "Placed",
		isJson: true,
		data: Buffer.from("{}"),
		metadata: Buffer.alloc(0),
		stream: "order-1",
		version: 3,
		position: 70,
		created: CREATED,
		...of,
	};
}

const entry = (of: Partial<StoredEvent>, version = 0): LinesEntry => ({
	version,
	event: stored(of),
});
const textOf = (entries: readonly LinesEntry[]) => Buffer.from(encodeLines(entries)).toString();

test("a line has everything about an event, its data last and unchanged", () => {
	const data = Buffer.from('{"n":12345678901234567890,"x":1.10}');
	const line = textOf([entry({ data, metadata: Buffer.from('{"by":1e2}') }, 9)]);
	expect(line).toBe(
		'{"at":9,"stream":"order-1","version":3,"position":70' +
			',"id":"00000000-0000-4000-8000-000000000001","type":"Placed"' +
			',"created":"2026-03-01T14:00:00.058Z","isJson":true' +
			',"metadata":{"by":1e2},"data":{"n":12345678901234567890,"x":1.10}}\n',
	);
});

test.each<[string, string | Uint8Array, boolean]>([
	["a line feed", '{\n"a":1}', true],
	["a carriage return", '{"a":1\r}', true],
	["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), true],
	["a byte order mark", "\ufeff{}", true],
	["no JSON, although its flag, which may be that of its metadata, says so", "plain", true],
	["JSON that its client did not call so", "{}", false],
])("content with %s is in Base64, and comes back as it was", (_, content, isJson) => {
	const data = Buffer.from(content as string);
	const metadata = isJson ? data : Buffer.alloc(0);
	const text = textOf([entry({ data, metadata, isJson })]);
	expect(text.split("\n")).toHaveLength(2);
	expect(JSON.parse(text)).toMatchObject({ dataBase64: data.toString("base64"), isJson });
	const [event] = decodeLines(Buffer.from(text), 1);
	expect([event?.data, event?.metadata]).toEqual([data, metadata]);
});

test("a name is ASCII in a line, whatever it is", () => {
	const names = { stream: 'größe-"1\\', type: "T\u2028\u{1f600}" };
	const text = textOf([entry(names)]);
	expect(text).toMatch(/^[ -~]*\n$/);
	expect(decodeLines(Buffer.from(text), 1)).toMatchObject([names]);
});

test("a link shows its target at the place of the link, and nothing if it leads nowhere", () => {
	const link = stored({ type: "$>", position: 90, created: CREATED + 1 });
	const shown = { version: 5, event: stored({ metadata: Buffer.from('{"data":0}') }), link };
	const lost = { version: 6, event: link, unresolved: { stream: "gone", version: 2 } };
	const text = textOf([shown, lost]);
	expect(text.split("\n")[1]).toBe(
		'{"at":6,"stream":"gone","version":2,"created":"2026-03-01T14:00:00.059Z","unresolved":true}',
	);
	const [event, ...others] = decodeLines(Buffer.from(text), 2);
	expect(event).toMatchObject({ at: 5, version: 3, position: 90, type: "Placed" });
	expect(String(event?.metadata)).toBe('{"data":0}');
	expect(others).toEqual([]);
});

test("all bytes come back, however they lie in memory", () => {
	const json = fc.json().map((text) => Buffer.from(text));
	const space = fc.constantFrom("", " ", "\n", "\t ");
	const spaced = fc.tuple(space, json, space).map(([a, one, b]) => Buffer.from(`${a}${one}${b}`));
	const tricky = fc.constantFrom('{"metadata":1,"data":2}', '",\\"data\\":"', '[{"data":[]}]', "é");
	const bytes = fc.oneof(
		json,
		spaced,
		tricky.map((text) => Buffer.from(text)),
		fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
		fc.constant(Buffer.from(JSON.stringify("x".repeat(20_000)))),
	);
	const content = fc.record({ data: bytes, metadata: bytes, isJson: fc.boolean() });
	fc.assert(
		fc.property(fc.array(content, { maxLength: 30 }), fc.boolean(), (contents, isJoined) => {
			// The flag alone says that data is JSON, if there is no metadata.
			const all = contents.map((one) => ({ ...one, metadata: one.metadata }));
			const given = isJoined ? cutFromOne(all) : all;
			const entries = given.map((one, index) => entry({ ...one, ...sure(one) }, index));
			const events = decodeLines(encodeLines(entries), entries.length);
			expect(events.map(({ at }) => at)).toEqual(entries.map(({ version }) => version));
			for (const [index, { data, metadata, isJson }] of events.entries()) {
				const { event } = entries[index] as LinesEntry;
				expect([isJson, hex(data), hex(metadata)]).toEqual([
					event.isJson,
					hex(event.data),
					hex(event.metadata),
				]);
			}
		}),
		{ numRuns: 200, seed: runSeed() },
	);
});

/** Without metadata, the server parsed what it calls JSON. */
function sure({ data, metadata }: { data: Uint8Array; metadata: Uint8Array }) {
	return metadata.length > 0 || isJson(data) ? {} : { isJson: false };
}

function isJson(bytes: Uint8Array): boolean {
	try {
		return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) !== undefined;
	} catch {
		return false;
	}
}

type Content = { readonly data: Uint8Array; readonly metadata: Uint8Array; isJson: boolean };

/** As an engine does: one value, cut up. */
function cutFromOne(contents: readonly Content[]): Content[] {
	const whole = Buffer.concat(contents.flatMap(({ data, metadata }) => [data, metadata]));
	let at = 0;
	const cut = ({ length }: Uint8Array) => {
		at += length;
		return whole.subarray(at - length, at);
	};
	return contents.map(({ data, metadata, isJson }) => {
		return { data: cut(data), metadata: cut(metadata), isJson };
	});
}

function hex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

describe("what is no page of lines is refused", () => {
	const good = textOf([entry({}, 0), entry({ metadata: Buffer.from('{"a":1}') }, 1)]);

	test.each([
		["fewer lines than there must be", good, 3],
		["more lines", good, 1],
		["half a line", good.slice(0, -20), 2],
		["no line feed at its end", good.slice(0, -1), 2],
		["an empty line", `\n${good}`, 3],
		["a line that is no object", `1\n${good}`, 3],
		["HTML", "<html>\n", 1],
		["a line without a number", good.replace('"at":0,', ""), 2],
		["a number below zero", good.replace('"at":0', '"at":-1'), 2],
		["a number beyond what a double holds", good.replace('"at":0', '"at":90071992547409930'), 2],
		["a stream that is no name", good.replace('"order-1"', "7"), 2],
		["metadata that is cut off", good.replace(/\{"a":1\}.*\}\n$/, '{"a":"\n'), 2],
	])("%s", (_, text, count) => {
		expect(() => decodeLines(Buffer.from(text), count)).toThrow(FeedFormatError);
	});

	test("any bytes end with events or with that error", () => {
		const cuts = fc.tuple(fc.nat(good.length), fc.nat(good.length), fc.string({ maxLength: 6 }));
		fc.assert(
			fc.property(cuts, ([from, length, other]) => {
				const text = good.slice(0, from) + other + good.slice(from + length);
				try {
					decodeLines(Buffer.from(text), 2);
				} catch (error) {
					expect(error).toBeInstanceOf(FeedFormatError);
				}
			}),
			{ numRuns: 2000, seed: runSeed() },
		);
	});
});

test("members that are not known are passed over, wherever they stand", () => {
	const known = textOf([entry({ data: Buffer.from('{"total": 1.10}') })]);
	for (const added of ['"later":1,', '"later":{"a":[1,",\\"data\\":"],"data":2},']) {
		const [event] = decodeLines(Buffer.from(known.replace('"data":', `${added}"data":`)), 1);
		expect(String(event?.data)).toBe('{"total": 1.10}');
		expect(event?.json()).toEqual({ total: 1.1 });
	}
});

test("an event that a program keeps does not keep its page", () => {
	const data = Buffer.from(JSON.stringify("x".repeat(200)));
	const entries = Array.from({ length: 1000 }, (_, n) => entry({ data }, n));
	const [event] = decodeLines(encodeLines(entries), 1000);
	expect(event?.data.buffer.byteLength).toBeLessThan(20_000);
});
