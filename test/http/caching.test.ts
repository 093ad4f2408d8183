/** What may be kept, for how long, and under which tag: departures section 2, line by line. */
import { randomUUID } from "node:crypto";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const FOR_EVER = "max-age=31536000, public, immutable";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
	await append("s", 50);
});
afterAll(() => servers.close());

async function append(stream: string, count: number, to = servers): Promise<void> {
	const events = Array.from({ length: count }, (_, i) => ({
		eventId: randomUUID(),
		eventType: "t",
		data: { i, text: "lorem ipsum ".repeat(10) },
	}));
	expect((await to.ask(batch(stream, events))).status).toBe(201);
}

function page(path: string, accept = ATOM_JSON, headers = {}): Promise<Reply> {
	return servers.ask(get(path, accept, headers));
}

const HEAD_PAGES = [
	"/streams/s",
	"/streams/s/head/backward/20",
	"/streams/s/head",
	"/streams/s/40/forward/20",
	"/streams/s/50/forward/20",
	"/streams/s/99/backward/20",
	"/streams/$all",
];
const SEALED_PAGES = [
	"/streams/s/0/forward/20",
	"/streams/s/30/forward/20",
	"/streams/s/49/backward/20",
	"/streams/s/5/backward/20",
	"/streams/s/7",
	"/streams/$all/00000000000000000000000000000000/forward/20",
	"/streams/$streams/0/forward/1",
];

test.each(SEALED_PAGES)("%s is sealed: it may be kept for ever", async (path) => {
	const { headers } = await page(path);
	expect(headers["cache-control"]).toBe(FOR_EVER);
	expect(headers.vary).toMatch(/^Accept, Accept-Encoding\b/);
	expect(headers.etag).toMatch(/^"\d+;\d+"$/);
});

test.each(HEAD_PAGES)("%s may change: it has to be revalidated", async (path) => {
	const { headers } = await page(path);
	expect(headers["cache-control"]).toBe("no-cache");
	expect(headers.vary).toBe("Accept, Accept-Encoding");
	expect(headers.etag).toMatch(/^"\d+;\d+"$/);
});

describe("a large page that may change", () => {
	const PATH = "/streams/large/0/forward/500?embed=body";
	const coded = (coding: string, headers = {}) =>
		page(PATH, ATOM_JSON, { "Accept-Encoding": coding, ...headers });
	beforeAll(() => append("large", 200));

	test("is compressed, under a tag of its own for each coding", async () => {
		const plain = await coded("identity");
		const replies = [await coded("gzip"), await coded("br")];
		const [gzip, br] = replies.map(({ body }) => body) as [Buffer, Buffer];
		expect(gunzipSync(gzip).toString()).toBe(plain.text);
		expect(brotliDecompressSync(br).toString()).toBe(plain.text);
		for (const { body, headers } of replies) {
			expect(body.length).toBeLessThan(plain.body.length / 5);
			expect(headers).toMatchObject({ "cache-control": "no-cache", vary: plain.headers.vary });
		}
		const tags = [plain, ...replies].map(({ headers }) => headers.etag);
		expect(new Set(tags).size).toBe(3);
	});

	test("is 304 to whoever has it in that coding, until the next append", async () => {
		for (const coding of ["identity", "gzip", "br"]) {
			const { headers } = await coded(coding);
			const has = { "If-None-Match": headers.etag };
			const same = await coded(coding, has);
			expect([coding, same.status, same.headers.etag]).toEqual([coding, 304, headers.etag]);
			await append("large", 1);
			expect((await coded(coding, has)).status).toBe(200);
		}
	});

	test("of the usual size stays as it is", async () => {
		const reply = await page("/streams/s", ATOM_JSON, { "Accept-Encoding": "br" });
		expect(reply.headers["content-encoding"]).toBeUndefined();
	});
});

test("--head-max-age lets a proxy fold its pollers into one", async () => {
	const own = await startServers({ headMaxAge: 3 });
	await append("s", 25, own);
	for (const path of ["/streams/s", "/streams/s/25/forward/20", "/streams/s/head"]) {
		const first = await own.ask(get(path));
		const kept = "max-age=3, public, stale-while-revalidate=3";
		expect(first.headers["cache-control"]).toBe(kept);
		const again = await own.ask(get(path, ATOM_JSON, { "If-None-Match": first.headers.etag }));
		expect([again.status, again.headers["cache-control"]]).toEqual([304, kept]);
	}
	expect((await own.ask(get("/streams/s/0/forward/20"))).headers["cache-control"]).toBe(FOR_EVER);
	await own.close();
});

test("a sealed page is the same bytes for ever: as the head moves on, and after a restart", async () => {
	let own = await startServers({ publicUrl: "http://varve.test" });
	await append("s", 40, own);
	const paths = ["0/forward/20", "20/forward/20", "39/backward/20", "30/forward/10", "39"];
	const forms = [ATOM, ATOM_JSON, "application/json"].flatMap((accept) =>
		["identity", "gzip", "br"].map((coding) => [accept, coding] as const),
	);
	const snapshot = async () => {
		const taken: unknown[] = [];
		for (const path of paths) {
			for (const [accept, coding] of forms) {
				const reply = await own.ask(
					get(`/streams/s/${path}?embed=body`, accept, { "Accept-Encoding": coding }),
				);
				taken.push([path, reply.status, reply.headers.etag, reply.body.toString("base64")]);
			}
		}
		return taken;
	};
	// 39 is the last event now: some of these pages end at the head.
	const first = await snapshot();
	own = await own.restart();
	await append("s", 1, own);
	expect(await snapshot()).toEqual(first);
	await append("s", 60, own);
	own = await own.restart();
	expect(await snapshot()).toEqual(first);
	await own.close();
});

describe.each([
	["sealed", "/streams/s/0/forward/20"],
	["head", "/streams/s/50/forward/20"],
	["event", "/streams/s/3"],
	["head event", "/streams/s/head"],
])("a %s page", (_, path) => {
	test("is 304 to whoever has it, however they say so", async () => {
		const { headers } = await page(path);
		const tag = String(headers.etag);
		const same = [tag, `W/${tag}`, `"x", ${tag}`, `"0;1",W/${tag} , "y"`, "*"];
		for (const ifNoneMatch of same) {
			const reply = await page(path, ATOM_JSON, { "If-None-Match": ifNoneMatch });
			expect([ifNoneMatch, reply.status, reply.reason, reply.text]).toEqual([
				ifNoneMatch,
				304,
				"Not Modified",
				"",
			]);
			expect(reply.headers).toMatchObject({
				etag: tag,
				"cache-control": headers["cache-control"],
				vary: headers.vary,
			});
			expect(reply.headers["content-type"]).toBeUndefined();
		}
		for (const ifNoneMatch of [
			'"0;1"',
			tag.slice(1, -1),
			"",
			`"${tag}"`,
			"W/*",
			tag.replace(";", ","),
		]) {
			const reply = await page(path, ATOM_JSON, { "If-None-Match": ifNoneMatch });
			expect([ifNoneMatch, reply.status]).toEqual([ifNoneMatch, 200]);
		}
	});

	test("has a strong tag of its own in each type and coding", async () => {
		const types = [
			ATOM,
			ATOM_JSON,
			"application/vnd.kurrent.atom+json",
			"text/xml",
			"application/xml",
			"application/json",
			"application/vnd.eventstore.event+json",
		];
		const tags = new Map<string, string>();
		for (const type of types) {
			for (const coding of ["identity", "gzip", "br"]) {
				const reply = await page(path, type, { "Accept-Encoding": coding });
				const sent = reply.headers["content-encoding"] ?? "identity";
				const form = `${reply.headers["content-type"]} ${sent}`;
				expect(tags.get(form) ?? reply.headers.etag).toBe(reply.headers.etag);
				tags.set(form, String(reply.headers.etag));
			}
		}
		expect(new Set(tags.values()).size).toBe(tags.size);
	});

	test("as HEAD is as GET, without its body", async () => {
		const full = await page(path);
		const none = await servers.ask({ ...get(path), method: "HEAD" });
		const { date: _, ...headers } = full.headers;
		expect(none.headers).toMatchObject(headers);
		expect([none.status, none.text]).toEqual([200, ""]);
		expect(Number(none.headers["content-length"])).toBe(full.body.length);
	});
});

test("a compressed page is the page", async () => {
	for (const accept of [ATOM, ATOM_JSON]) {
		const path = "/streams/s/0/forward/20?embed=body";
		const plain = await page(path, accept);
		expect(plain.headers["content-encoding"]).toBeUndefined();
		const gzip = await page(path, accept, { "Accept-Encoding": "gzip" });
		expect(gzip.headers["content-encoding"]).toBe("gzip");
		expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true);
		const br = await page(path, accept, { "Accept-Encoding": "gzip, deflate, br" });
		expect(br.headers["content-encoding"]).toBe("br");
		expect(brotliDecompressSync(br.body).equals(plain.body)).toBe(true);
		for (const { headers, body } of [gzip, br]) {
			expect(Number(headers["content-length"])).toBe(body.length);
			expect(body.length).toBeLessThan(plain.body.length / 2);
		}
	}
});

test("of a compressed page, HEAD sends no byte, and the next answer comes whole", async () => {
	const coded = { ...get("/streams/s/0/forward/20?embed=body", ATOM_JSON) };
	const asked = { ...coded, headers: { ...coded.headers, "Accept-Encoding": "gzip" } };
	const full = await servers.ask(asked);
	const none = await servers.ask({ ...asked, method: "HEAD" });
	expect([none.status, none.body.length]).toEqual([200, 0]);
	expect(none.headers["content-length"]).toBe(String(full.body.length));
	expect((await servers.ask(asked)).body.equals(full.body)).toBe(true);
});

test("the tag of the head is new with every event, and stands in the document", async () => {
	const before = await page("/streams/s");
	expect(before.json).toMatchObject({ eTag: before.headers.etag?.slice(1, -1) });
	await append("s", 1);
	const after = await page("/streams/s", ATOM_JSON, { "If-None-Match": before.headers.etag });
	expect([after.status, after.headers.etag]).toEqual([
		200,
		expect.not.stringMatching(String(before.headers.etag)),
	]);
});

test("errors are not kept", async () => {
	for (const path of ["/streams/none", "/streams/s/99999", "/streams/s/x/forward/20", "/nowhere"]) {
		const reply = await page(path, ATOM_JSON, { "If-None-Match": "*" });
		expect(reply.status).toBeGreaterThanOrEqual(400);
		expect([reply.headers["cache-control"], reply.headers.etag]).toEqual(["no-store", undefined]);
	}
	await append("none", 1);
	expect((await page("/streams/none")).status).toBe(200);
});
