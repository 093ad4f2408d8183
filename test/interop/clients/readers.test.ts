/**
 * How other libraries for EventStore read: http_event_store (Ruby) 0.2.2, go.geteventstore (Go),
 * AtomicPuppy (Python) 1.5.6, geteventstore-php-core (PHP). Each goes its own way along the links.
 */
import { randomUUID } from "node:crypto";
import { decodeFeedAtom } from "../../../feeds/atom/decode.ts";
import { ATOM, ATOM_JSON, batch, get, type Json } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";

const COUNT = 57;
const ALL_NUMBERS = Array.from({ length: COUNT }, (_, n) => n);

let servers: Servers;
let stream: string;
beforeAll(async () => {
	servers = await startServers();
	stream = `counted-${randomUUID()}`;
	const events = ALL_NUMBERS.map((n) => {
		return { eventId: randomUUID(), eventType: "Counted", data: { n } };
	});
	const { headers } = await servers.ask(batch(stream, events, { "ES-ExpectedVersion": -1 }));
	// The PHP client takes the version from here, if the rest is the URL that it sent to.
	expect(headers.location).toBe(`${servers.url}/streams/${stream}/0`);
});
afterAll(() => servers.close());

type Page = { readonly entries: Json[]; readonly links: { uri: string; relation: string }[] };
const linkOf = ({ links }: Page, relation: string) =>
	links.find((link) => link.relation === relation)?.uri.replace(servers.url, "");
const numberIn = (entry: Json) => (JSON.parse(String(entry.data)) as { n: number }).n;

test.each([
	["0/forward/20", "previous"],
	["head/backward/20", "next"],
])("in Ruby: every GET has a body, and from %s it follows %s to the end", async (start, rel) => {
	const types = { accept: "application/json", "content-type": "application/json" };
	const seen: number[] = [];
	for (let path: string | undefined = `/streams/${stream}/${start}`; path !== undefined; ) {
		const asked = { method: "GET", path: `${path}?embed=body`, headers: types, body: "{}" };
		const reply = await servers.ask(asked);
		expect(reply.headers["content-type"]).toMatch(/^application\/json/);
		const page = reply.json as Page & Json;
		const numbers = page.entries.map(numberIn);
		seen.push(...(rel === "previous" ? numbers.toReversed() : numbers));
		path = linkOf(page, rel);
	}
	expect(seen).toEqual(rel === "previous" ? ALL_NUMBERS : ALL_NUMBERS.toReversed());
});

test("in Go: the second link of an entry is its event, and a page without `previous` is the last", async () => {
	const seen: unknown[] = [];
	for (let path = `/streams/${stream}/0/forward/20`; ; ) {
		const reply = await servers.ask(get(path, ATOM, { "Content-Type": "application/json" }));
		const feed = decodeFeedAtom(reply.text);
		if (feed.entries.length === 0) break;
		for (const { links } of feed.entries.toReversed()) {
			const event = await servers.ask(get(links[1]?.uri.replace(servers.url, "") ?? ""));
			const content = event.json.content as { eventNumber: number; data: { n: number } };
			expect(content.data.n).toBe(content.eventNumber);
			seen.push(content.eventNumber);
		}
		const previous = feed.links.find(({ relation }) => relation === "previous");
		path = previous?.uri.replace(servers.url, "") ?? path;
	}
	expect(seen).toEqual(ALL_NUMBERS);
});

test("in Python: from the empty page at the head, `next` leads to what was read last", async () => {
	const page = async (path: string) => {
		const reply = await servers.ask(get(`${path}?embed=body`, "application/json"));
		return reply.json as Page & Json;
	};
	let path = linkOf(await page(`/streams/${stream}`), "last") ?? "";
	let read = -1;
	for (;;) {
		const found = await page(path);
		for (const entry of found.entries.toReversed()) {
			expect(entry.positionEventNumber).toBe(read + 1);
			read++;
		}
		const previous = linkOf(found, "previous");
		if (previous === undefined) break;
		path = previous;
	}
	expect(read).toBe(COUNT - 1);
	const head = await page(path);
	expect(head.entries).toEqual([]);
	const back = await page(linkOf(head, "next") ?? "");
	expect(back.entries.map(({ positionEventNumber }) => positionEventNumber)).toContain(read);
	expect(linkOf(back, "previous")).toBeDefined();
});

test("in PHP: the alternate link of an entry is read, and its content has data and metadata", async () => {
	const feed = await servers.ask(get(`/streams/${stream}`, ATOM_JSON));
	const { entries, streamId } = feed.json as unknown as Page & { streamId: string };
	expect(streamId).toBe(stream);
	const links = (entries[0] as unknown as Page).links;
	const path = linkOf({ entries, links }, "alternate") ?? "";
	const { content } = (await servers.ask(get(path, ATOM_JSON))).json as { content: Json };
	expect(content).toMatchObject({ eventType: "Counted", eventNumber: COUNT - 1, metadata: "" });
	expect(content.data).toEqual({ n: COUNT - 1 });
});
