/** Feed readers that never heard of an event store read what we write, hostile data included. */
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import FeedParser, { type Item, type Meta } from "feedparser";
import { parseStringPromise } from "xml2js";
import { ATOM, batch, get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

const COUNT = 45;
const HOSTILE = 'evil]]>&<a href="x">\'"\u00e9\u{1F600}/%41 <!-- -->';

/** The text of an element goes where no name of an element can be. */
const STRICT = { strict: true, charkey: "#text" };

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	const events = Array.from({ length: COUNT }, (_, n) => event("Placed", { n }));
	await servers.ask(batch("order-1", events));
	const hostile = [
		event(HOSTILE, { text: HOSTILE, "<&>": "]]>", control: "\u0000\u0001\u000b\ufffe" }),
		event("\u{10FFFD}", [`<!DOCTYPE a [<!ENTITY b "c">]>&b;`]),
		event("<!--", { "": null, "\u0007": ["&#0;", "&amp;"] }),
	];
	expect((await servers.ask(batch(HOSTILE, hostile))).status).toBe(201);
});
afterAll(() => servers.close());

const event = (eventType: string, data: unknown) => ({ eventId: randomUUID(), eventType, data });

/** A feed's document, and what feedparser makes of it. */
async function read(path: string) {
	const reply = await servers.ask(get(path, ATOM));
	expect([reply.status, reply.headers["content-type"]]).toEqual([200, `${ATOM}; charset=utf-8`]);
	const parser = new FeedParser({ strict: true, addmeta: false, feedurl: servers.url + path });
	const items: Item[] = [];
	let meta: Meta | undefined;
	parser.on("meta", (found) => {
		meta = found;
	});
	for await (const item of Readable.from([reply.body]).pipe(parser)) items.push(item as Item);
	return { xml: reply.text, meta: meta as Meta, items };
}

const titles = (items: readonly Item[]) => items.map(({ title }) => title);
const numbered = (from: number, to: number) =>
	Array.from({ length: from - to + 1 }, (_, n) => `${from - n}@order-1`);

describe("feedparser reads", () => {
	test("the head of a stream, newest first", async () => {
		const { meta, items } = await read("/streams/order-1");
		expect([meta["#type"], meta["#version"], meta.title]).toEqual([
			"atom",
			"1.0",
			"Event stream 'order-1'",
		]);
		expect(meta.author).toBe("EventStore");
		expect(titles(items)).toEqual(numbered(44, 25));
		for (const [n, item] of items.entries()) {
			const url = `${servers.url}/streams/order-1/${44 - n}`;
			expect([item.guid, item.link]).toEqual([url, url]);
			expect(item.summary).toBe("Placed");
			expect(Math.abs(Number(item.date) - Date.now())).toBeLessThan(600_000);
		}
		expect(meta.date).toEqual(items[0]?.date);
	});

	test("a sealed page as an archive (RFC 5005)", async () => {
		const { meta, items } = await read("/streams/order-1/20/forward/20");
		expect(titles(items)).toEqual(numbered(39, 20));
		expect(meta.xmlurl).toBe(`${servers.url}/streams/order-1/20/forward/20`);
		expect(meta["fh:archive"]).toBeDefined();
	});

	test("everything from the end to the beginning by `next`", async () => {
		const seen = [];
		for (let path: string | undefined = "/streams/order-1"; path; ) {
			const { xml, items } = await read(path);
			seen.push(...titles(items));
			path = await linkIn(xml, "next");
		}
		expect(seen).toEqual(numbered(44, 0));
	});

	test("`$all`", async () => {
		const { meta, items } = await read("/streams/%24all/head/backward/100");
		expect(meta.title).toBe("All events");
		expect(items).toHaveLength(COUNT + 3);
		expect(new Set(items.map(({ guid }) => guid)).size).toBe(COUNT + 3);
	});

	test("a category's entries as those of the streams they come from", async () => {
		const { items } = await read("/streams/%24ce-order/0/forward/20");
		expect(titles(items)).toEqual(numbered(19, 0));
		expect(items[0]?.guid).toBe(`${servers.url}/streams/order-1/19`);
	});

	test.each(["", "?embed=content", "?embed=body"])("hostile names and data%s", async (query) => {
		const { xml, meta, items } = await read(`/streams/${encodeURIComponent(HOSTILE)}${query}`);
		// It takes markup out of titles, whatever their type.
		const shown = HOSTILE.replaceAll(/<[^>]*>/g, "");
		expect(meta.title).toBe(`Event stream '${shown}'`);
		expect(titles(items)).toEqual([2, 1, 0].map((n) => `${n}@${shown}`));
		const paths = items.map(({ guid }) => decodeURIComponent(guid.slice(servers.url.length)));
		expect(paths).toEqual([2, 1, 0].map((n) => `/streams/${HOSTILE}/${n}`));
		expect(xml).not.toContain("<!DOCTYPE");
	});
});

describe("a strict XML parser reads", () => {
	test.each([
		"/streams/order-1",
		"/streams/order-1/0/forward/20?embed=content",
		"/streams/%24all",
		"/streams/%24ce-order",
		`/streams/${encodeURIComponent(HOSTILE)}?embed=content`,
		`/streams/${encodeURIComponent(HOSTILE)}/0`,
		`/streams/${encodeURIComponent(HOSTILE)}/1`,
		`/streams/${encodeURIComponent(HOSTILE)}/2`,
	])("%s", async (path) => {
		const { text } = await servers.ask(get(path, ATOM));
		const document = (await parseStringPromise(text, STRICT)) as object;
		expect(Object.keys(document)).toEqual([expect.stringMatching(/^(feed|atom:entry)$/)]);
	});

	test("hostile names exactly as they are", async () => {
		const { text } = await servers.ask(get(`/streams/${encodeURIComponent(HOSTILE)}`, ATOM));
		const { feed } = (await parseStringPromise(text, STRICT)) as {
			feed: { title: string[]; entry: { title: string[]; summary: string[] }[] };
		};
		expect(feed.title).toEqual([`Event stream '${HOSTILE}'`]);
		expect(feed.entry.map(({ title }) => title)).toEqual([2, 1, 0].map((n) => [`${n}@${HOSTILE}`]));
		expect(feed.entry.map(({ summary }) => summary)).toEqual([["<!--"], ["\u{10FFFD}"], [HOSTILE]]);
	});
});

/** The path a link of a feed leads to. */
async function linkIn(xml: string, relation: string): Promise<string | undefined> {
	const { feed } = (await parseStringPromise(xml)) as {
		feed: { link: { $: { rel: string; href: string } }[] };
	};
	const href = feed.link.find(({ $ }) => $.rel === relation)?.$.href;
	return href?.slice(servers.url.length);
}
