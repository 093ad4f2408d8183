/**
 * Readers that know nothing but the links: every event once, in order, from anywhere, while events
 * arrive.
 */
import { randomUUID } from "node:crypto";
import { decodeFeedAtom } from "../../feeds/atom/decode.ts";
import { decodeFeedJson } from "../../feeds/json/decode.ts";
import { readStream } from "../../feeds/reader/read.ts";
import { ATOM, ATOM_JSON, batch, get } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const SEED = Number(process.env.VARVE_TEST_SEED ?? Date.now() % 1_000_000);
console.info(`links.test.ts runs with VARVE_TEST_SEED=${SEED}`);

/** Names that some layer between two URLs might take for something else. */
const NAMES = [
	"src/http/server.ts",
	"100%",
	"%2F",
	"a%20b",
	"me@home",
	"two words",
	`"quoted" 'name'`,
	"grüße-日本-😀",
	"...",
	"a/../b",
	"a+b",
	"a;b=c",
	"what?",
	"#1",
	"a&b<c>",
	"a\\b",
	"a:b",
	"[x]",
	"*!()~",
	"head",
	"0",
	"$meta",
	"incoming",
	"ü".repeat(512),
	"x".repeat(1024),
];

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let random = SEED;
/** A whole number below `below`; mulberry32. */
function below(bound: number): number {
	random = (random + 0x6d2b79f5) | 0;
	let t = Math.imul(random ^ (random >>> 15), 1 | random);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) % bound;
}

async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, () => ({
		eventId: randomUUID(),
		eventType: "Counted",
		data: {},
	}));
	const path = `/streams/${[...Buffer.from(stream)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`;
	const reply = await servers.ask({ ...batch(stream, events), path });
	expect([stream, reply.status]).toEqual([stream, 201]);
}

/** As a client would: asks for a URL that a document gave, and nothing else. */
async function follow(url: string, accept: string, headers = {}) {
	const { pathname, search } = splitUrl(url);
	const reply = await servers.ask(get(pathname + search, accept, headers));
	expect([url, reply.status]).toEqual([url, 200]);
	return accept === ATOM ? decodeFeedAtom(reply.text) : decodeFeedJson(reply.text);
}

/** Not through URL, which would take `/streams/..` for `/`. */
function splitUrl(url: string): { pathname: string; search: string } {
	const path = url.slice(servers.url.length);
	const mark = path.indexOf("?");
	return mark < 0
		? { pathname: path, search: "" }
		: { pathname: path.slice(0, mark), search: path.slice(mark) };
}

function linkOf(feed: { links: readonly { relation: string; uri: string }[] }, relation: string) {
	return feed.links.find((link) => link.relation === relation)?.uri;
}

describe.each([
	["Atom", ATOM],
	["JSON", ATOM_JSON],
])("in %s", (_, accept) => {
	test.each(NAMES)("every URL of the stream '%s' leads where it says", async (stream) => {
		const had = await servers.log.last(stream as never);
		if (had < 0) await append(stream, 23);
		const escaped = encodeURIComponent(stream);
		const first = await follow(`${servers.url}/streams/${escaped}`, accept);
		const seen = new Set<string>();
		const titles = new Set<string>();
		const queue = [first];
		for (let feed = queue.pop(); feed; feed = queue.pop()) {
			for (const { title } of feed.entries) titles.add(title);
			const urls = feed.links.filter(({ relation }) => relation !== "metadata");
			for (const { uri } of urls) {
				if (seen.has(uri)) continue;
				seen.add(uri);
				queue.push(await follow(uri, accept));
			}
		}
		expect([...titles].sort()).toEqual(
			Array.from({ length: 23 }, (_, n) => `${n}@${stream}`).sort(),
		);
		for (const entry of first.entries.slice(0, 3)) {
			const { pathname } = splitUrl(entry.id);
			const event = await servers.ask(get(pathname));
			expect(event.json).toMatchObject({ id: entry.id, title: entry.title });
		}
	});

	test("following previous from anywhere gives every event once, while events arrive", async () => {
		for (let run = 0; run < 6; run++) {
			const stream = `race-${accept}-${run}`;
			await append(stream, 1 + below(70));
			const start = below(30);
			const count = [1, 3, 7, 12, 20, 33, 40, 100][below(8)];
			const total = start + 120 + below(80);
			const writer = write(stream, total);
			const titles: string[] = [];
			let url = `${servers.url}/streams/${stream.replaceAll("/", "%2F").replace("+", "%2B")}/${start}/forward/${count}`;
			while (titles.length < total - start) {
				const feed = await follow(url, accept, { "ES-LongPoll": "5" });
				titles.push(...feed.entries.map(({ title }) => title).reverse());
				url = linkOf(feed, "previous") ?? url;
			}
			await writer;
			const wanted = Array.from({ length: total - start }, (_, i) => `${start + i}@${stream}`);
			expect([SEED, run, titles]).toEqual([SEED, run, wanted]);
			// Once it is at the head, a reader is on the grid with everyone else.
			expect(url).toMatch(/\/(\d+)\/forward\/(\d+)$/);
		}
	});

	test("following next from the head gives every event once, while events arrive", async () => {
		const stream = `down-${accept.length}`;
		await append(stream, 100 + below(60));
		const last = await servers.log.last(stream as never);
		const writer = write(stream, last + 60);
		const pages: string[] = [];
		const titles: string[] = [];
		let url: string | undefined = `${servers.url}/streams/${stream}`;
		while (url) {
			const feed = await follow(url, accept);
			titles.push(...feed.entries.map(({ title }) => title));
			url = linkOf(feed, "next");
			if (url) pages.push(url);
		}
		await writer;
		const newest = Number(titles[0]?.split("@")[0]);
		expect(newest).toBeGreaterThanOrEqual(last);
		expect(titles).toEqual(Array.from({ length: newest + 1 }, (_, i) => `${newest - i}@${stream}`));
		// One short page down to the grid, then pages of 20 that all readers share.
		for (const page of pages.slice(1)) expect(page).toMatch(/\/\d*[13579]9\/backward\/20$/);
	});
});

/** Appends a few at a time until the stream has `total` events. */
async function write(stream: string, total: number): Promise<void> {
	for (let has = (await servers.log.last(stream as never)) + 1; has < total; ) {
		const count = Math.min(1 + below(9), total - has);
		await append(stream, count);
		has += count;
	}
}

test("two readers that started apart end up on the same pages", async () => {
	await append("grid", 47);
	const head = await follow(`${servers.url}/streams/grid/40/forward/20`, ATOM_JSON);
	expect(linkOf(head, "previous")).toBe(`${servers.url}/streams/grid/47/forward/13`);
	await append("grid", 33);
	const short = await follow(linkOf(head, "previous") ?? "", ATOM_JSON);
	expect(linkOf(short, "previous")).toBe(`${servers.url}/streams/grid/60/forward/20`);
	const bulk = await follow(`${servers.url}/streams/grid/0/forward/60`, ATOM_JSON);
	expect(linkOf(bulk, "previous")).toBe(`${servers.url}/streams/grid/60/forward/60`);
	const after = await follow(linkOf(bulk, "previous") ?? "", ATOM_JSON);
	expect(linkOf(after, "previous")).toBe(`${servers.url}/streams/grid/80/forward/20`);
});

describe("the reader", () => {
	test.each(["$all", "$ce-race", "$et-Counted", "$streams", ...NAMES])(
		"reads the stream '%s' from the real server, every event once",
		async (stream) => {
			const last = await servers.log.last(stream as never);
			const seen: number[] = [];
			for await (const event of readStream({ url: servers.url, stream, pageSize: 100 })) {
				seen.push(event.at);
			}
			expect(seen).toEqual(Array.from({ length: last + 1 }, (_, i) => i));
		},
	);

	test("follows $all while others write", async () => {
		const stop = new AbortController();
		const from = (await servers.log.last("$all" as never)) + 1;
		const writers = Promise.all(["f-1", "f-2", "f-3"].map((stream) => write(stream, 60)));
		const seen: number[] = [];
		for await (const event of readStream({
			url: servers.url,
			stream: "$all",
			from,
			follow: true,
			signal: stop.signal,
			longPollSeconds: 5,
		})) {
			seen.push(event.position);
			if (seen.length === 180) stop.abort();
		}
		await writers;
		expect(seen).toEqual(Array.from({ length: 180 }, (_, i) => from + i));
	});
});
