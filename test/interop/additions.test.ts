/** One test for each addition to the contract, by its letter, and for each lifetime of a page. */
import { brotliDecompressSync } from "node:zlib";
import { ATOM_JSON, ask, batch, get, type Json } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

const JSON_TYPE = "application/json";
const FOR_EVER = "max-age=31536000, public, immutable";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("s", 50);
});
afterAll(() => servers.close());

const event = (data: unknown = {}) => ({ eventId: crypto.randomUUID(), eventType: "t", data });
const read = (path: string, accept = ATOM_JSON, headers = {}) =>
	servers.ask(get(`/streams/${path}`, accept, headers));
const entriesOf = ({ json }: { json: Json }) => json.entries as Json[];
async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, (_, n) => event({ n }));
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

async function describeAs(stream: string, metadata: object): Promise<void> {
	const headers = { "Content-Type": JSON_TYPE, "ES-EventId": crypto.randomUUID() };
	const path = `/streams/${stream}/metadata`;
	const reply = await servers.ask({ path, headers, body: JSON.stringify(metadata) });
	expect(reply.status).toBe(201);
}

describe("the lifetimes of section 2", () => {
	test.each([
		["s/0/forward/20", FOR_EVER],
		["s/7", FOR_EVER],
		["s", "no-cache"],
		["s/50/forward/10", "no-cache"],
	])("%s: %s, a strong tag, and varying by Accept and Accept-Encoding", async (path, lifetime) => {
		const { headers } = await read(path, ATOM_JSON, { "Accept-Encoding": "br" });
		expect([headers["cache-control"], headers.vary]).toEqual([lifetime, "Accept, Accept-Encoding"]);
		expect(headers.etag).toMatch(/^"/);
	});

	test("a sealed page is compressed", async () => {
		const plain = await read("s/0/forward/20");
		const packed = await read("s/0/forward/20", ATOM_JSON, { "Accept-Encoding": "br" });
		expect(brotliDecompressSync(packed.body).toString()).toBe(plain.text);
	});

	test("`$tb` has a page revalidated, and `$cacheControl` lets a head be kept", async () => {
		await append("cut", 30);
		await describeAs("cut", { $tb: 5, $cacheControl: 7 });
		expect((await read("cut/0/forward/20")).headers["cache-control"]).toBe("no-cache");
		expect((await read("cut")).headers["cache-control"]).toBe(
			"max-age=7, public, stale-while-revalidate=7",
		);
	});

	test("what anonymous may not read is private", async () => {
		await append("private", 20);
		await describeAs("private", { $acl: { $r: "team" } });
		const page = await read("private/0/forward/20");
		expect(page.headers["cache-control"]).toBe("max-age=31536000, private, immutable");
		expect((await read("private")).headers["cache-control"]).toBe("private, no-cache");
	});
});

describe("additions", () => {
	test("a: If-None-Match: * and If-Match are expectations; a miss is 412", async () => {
		const create = () => batch("a", [event()], { "If-None-Match": "*" });
		expect((await servers.ask(create())).status).toBe(201);
		expect((await servers.ask(create())).status).toBe(412);
		const etag = (await read("a")).headers.etag ?? "";
		const onto = () => batch("a", [event()], { "If-Match": etag });
		expect((await servers.ask(onto())).status).toBe(201);
		expect((await servers.ask(onto())).status).toBe(412);
	});

	test("b: NDJSON is the stream from any place to its head, and JSON Feed a feed of it", async () => {
		const { text } = await read("s/10/forward/4096", "application/x-ndjson");
		expect(
			text
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line).version),
		).toEqual(Array.from({ length: 40 }, (_, n) => n + 10));
		const { json } = await read("s", "application/feed+json");
		expect([json.version, json.items]).toMatchObject([
			"https://jsonfeed.org/version/1.1",
			{ length: 20 },
		]);
	});

	test("c: server-sent events begin after Last-Event-ID", async () => {
		const headers = { Accept: "text/event-stream", "Last-Event-ID": "47" };
		const { body } = await fetch(`${servers.url}/streams/s`, { headers });
		let text = "";
		for await (const bytes of body ?? []) {
			text += Buffer.from(bytes);
			if (/^id: ?49$/m.test(text)) break;
		}
		expect([...text.matchAll(/^id: ?(\d+)$/gm)].map(([, id]) => id)).toEqual(["48", "49"]);
	});

	test("d: CloudEvents are appended and read, also as an HTTP feed", async () => {
		const id = crypto.randomUUID();
		const body = JSON.stringify({ specversion: "1.0", id, source: "/a", type: "b", data: 1 });
		const headers = { "Content-Type": "application/cloudevents+json" };
		expect((await servers.ask({ path: "/streams/d", headers, body })).status).toBe(201);
		const accept = "application/cloudevents-batch+json";
		expect((await read("d", accept)).json).toMatchObject([
			{ id, source: "/a", type: "b", data: 1 },
		]);
		expect((await read(`d?lastEventId=${id}&timeout=0`, accept)).text).toBe("[]");
	});

	test("e: a time leads to the page of the first event at or after it", async () => {
		const reply = await read("s/at/2001-01-01T00:00:00Z");
		expect([reply.status, reply.headers.location]).toEqual([
			303,
			`${servers.url}/streams/s/0/forward/20`,
		]);
	});

	test("f: the service document, an entry that is posted, and members nobody changes", async () => {
		const service = await servers.ask(get("/", "application/atomsvc+xml"));
		expect([service.status, service.text]).toEqual([200, expect.stringContaining("<collection")]);
		const body =
			'<entry xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>urn:x:1</id>' +
			"<updated>2003-12-13T18:30:02Z</updated><author><name>J</name></author>" +
			'<category term="t"/><content type="text">hello</content></entry>';
		const headers = { "Content-Type": "application/atom+xml;type=entry" };
		expect((await servers.ask({ path: "/streams/f", headers, body })).status).toBe(201);
		for (const method of ["PUT", "DELETE"]) {
			const refused = await servers.ask({ method, path: "/streams/f/0" });
			expect([refused.status, refused.headers.allow]).toEqual([
				405,
				expect.stringContaining("GET"),
			]);
		}
	});

	test("g: an append says its position, and a read waits until it is there", async () => {
		const position = Number((await servers.ask(batch("g", [event()]))).headers["es-position"]);
		const next = get("/streams/g", ATOM_JSON, { "ES-MinPosition": String(position + 1) });
		const reading = ask(servers.port, next);
		await servers.ask(batch("g", [event()]));
		expect(entriesOf(await reading)).toHaveLength(2);
	});
});
