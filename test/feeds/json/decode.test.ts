import { readFileSync } from "node:fs";
import { FeedFormatError } from "../../../feeds/errors.ts";
import { decodeEntryJson, decodeFeedJson } from "../../../feeds/json/decode.ts";
import { encodeEntryJson, encodeFeedJson } from "../../../feeds/json/encode.ts";
import type { EntryEvent } from "../../../feeds/model.ts";
import { anyFeed, randomFrom, runSeed } from "../random.ts";
import { bytes, entry, entryWith, head, thrownBy } from "../sample.ts";

const EMPTY = bytes("");
/** What an entry has since that recording was made. */
const ADDED = new Set(["isRedacted", "position"]);

function recorded(name: string): string {
	return readFileSync(new URL(`../data/recorded-${name}.json`, import.meta.url), "utf8");
}

function text(data: Uint8Array | undefined): string | undefined {
	return data && Buffer.from(data).toString();
}

describe("what a real server sends", () => {
	test("is read with data and metadata as bytes", () => {
		const feed = decodeFeedJson(recorded("stream-body"));
		expect(feed).toMatchObject({ streamId: "streamName", headOfStream: true, archive: false });
		expect(feed.links.map(({ relation }) => relation)).toEqual([
			"self",
			"first",
			"previous",
			"metadata",
		]);
		expect(text(feed.entries[0]?.event?.data)).toContain('"message":"[POST Single Event]"');
		expect(text(feed.entries[0]?.event?.metadata)).toBe("");
	});

	test("is read with links, whose event lives elsewhere", () => {
		const [link] = decodeFeedJson(recorded("category-body")).entries;
		expect(link?.summary).toBe("$>");
		expect(link?.event).toMatchObject({ positionStreamId: "$ce-TestStream", eventNumber: 0 });
		expect(text(link?.event?.linkMetadata)).toContain('"$o":"TestStream-');
	});

	test("is read without events where it embeds none, and without data at rich", () => {
		expect(decodeFeedJson(recorded("category-none")).entries[0]).not.toHaveProperty("event");
		const rich = decodeFeedJson(recorded("stream-rich")).entries[0]?.event;
		expect(rich).toMatchObject({ isJson: true, positionEventNumber: 2 });
		expect(rich).not.toHaveProperty("data");
		expect(rich).not.toHaveProperty("metadata");
	});

	test.each(["stream-body", "category-body"])("is what we write ourselves: %s", (name) => {
		const decoded = decodeFeedJson(recorded(name));
		const entries = decoded.entries.map((entry) => ({
			...entry,
			event: { ...entry.event, position: 0 } as EntryEvent,
		}));
		const theirs = JSON.parse(recorded(name));
		const ours = JSON.parse(encodeFeedJson({ ...decoded, entries }, "body"), (key, value) =>
			ADDED.has(key) ? undefined : value,
		);
		expect(ours).toEqual(theirs);
		expect(Object.keys(ours.entries[0])).toEqual(Object.keys(theirs.entries[0]));
	});

	test("may hold nulls and members we do not know", () => {
		const feed = JSON.parse(encodeFeedJson(head, "body"));
		Object.assign(feed, { eTag: null, unknown: { a: [1] } });
		Object.assign(feed.entries[0], { content: null, metaData: null, retryCount: null });
		expect(decodeFeedJson(JSON.stringify(feed))).not.toHaveProperty("eTag");
	});
});

describe("a round trip", () => {
	const seed = runSeed();

	/** What of an event each level is to bring back. */
	function expected(event: EntryEvent, embed: string): Partial<EntryEvent> | undefined {
		if (embed === "none") return undefined;
		const { data, metadata, linkMetadata, ...rich } = event;
		if (embed === "rich") return rich;
		return {
			...rich,
			...(event.isJson ? { data, metadata } : metadata.length > 0 ? { metadata } : {}),
			...(linkMetadata ? { linkMetadata } : {}),
		};
	}

	test.each(["none", "rich", "body"] as const)("brings back all that %s shows", (embed) => {
		const random = randomFrom(seed);
		for (let i = 0; i < 300; i++) {
			const feed = anyFeed(random);
			const entries = feed.entries.map(({ event, ...rest }) => {
				const shown = expected(event, embed);
				return shown ? { ...rest, event: shown } : rest;
			});
			const decoded = decodeFeedJson(encodeFeedJson(feed, embed));
			expect(plain(decoded)).toEqual(plain({ ...feed, entries }));
		}
	});

	test("at content brings back JSON bytes as they were stored", () => {
		const data = '{ "n" : 12345678901234567890,\n "price": 1.10, "s": "\\u00e9]" }';
		const feed = { ...head, entries: [entryWith({ data: bytes(data) }), entry] };
		const [first, second] = decodeFeedJson(encodeFeedJson(feed, "content")).entries;
		expect(text(first?.event?.data)).toBe(data);
		expect(first?.event).toMatchObject({ streamId: "newstream", isJson: true, metadata: EMPTY });
		expect(text(second?.event?.data)).toBe('{"something":"has data"}');
	});

	test("of a single entry brings back its event", () => {
		const decoded = decodeEntryJson(encodeEntryJson(entry, "body"));
		expect(plain(decoded)).toEqual(plain(entry));
	});

	test("survives data as deep as the engine can nest", () => {
		const data = bytes(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
		const feed = { ...head, entries: [entryWith({ data })] };
		const [decoded] = decodeFeedJson(encodeFeedJson(feed, "content")).entries;
		expect(decoded?.event?.data?.length).toBe(data.length);
		expect(encodeFeedJson(feed, "pretty")).toContain("[[[");
	});
});

describe("what is no feed", () => {
	test.each([
		["", "the feed is not JSON"],
		["[]", "the feed is not an object"],
		["{}", "feed.links is not an array"],
		['{"links":[{}],"entries":[]}', "feed.links[0].relation is missing"],
		['{"links":[],"entries":{}}', "feed.id is missing"],
		['{"links":[],"id":"i","title":"t","updated":"u","entries":[1]}', "entries[0] is not an"],
		['{"links":[],"id":7}', "feed.id is not a string"],
	])("is refused with the place: %s", (document, message) => {
		const error = thrownBy(() => decodeFeedJson(document));
		expect(error).toBeInstanceOf(FeedFormatError);
		expect((error as Error).message).toContain(message);
	});

	test("is refused where a number could not be told from another", () => {
		const feed = encodeFeedJson(head, "rich").replace(
			'"position":7',
			'"position":9007199254740993',
		);
		expect(() => decodeFeedJson(feed)).toThrow("entries[0].position is not a whole number");
	});
});

/** Bytes as text, so that a difference can be read. */
function plain(value: unknown): unknown {
	return JSON.parse(
		JSON.stringify(value, (_, inner) =>
			inner?.type === "Buffer"
				? `bytes ${Buffer.from(inner.data).toString()}`
				: inner instanceof Uint8Array
					? `bytes ${Buffer.from(inner).toString()}`
					: inner,
		),
	);
}
