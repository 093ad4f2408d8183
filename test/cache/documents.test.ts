import { FEED_TYPES } from "../../feeds/formats/feed.ts";
import type { MediaType } from "../../feeds/media.ts";
import { Documents, type EncodedDocument, forEverybody } from "../../src/cache/documents.ts";
import type { StreamName } from "../../src/event.ts";

const TYPE = FEED_TYPES[0] as MediaType;

function encoded(
	text: string,
	lifetime: Partial<EncodedDocument["lifetime"]> = {},
	coding: EncodedDocument["coding"] = "identity",
): EncodedDocument {
	return {
		text: Buffer.from(text),
		type: TYPE,
		coding,
		snapshot: { last: 7, history: { incarnation: 1, erasures: 0 } },
		lifetime: { sealed: true, headMaxAge: 0, ...lifetime },
	};
}

test("a sealed document is kept, one that may change is not", async () => {
	const documents = new Documents({ bytesMax: 1e6, countMax: 10 });
	const sealed = await documents.make(forEverybody("sealed"), async () => encoded("a"));
	await documents.make(forEverybody("head"), async () => encoded("b", { sealed: false }));
	expect(documents.get("sealed")).toBe(sealed);
	expect(documents.get("head")).toBeUndefined();
});

test("a head is kept if it is asked for again, and goes when a stream does more than grow", async () => {
	const documents = new Documents({ bytesMax: 20e6, countMax: 1000 });
	await documents.make(forEverybody("sealed"), async () => encoded("a".repeat(1e6)));
	for (let last = 0; last < 20; last++) {
		const head = encoded("b".repeat(1e6), { sealed: false, onlyGrows: true });
		await documents.make(forEverybody(`head ${last}`), async () => head);
		expect(documents.get(`head ${last}`)).toBeUndefined();
		await documents.make(forEverybody(`head ${last}`), async () => head);
	}
	expect(documents.get("sealed")).toBeDefined();
	expect(documents.get("head 0")).toBeUndefined();
	expect(documents.get("head 19")).toBeDefined();
	documents.forget([]);
	expect(documents.get("head 19")).toBeUndefined();
	expect(documents.get("sealed")).toBeDefined();
});

test("a document that many ask for at once is made once", async () => {
	const documents = new Documents({ bytesMax: 1e6, countMax: 10 });
	let made = 0;
	const write = async () => {
		made++;
		await new Promise(setImmediate);
		return encoded("a", { sealed: false });
	};
	const all = await Promise.all(
		Array.from({ length: 50 }, () => documents.make(forEverybody("key"), write)),
	);
	expect([made, new Set(all).size]).toEqual([1, 1]);
	await documents.make(forEverybody("key"), write);
	expect(made).toBe(2);
});

test("a document that fails is tried again by the next who asks", async () => {
	const documents = new Documents({ bytesMax: 1e6, countMax: 10 });
	const fails = () => Promise.reject(new Error("no"));
	await expect(documents.make(forEverybody("key"), fails)).rejects.toThrow("no");
	expect((await documents.make(forEverybody("key"), async () => encoded("a"))).body.length).toBe(1);
});

test("what is kept stays within its bytes and its count", async () => {
	const byCount = new Documents({ bytesMax: 1e9, countMax: 3 });
	for (const key of ["1", "2", "3", "4"])
		await byCount.make(forEverybody(key), async () => encoded("a"));
	expect(["1", "2", "3", "4"].map((key) => byCount.get(key) !== undefined)).toEqual([
		false,
		true,
		true,
		true,
	]);

	const byBytes = new Documents({ bytesMax: 20_000, countMax: 1000 });
	for (const key of ["1", "2", "3", "4"])
		await byBytes.make(forEverybody(key), async () => encoded("x".repeat(8000)));
	expect(["1", "2", "3", "4"].filter((key) => byBytes.get(key)).length).toBe(2);
	await byBytes.make(forEverybody("huge"), async () => encoded("x".repeat(30_000)));
	expect(byBytes.get("huge")).toBeUndefined();
});

test("a cache of no bytes keeps nothing", async () => {
	const documents = new Documents({ bytesMax: 0, countMax: 10 });
	await documents.make(forEverybody("key"), async () => encoded("a"));
	expect(documents.get("key")).toBeUndefined();
});

test("only a sealed document of some size is compressed", async () => {
	const documents = new Documents({ bytesMax: 1e6, countMax: 10 });
	const codingOf = async (text: string, sealed: boolean) => {
		const { lines } = await documents.make(forEverybody(`${text.length} ${sealed}`), async () =>
			encoded(text, { sealed }, "gzip"),
		);
		return lines.usual.includes("Content-Encoding");
	};
	expect(await codingOf("x".repeat(5000), true)).toBe(true);
	expect(await codingOf("x".repeat(5000), false)).toBe(false);
	expect(await codingOf("x".repeat(100), true)).toBe(false);
});

test("every kept document that shows a stream goes with it, and no other", async () => {
	const documents = new Documents({ bytesMax: 1e6, countMax: 10 });
	const streamsOf = { one: ["a"], two: ["a", "b"], three: ["b", "c"], four: ["c"] };
	const keep = (key: string, streams: string[]) =>
		documents.make(forEverybody(key), async () => ({
			...encoded(key),
			streams: streams as StreamName[],
		}));
	for (const [key, streams] of Object.entries(streamsOf)) await keep(key, streams);
	const left = () => Object.keys(streamsOf).filter((key) => documents.get(key));
	documents.forget(["a" as StreamName]);
	expect(left()).toEqual(["three", "four"]);
	await keep("one", ["a"]);
	documents.forget(["b" as StreamName]);
	expect(left()).toEqual(["one", "four"]);
	documents.forget(["c", "a"] as StreamName[]);
	expect(left()).toEqual([]);
});
