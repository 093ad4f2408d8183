/** `$streams` lists every stream that is there, whatever the stream hides: in every format. */
import { randomUUID } from "node:crypto";
import { readStream } from "../../feeds/reader/read.ts";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const STREAMS = "/streams/%24streams";
const BINARY = "application/octet-stream";
/** By its name, what hides the stream's first event. */
const HIDING = {
	short: { $maxCount: 1 },
	cut: { $tb: 2 },
	binary: { $tb: 1 },
};
const THERE = ["plain", ...Object.keys(HIDING), "back"];

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	for (const stream of [...THERE, "away", "ended"]) await fill(stream);
	for (const [stream, metadata] of Object.entries(HIDING)) await describeAs(stream, metadata);
	await remove("back");
	await fill("back");
	await remove("away");
	await remove("ended", { "ES-HardDelete": "true" });
});
afterAll(() => servers.close());

async function fill(stream: string): Promise<void> {
	const event = () => ({ eventId: randomUUID(), eventType: "Placed", data: { secret: stream } });
	const single = { path: `/streams/${stream}`, body: "secret" };
	const headers = { "Content-Type": BINARY, "ES-EventType": "Placed", "ES-EventId": randomUUID() };
	const sent = stream === "binary" ? { ...single, headers } : batch(stream, [event(), event()]);
	expect((await servers.ask(sent)).status).toBe(201);
}

const remove = (stream: string, headers = {}) =>
	servers.ask({ method: "DELETE", path: `/streams/${stream}`, headers });

function describeAs(stream: string, metadata: object): Promise<Reply> {
	return servers.ask({
		path: `/streams/${stream}/metadata`,
		headers: { "Content-Type": "application/json", "ES-EventId": randomUUID() },
		body: JSON.stringify(metadata),
	});
}

test.each([
	["application/x-ndjson", /"stream":"([^"]+)"/g],
	["application/cloudevents-batch+json", /"source":"[^"]*\/streams\/([^"]+)"/g],
])("%s names each stream that is there, and no other", async (type, stream) => {
	const { text } = await servers.ask(get(STREAMS, type));
	expect([...text.matchAll(stream)].map(([, name]) => name)).toEqual(THERE);
});

test("the reader hands out each stream that is there, binary ones too", async () => {
	const found: (readonly [string, number])[] = [];
	for await (const { stream, data } of readStream({ url: servers.url, stream: "$streams" })) {
		found.push([stream, data.length]);
	}
	expect(found).toEqual(THERE.map((stream) => [stream, stream === "plain" ? 18 : 0]));
});

test("pages show no content of what a stream hides, at any level", async () => {
	for (const embed of ["none", "content", "rich", "body", "pretty", "tryharder"]) {
		for (const type of [ATOM, ATOM_JSON, "application/feed+json"]) {
			const { status, text } = await servers.ask(get(`${STREAMS}?embed=${embed}`, type));
			expect([embed, type, status]).toEqual([embed, type, 200]);
			for (const stream of [...Object.keys(HIDING), "back", "away", "ended"]) {
				expect(text).not.toContain(`secret":"${stream}`);
			}
			expect(text).not.toContain("secret<");
		}
	}
});

test("the service document has a collection for each stream that is there, and no other", async () => {
	const { text } = await servers.ask(get("/", "application/atomsvc+xml"));
	const taking = text.matchAll(/<atom:title>([^<]*)<\/atom:title><accept>application/g);
	expect([...taking].map(([, title]) => title).toReversed()).toEqual(THERE);
});

test("a page of $streams has another tag once a stream hides its first event, or ends", async () => {
	await fill("changing");
	const tag = async () => (await servers.ask(get(STREAMS, ATOM_JSON))).headers.etag;
	const shown = await tag();
	await describeAs("changing", { $tb: 1 });
	const hidden = await tag();
	await remove("changing", { "ES-HardDelete": "true" });
	expect(new Set([shown, hidden, await tag()]).size).toBe(3);
});
