/** Deletes, metadata, retention and links over HTTP: S12, S30 to S35, contract 1.6, 2.3, 2.6, 2.11, 5 and 6.1. */
import { ATOM, ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const FOR_EVER = "max-age=31536000, public, immutable";
const JSON_TYPE = "application/json";

let servers: Servers;
let base: string;
beforeEach(async () => {
	servers = await startServers();
	base = servers.url;
});
afterEach(() => servers.close());

let ids = 0;
const nextId = () => `00000000-0000-4000-9000-${String(++ids).padStart(12, "0")}`;

async function fill(stream: string, count: number, headers = {}): Promise<Reply> {
	const events = Array.from({ length: count }, (_, n) => ({
		eventId: nextId(),
		eventType: "Placed",
		data: { n },
	}));
	return servers.ask(batch(stream, events, headers));
}

const remove = (stream: string, headers = {}) =>
	servers.ask({ method: "DELETE", path: `/streams/${encodeURIComponent(stream)}`, headers });

function describeAs(stream: string, metadata: unknown, headers = {}): Promise<Reply> {
	return servers.ask({
		path: `/streams/${encodeURIComponent(stream)}/metadata`,
		headers: { "Content-Type": JSON_TYPE, "ES-EventId": nextId(), ...headers },
		body: typeof metadata === "string" ? metadata : JSON.stringify(metadata),
	});
}

async function linkTo(stream: string, ...targets: string[]): Promise<void> {
	const events = targets.map((data) => ({ eventId: nextId(), eventType: "$>", data }));
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

type Link = { uri: string; relation: string };
type Entry = { title: string; id: string; summary: string; [field: string]: unknown };
type Feed = { links: Link[]; entries: Entry[]; headOfStream: boolean };

const outcome = ({ status, reason }: Reply) => `${status} ${reason}`;
const feedOf = (reply: Reply) => reply.json as unknown as Feed;
const numbers = (reply: Reply) =>
	feedOf(reply).entries.map(({ title }) => Number.parseInt(title, 10));
const links = (reply: Reply) =>
	Object.fromEntries(
		feedOf(reply).links.map(({ relation, uri }) => [relation, uri.replace(base, "")]),
	);
const control = (reply: Reply) => reply.headers["cache-control"];
const read = (path: string, accept = ATOM_JSON, headers = {}) =>
	servers.ask(get(`/streams/${path}`, accept, headers));

test("a stream that was asked for before it was is not taken to be unchanged", async () => {
	expect((await read("%24%24y")).status).toBe(404);
	await fill("y", 1);
	await describeAs("y", { owner: "billing" });
	const { status, headers } = await read("%24%24y");
	expect(status).toBe(200);
	await remove("y", { "ES-HardDelete": "true" });
	const known = { "If-None-Match": headers.etag };
	expect((await read("%24%24y", ATOM_JSON, known)).status).toBe(410);
});

describe("DELETE of a stream", () => {
	test("hides it, and an append brings it back with its numbers going on (S30, S32)", async () => {
		await fill("s", 3);
		const deleted = await remove("s");
		expect(outcome(deleted)).toBe("204 Stream deleted");
		expect(deleted.body).toHaveLength(0);
		for (const path of ["s", "s/0", "s/head", "s/0/forward/20"]) {
			expect([path, outcome(await read(path))]).toEqual([path, "404 Not Found"]);
		}
		const again = await fill("s", 2);
		expect(again.headers.location).toBe(`${base}/streams/s/3`);
		expect((await read("s/metadata", JSON_TYPE)).text).toBe('{"$tb":3}');
		expect(numbers(await read("s"))).toEqual([4, 3]);
		expect(outcome(await read("s/1"))).toBe("404 Not Found");
	});

	test("for ever answers 410 from then on, in the words of the contract (S12, S31, S33)", async () => {
		await fill("s", 1);
		await describeAs("s", {});
		expect(outcome(await remove("s", { "ES-HardDelete": "True" }))).toBe("204 Stream deleted");
		for (const path of ["s", "s/0", "s/head", "s/0/forward/20", "s/metadata", "s/metadata/0"]) {
			expect([path, outcome(await read(path))]).toEqual([path, "410 Deleted"]);
		}
		expect(outcome(await read("%24%24s"))).toBe("410 Deleted");
		expect(outcome(await fill("s", 1))).toBe("410 Stream deleted");
		expect(outcome(await remove("s"))).toBe("410 Stream deleted");
		expect(outcome(await describeAs("s", {}))).toBe("410 Stream deleted");
		expect(numbers(await read("%24all?embed=rich")).length).toBe(3);
		const [tombstone] = feedOf(await read("%24all")).entries;
		expect(tombstone).toMatchObject({ title: "1@s", summary: "$streamDeleted" });
	});

	test.each([[{}], [{ "ES-ExpectedVersion": "-1" }], [{ "ES-ExpectedVersion": "-2" }]])(
		"that was never written is done with %j (departure 25)",
		async (headers) => {
			expect(outcome(await remove("s", headers))).toBe("204 Stream deleted");
			expect(outcome(await read("s"))).toMatch(/^404 /);
			expect(outcome(await remove("s", { ...headers, "ES-HardDelete": "True" }))).toMatch(/^204 /);
			expect(outcome(await read("s"))).toMatch(/^410 /);
		},
	);

	test("checks its headers, and reports the current version on a conflict", async () => {
		const missing = await remove("s", { "ES-ExpectedVersion": "0" });
		expect(outcome(missing)).toBe("400 Wrong expected EventNumber");
		expect(missing.headers["es-currentversion"]).toBe("-1");
		await fill("s", 3);
		const stale = await remove("s", { "ES-ExpectedVersion": "1" });
		expect(outcome(stale)).toBe("400 Wrong expected EventNumber");
		expect(stale.headers["es-currentversion"]).toBe("2");
		const wrong = await remove("s", { "Kurrent-HardDelete": "yes" });
		expect([wrong.status, wrong.text]).toEqual([
			400,
			expect.stringContaining("ES-HardDelete header in wrong format."),
		]);
		expect((await remove("s", { "ES-ExpectedVersion": "x" })).status).toBe(400);
		expect((await remove("s", { "ES-ExpectedVersion": "2" })).status).toBe(204);
		expect(outcome(await remove("s", { "ES-ExpectedVersion": "-4" }))).toBe("410 Stream deleted");
	});

	test("is refused for what is not a stream of its own", async () => {
		await fill("order-1", 1);
		expect((await remove("$ce-order")).status).toBe(401);
		expect((await remove("$all")).status).toBe(401);
		expect((await remove("$$order-1")).status).toBe(400);
	});
});

describe("metadata", () => {
	test("is written and read under the stream's URL (S34, S35)", async () => {
		expect((await read("s/metadata", JSON_TYPE)).status).toBe(404);
		const created = await describeAs("s", '{"$maxCount": 5, "n": 1.10}');
		expect(created.status).toBe(201);
		expect(created.headers.location).toBe(`${base}/streams/%24%24s/0`);
		expect((await read("s/metadata", JSON_TYPE)).text).toBe('{"$maxCount": 5, "n": 1.10}');
		const entry = (await read("s/metadata", ATOM_JSON)).json;
		expect(entry).toMatchObject({ title: "0@$$s", content: { data: { $maxCount: 5 } } });
		expect((await read("s")).status).toBe(404);
		expect((await fill("s", 1)).headers.location).toBe(`${base}/streams/s/0`);
	});

	test("of a stream without any is an empty document, without a tag", async () => {
		await fill("s", 1);
		const none = await read("s/metadata", JSON_TYPE);
		expect([none.status, none.text, none.headers.etag, control(none)]).toEqual([
			200,
			"{}",
			undefined,
			"no-cache",
		]);
		expect((await read("s/metadata", "text/xml")).text).toBe("");
		expect((await read("%24all/metadata", JSON_TYPE)).text).toBe("{}");
		expect((await read("s/metadata/0", JSON_TYPE)).status).toBe(404);
	});

	test("shows only its newest version, by number and as a feed", async () => {
		await fill("s", 1);
		await describeAs("s", { a: 1 });
		await describeAs("s", { a: 2 });
		expect((await read("s/metadata/head", JSON_TYPE)).text).toBe('{"a":2}');
		expect((await read("s/metadata/1", JSON_TYPE)).text).toBe('{"a":2}');
		expect((await read("s/metadata/0", JSON_TYPE)).status).toBe(404);
		for (const path of ["head/20", "head/backward/20", "0/forward/20"]) {
			expect([path, numbers(await read(`s/metadata/${path}`))]).toEqual([path, [1]]);
		}
	});

	test("heeds the version expected of the metadata stream, and repeats", async () => {
		const id = nextId();
		const first = { "ES-EventId": id, "ES-ExpectedVersion": "-1" };
		expect((await describeAs("s", {}, first)).status).toBe(201);
		expect((await describeAs("s", {}, first)).headers["varve-repeated"]).toBe("true");
		const conflict = await describeAs("s", {}, { "ES-ExpectedVersion": "-1" });
		expect(conflict.headers["es-currentversion"]).toBe("0");
	});

	test("takes no other event type, wants an id, and knows no metadata of metadata", async () => {
		const typed = await describeAs("s", {}, { "ES-EventType": "foo" });
		expect([typed.status, typed.text]).toEqual([
			400,
			expect.stringContaining("You should not include an event type for metadata."),
		]);
		expect((await describeAs("s", {}, { "ES-EventType": "$metadata" })).status).toBe(201);
		const anonymous = await servers.ask({
			path: "/streams/s/metadata",
			headers: { "Content-Type": JSON_TYPE },
			body: "{}",
		});
		expect([anonymous.status, anonymous.text]).toEqual([
			400,
			expect.stringContaining("Empty eventId provided. (Parameter 'eventId')"),
		]);
		for (const asked of [await describeAs("$$s", {}), await read("%24%24s/metadata")]) {
			expect([asked.status, asked.text]).toEqual([
				400,
				expect.stringContaining("Stream must be non-empty string and should not be metastream"),
			]);
		}
	});

	test("as a batch keeps the types it was sent with", async () => {
		const events = [{ eventId: nextId(), eventType: "$user-updated", data: { $maxCount: 1 } }];
		const { headers, body } = batch("s", events);
		const sent = { path: "/streams/s/metadata", headers: headers ?? {}, body: body ?? "" };
		expect((await servers.ask(sent)).status).toBe(201);
		await fill("s", 3);
		expect(numbers(await read("s"))).toEqual([2]);
	});

	test("written to a softly deleted stream brings it back empty", async () => {
		await fill("s", 3);
		await remove("s");
		await describeAs("s", { a: 1 });
		expect((await read("s/metadata", JSON_TYPE)).text).toBe('{"$tb":3,"a":1}');
		const empty = await read("s");
		expect([empty.status, numbers(empty)]).toEqual([200, []]);
	});
});

describe("a page under retention", () => {
	beforeEach(async () => {
		await fill("s", 50);
	});

	test("ends at the bound, where it links to nothing older", async () => {
		await describeAs("s", { $tb: 25 });
		const head = await read("s");
		expect(links(head)).toMatchObject({ next: "/streams/s/29/backward/10" });
		const low = await read("s/29/backward/10");
		expect(numbers(low)).toEqual([29, 28, 27, 26, 25]);
		expect(links(low)).not.toHaveProperty("next");
		expect(links(low)).not.toHaveProperty("last");
		expect(control(low)).toBe("no-cache");
		expect(control(await read("s/30/forward/20"))).toBe(FOR_EVER);
		expect(outcome(await read("s/24"))).toBe("404 Not Found");
		expect(control(await read("s/26"))).toBe(FOR_EVER);
	});

	test("below the bound is empty, and leads straight up to it", async () => {
		await describeAs("s", { $tb: 45 });
		const below = await read("s/0/forward/20");
		expect([below.status, numbers(below), feedOf(below).headOfStream]).toEqual([200, [], false]);
		expect(links(below).previous).toBe("/streams/s/45/forward/15");
		expect(numbers(await read("s/45/forward/15"))).toEqual([49, 48, 47, 46, 45]);
		expect(control(below)).toBe("no-cache");
	});

	test("under $maxCount is never kept without asking, and its tag moves with the bound", async () => {
		await describeAs("s", { $maxCount: 40 });
		const page = await read("s/0/forward/20");
		expect([control(page), numbers(page).length]).toEqual(["no-cache", 10]);
		await fill("s", 1);
		const stale = { "If-None-Match": page.headers.etag };
		const next = await read("s/0/forward/20", ATOM_JSON, stale);
		expect([next.status, numbers(next).length]).toEqual([200, 9]);
		const same = { "If-None-Match": next.headers.etag };
		expect((await read("s/0/forward/20", ATOM_JSON, same)).status).toBe(304);
	});

	test("under $maxAge is kept until its oldest event expires", async () => {
		await describeAs("s", { $maxAge: 1000 });
		for (const path of ["s/0/forward/20", "s/39/backward/20", "s/3"]) {
			const seconds = Number(/^max-age=(\d+), public$/.exec(control(await read(path)) ?? "")?.[1]);
			expect([path, seconds > 900 && seconds <= 1000]).toEqual([path, true]);
		}
		expect(control(await read("s"))).toBe("no-cache");
	});

	test("that was kept for ever by this server is dropped when metadata changes", async () => {
		const kept = await read("s/0/forward/20");
		expect(control(kept)).toBe(FOR_EVER);
		const single = await read("s/0");
		expect(single.status).toBe(200);
		await describeAs("s", { $tb: 10 });
		const page = await read("s/0/forward/20");
		expect(numbers(page)).toHaveLength(10);
		expect(page.headers.etag).not.toBe(kept.headers.etag);
		expect((await read("s/0")).status).toBe(404);
		await remove("s");
		expect((await read("s/0/forward/20")).status).toBe(404);
		expect((await read("s/20/forward/20")).status).toBe(404);
	});

	test("has a new tag at the head when metadata changes what it shows", async () => {
		const { etag } = (await read("s")).headers;
		const unchanged = { "If-None-Match": etag };
		expect((await read("s", ATOM_JSON, unchanged)).status).toBe(304);
		await describeAs("s", { $tb: 48 });
		const head = await read("s", ATOM_JSON, unchanged);
		expect([head.status, numbers(head)]).toEqual([200, [49, 48]]);
		expect((head.json as { eTag?: string }).eTag).toBe(head.headers.etag?.slice(1, -1));
		await remove("s");
		const gone = await read("s", ATOM_JSON, { "If-None-Match": head.headers.etag });
		expect(gone.status).toBe(404);
	});

	test("heeds $cacheControl at the head, of $all too", async () => {
		await describeAs("s", { $cacheControl: 7 });
		await describeAs("$all", { $cacheControl: 9 });
		expect(control(await read("s"))).toBe("max-age=7, public, stale-while-revalidate=7");
		expect(control(await read("s/head"))).toBe("max-age=7, public, stale-while-revalidate=7");
		expect(control(await read("s/0/forward/20"))).toBe(FOR_EVER);
		expect(control(await read("%24all"))).toBe("max-age=9, public, stale-while-revalidate=9");
	});

	test("is as before for a stream next to it", async () => {
		await fill("t", 20);
		const before = await read("t/0/forward/20");
		await describeAs("s", { $tb: 10 });
		expect((await read("t/0/forward/20")).headers.etag).toBe(before.headers.etag);
	});
});

describe("index streams and $all", () => {
	beforeEach(async () => {
		await fill("order-1", 10);
		await fill("order-2", 10);
	});

	test("show an event its stream hides as a link without content", async () => {
		const kept = await read("%24ce-order/0/forward/20?embed=body");
		expect(control(kept)).toBe(FOR_EVER);
		await remove("order-1");
		const page = await read("%24ce-order/0/forward/20?embed=body");
		const hidden = feedOf(page).entries.at(-1);
		expect(hidden).toEqual({
			title: "0@order-1",
			id: `${base}/streams/order-1/0`,
			updated: expect.any(String),
			author: { name: "EventStore" },
			summary: "$>",
			links: expect.any(Array),
		});
		expect(feedOf(page).entries[0]).toMatchObject({ title: "9@order-2", data: '{"n":9}' });
		expect([control(page), page.headers.etag === kept.headers.etag]).toEqual(["no-cache", false]);
		expect((await read("%24ce-order/0/forward/20?embed=content", ATOM)).text).not.toContain(
			"0@order-1</title><content",
		);
		expect((await read("%24ce-order/0")).status).toBe(404);
		expect((await read("%24ce-order/10")).status).toBe(200);
	});

	test("have a new tag at the head when a target vanishes", async () => {
		const { etag } = (await read("%24ce-order")).headers;
		await remove("order-2");
		expect((await read("%24ce-order", ATOM_JSON, { "If-None-Match": etag })).status).toBe(200);
	});

	test("show their links when asked not to resolve them", async () => {
		const unresolved = { "ES-ResolveLinkTos": "False" };
		const resolved = await read("%24ce-order/0/forward/20?embed=rich");
		const page = await read("%24ce-order/0/forward/20?embed=rich", ATOM_JSON, unresolved);
		expect(feedOf(page).entries.at(-1)).toMatchObject({
			title: "0@$ce-order",
			id: `${base}/streams/%24ce-order/0`,
			summary: "$>",
			eventType: "$>",
			streamId: "$ce-order",
			eventNumber: 0,
			isJson: false,
			positionStreamId: "$ce-order",
		});
		expect(page.headers.etag).not.toBe(resolved.headers.etag);
		expect(control(page)).toBe("no-cache");
		const usual = await read("%24ce-order/0/forward/20?embed=rich");
		expect(usual.text).toBe(resolved.text);
		const link = await read("%24ce-order/3", "application/octet-stream", unresolved);
		expect(link.text).toBe("3@order-1");
		const [first, again] = [await read("%24ce-order/3", ATOM_JSON, unresolved), page];
		expect(first.text).toContain("3@$ce-order");
		expect(feedOf(again).entries.map(({ eventId }) => eventId)).toHaveLength(20);
	});

	test("leave deleted events in $all", async () => {
		await remove("order-1");
		expect(numbers(await read("%24all/00000000000000000000000000000000/forward/5"))).toEqual([
			4, 3, 2, 1, 0,
		]);
	});
});

describe("links that clients write", () => {
	beforeEach(async () => {
		await fill("a@b", 3);
		await linkTo("links", "1@a@b", "9@a@b");
	});

	test("show the event they point to, field by field (2.6)", async () => {
		const page = await read("links?embed=body");
		const [missing, resolved] = feedOf(page).entries;
		expect(resolved).toMatchObject({
			eventType: "Placed",
			eventNumber: 1,
			data: '{"n":1}',
			linkMetaData: "",
			streamId: "a@b",
			isJson: true,
			positionEventNumber: 0,
			positionStreamId: "links",
			title: "1@a@b",
			id: `${base}/streams/a%40b/1`,
			summary: "$>",
		});
		expect(Object.keys(missing ?? {}).sort()).toEqual(
			["author", "id", "links", "summary", "title", "updated"].sort(),
		);
		expect(missing).toMatchObject({ title: "9@a@b", summary: "$>" });
		expect((page.json as { updated?: string }).updated).toBe("0001-01-01T00:00:00Z");
		expect((await read("links?embed=content", ATOM)).text).toContain("<n>1</n>");
	});

	test("are not resolved on $all, nor where the client says so", async () => {
		const unresolved = await read("links?embed=rich", ATOM_JSON, { "ES-ResolveLinkTos": "false" });
		expect(feedOf(unresolved).entries[1]).toMatchObject({
			title: "0@links",
			summary: "$>",
			streamId: "links",
			eventType: "$>",
		});
		expect(feedOf(await read("%24all")).entries[1]).toMatchObject({ title: "0@links" });
		const all = await read("%24all", ATOM_JSON, { "ES-ResolveLinkTos": "True" });
		expect(feedOf(all).entries[1]).toMatchObject({ title: "1@a@b", summary: "$>" });
		expect((await read("links", ATOM_JSON, { "ES-ResolveLinkTos": "maybe" })).status).toBe(400);
	});

	test("by themselves show the event, or 404", async () => {
		expect((await read("links/0", JSON_TYPE)).text).toBe('{"n":1}');
		expect((await read("links/0", "application/vnd.eventstore.event+json")).json).toMatchObject({
			eventStreamId: "a@b",
			eventNumber: 1,
		});
		expect((await read("links/1", JSON_TYPE)).status).toBe(404);
		const link = await read("links/1", "application/octet-stream", {
			"ES-ResolveLinkTos": "False",
		});
		expect(link.text).toBe("9@a@b");
	});

	test("keep a full page from being sealed while one of them may change", async () => {
		const page = await read("links/0/forward/2");
		expect(control(page)).toBe("no-cache");
		expect(control(await read("links/0/forward/1"))).toBe(FOR_EVER);
		await fill("a@b", 7);
		const resolved = await read("links/0/forward/2", ATOM_JSON, {
			"If-None-Match": page.headers.etag,
		});
		expect(resolved.status).toBe(200);
		expect(control(resolved)).toBe(FOR_EVER);
		await remove("a@b", { "ES-HardDelete": "True" });
		const gone = await read("links/0/forward/2?embed=body");
		expect(feedOf(gone).entries.every((entry) => !("data" in entry))).toBe(true);
	});
});
