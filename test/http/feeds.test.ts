/**
 * The documents of feeds and events, as clients of the contract read them: S15 to S31, in our
 * departures' form.
 */
import { decodeFeedAtom } from "../../feeds/atom/decode.ts";
import { grammarFaults, testWithJing } from "../../test/feeds/atom/grammar.ts";
import { ATOM, ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const ID = "c322e299-cb73-4b47-97c5-5054f920746e";
const NO_TIME = "0001-01-01T00:00:00Z";

let servers: Servers;
let base: string;
beforeAll(async () => {
	servers = await startServers();
	base = servers.url;
	const headers = {
		"Content-Type": "application/json",
		"ES-EventType": "SomeEvent",
		"ES-EventId": ID,
	};
	await servers.ask({ path: "/streams/newstream", headers, body: '{"something":"has data"}' });
	await servers.ask(batch("long", many(25, "Long", { $correlationId: "c 1" })));
	await servers.ask(batch("order-1", many(2, "Placed")));
	await servers.ask(batch("order-2", many(1, "Placed")));
	await servers.ask({
		path: "/streams/bytes",
		headers: { ...headers, "Content-Type": "application/octet-stream" },
		body: '{"a":\xff}',
	});
	await servers.ask({
		path: "/streams/text",
		headers: { ...headers, "Content-Type": "text/xml" },
		body: '{"in":"text"}',
	});
	await servers.ask({ path: "/streams/array", headers, body: '[ 1, "<b>", {"c":null} ]' });
	await servers.ask({
		path: "/streams/control",
		headers,
		body: '{"s":"\\u0000\\u0008\\ud800 ]]> & <","\\u0001":1}',
	});
});
afterAll(() => servers.close());

let ids = 0;
function many(count: number, eventType: string, metadata?: object) {
	return Array.from({ length: count }, (_, n) => ({
		eventId: `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`,
		eventType,
		data: { n },
		metadata,
	}));
}

type Link = { uri: string; relation: string };
type Entry = { title: string; id: string; links: Link[]; [field: string]: unknown };
type Feed = { links: Link[]; entries: Entry[]; [field: string]: unknown };

async function feed(path: string, accept = ATOM_JSON): Promise<{ reply: Reply; feed: Feed }> {
	const reply = await servers.ask(get(path, accept));
	expect([path, reply.status]).toEqual([path, 200]);
	return { reply, feed: reply.json as unknown as Feed };
}

/** Links as `relation path`, so that one glance takes in all of them. */
function linksOf({ links }: { links: Link[] }): string[] {
	return links.map(({ relation, uri }) => `${relation} ${uri.replace(base, "")}`);
}

describe("a feed as JSON", () => {
	test("of the head says what the stream is (S15)", async () => {
		const { reply, feed: head } = await feed("/streams/newstream");
		const { updated } = head;
		expect(updated).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
		expect(head).toEqual({
			title: "Event stream 'newstream'",
			id: `${base}/streams/newstream`,
			updated,
			streamId: "newstream",
			author: { name: "EventStore" },
			headOfStream: true,
			selfUrl: `${base}/streams/newstream`,
			eTag: reply.headers.etag?.slice(1, -1),
			links: [
				{ uri: `${base}/streams/newstream`, relation: "self" },
				{ uri: `${base}/streams/newstream`, relation: "current" },
				{ uri: `${base}/streams/newstream`, relation: "collection" },
				{ uri: `${base}/streams/newstream/head/backward/20`, relation: "first" },
				{ uri: `${base}/streams/newstream/1/forward/19`, relation: "previous" },
				{ uri: `${base}/streams/newstream/metadata`, relation: "metadata" },
			],
			entries: [
				{
					title: "0@newstream",
					id: `${base}/streams/newstream/0`,
					updated,
					author: { name: "EventStore" },
					summary: "SomeEvent",
					links: [
						{ uri: `${base}/streams/newstream/0`, relation: "edit" },
						{ uri: `${base}/streams/newstream/0`, relation: "alternate" },
					],
				},
			],
		});
		expect(reply.headers.etag).toMatch(/^"0;\d+"$/);
	});

	test("of an old page leads on by the grid, and is archived (S17)", async () => {
		const { reply, feed: low } = await feed("/streams/long/4/backward/10");
		expect(linksOf(low)).toEqual([
			"self /streams/long/4/backward/10",
			"current /streams/long",
			"collection /streams/long",
			"first /streams/long/head/backward/10",
			"previous /streams/long/5/forward/10",
			"metadata /streams/long/metadata",
		]);
		expect(reply.headers.etag).toMatch(/^"4;\d+"$/);
		const { feed: mid } = await feed("/streams/long/14/backward/10");
		expect(linksOf(mid)).toEqual(
			expect.arrayContaining([
				"last /streams/long/0/forward/10",
				"next /streams/long/4/backward/10",
				"previous /streams/long/15/forward/10",
			]),
		);
		expect(mid).toMatchObject({ headOfStream: false, selfUrl: `${base}/streams/long` });
		expect(mid.eTag).toBeUndefined();
		expect(mid.entries.map(({ title }) => title)).toEqual(
			Array.from({ length: 10 }, (_, i) => `${14 - i}@long`),
		);
	});

	test("of a forward page that ends in nothing is the head, newest first (S18)", async () => {
		const { reply, feed: page } = await feed("/streams/long/20/forward/10");
		expect(page.entries.map(({ title }) => title)).toEqual(
			[24, 23, 22, 21, 20].map((n) => `${n}@long`),
		);
		expect(page).toMatchObject({ headOfStream: true });
		expect([page.selfUrl, page.eTag]).toEqual([undefined, undefined]);
		expect(linksOf(page)).toEqual([
			"self /streams/long/20/forward/10",
			"current /streams/long",
			"collection /streams/long",
			"first /streams/long/head/backward/10",
			"last /streams/long/0/forward/10",
			"next /streams/long/19/backward/10",
			"previous /streams/long/25/forward/15",
			"metadata /streams/long/metadata",
		]);
		expect(page.updated).toBe(page.entries.at(-1)?.updated);
		expect(reply.headers.etag).toMatch(/^"24;\d+"$/);
	});

	test("of nothing yet has no previous, and no time (S19)", async () => {
		const { reply, feed: page } = await feed("/streams/long/25/forward/10");
		expect(page).toMatchObject({ headOfStream: true, entries: [], updated: NO_TIME });
		expect(linksOf(page).join()).not.toContain("previous");
		expect(reply.headers.etag).toMatch(/^"24;\d+"$/);
	});

	test("of a page that ends with the last event is sealed, and not the head", async () => {
		const { feed: page } = await feed("/streams/long/15/forward/10");
		expect(page).toMatchObject({ headOfStream: false });
		expect(linksOf(page)).toContain("previous /streams/long/25/forward/10");
	});

	test.each([
		["none", undefined],
		["nonsense", undefined],
		["PrettyBody", undefined],
		[
			"rich",
			[
				"eventId",
				"eventType",
				"eventNumber",
				"streamId",
				"isJson",
				"isMetaData",
				"isLinkMetaData",
				"isRedacted",
				"positionEventNumber",
				"positionStreamId",
				"position",
			],
		],
		["RICH", "rich"],
		["Body", "body"],
		["pRetty", "pretty"],
		["TRYHARDER", "tryharder"],
		["CONTENT", "content"],
	])("with embed=%s shows that much", async (level, shows) => {
		const { feed: page } = await feed(`/streams/newstream?embed=${level}`);
		if (typeof shows === "string") {
			const { feed: other } = await feed(`/streams/newstream?embed=${shows}`);
			expect(page).toEqual(other);
			return;
		}
		const common = ["title", "id", "updated", "author", "summary", "links"];
		expect(Object.keys(page.entries[0] ?? {})).toEqual([...(shows ?? []), ...common]);
	});

	test("embeds a body as text, and indents it where asked to (S23)", async () => {
		const { feed: page } = await feed("/streams/newstream?embed=body");
		expect(page.entries[0]).toMatchObject({
			eventId: ID,
			eventType: "SomeEvent",
			eventNumber: 0,
			data: '{"something":"has data"}',
			streamId: "newstream",
			isJson: true,
			isMetaData: false,
			positionEventNumber: 0,
			positionStreamId: "newstream",
		});
		expect(linksOf(page)).toContain("self /streams/newstream?embed=body");
		const { feed: pretty } = await feed("/streams/newstream?embed=pretty");
		expect(pretty.entries[0]).toMatchObject({ data: '{\n  "something": "has data"\n}' });
		const { feed: text } = await feed("/streams/text?embed=tryharder");
		expect(text.entries[0]).toMatchObject({ isJson: true });
	});

	test("embeds content as an object (S24)", async () => {
		const { feed: page } = await feed("/streams/newstream?embed=content");
		expect(page.entries[0]).toMatchObject({
			content: {
				eventStreamId: "newstream",
				eventNumber: 0,
				eventType: "SomeEvent",
				eventId: ID,
				data: { something: "has data" },
				metadata: "",
			},
		});
	});

	test.each([
		"application/json",
		"application/vnd.kurrent.atom+json",
		"application/vnd.kurrent.events+json",
	])("is the same under the name %s, but for its tag", async (type) => {
		const { reply, feed: page } = await feed("/streams/long/20/forward/10", type);
		expect(reply.headers["content-type"]).toBe(`${type}; charset=utf-8`);
		expect(page).toEqual((await feed("/streams/long/20/forward/10")).feed);
	});
});

describe("an index stream", () => {
	test.each([
		[
			"$ce-order",
			[
				["0@order-2", 2, "$ce-order"],
				["1@order-1", 1, "$ce-order"],
				["0@order-1", 0, "$ce-order"],
			],
		],
		[
			"$et-Placed",
			[
				["0@order-2", 2, "$et-Placed"],
				["1@order-1", 1, "$et-Placed"],
				["0@order-1", 0, "$et-Placed"],
			],
		],
	])("%s shows its events as resolved links", async (stream, expected) => {
		const { feed: page } = await feed(`/streams/${encodeURIComponent(stream)}?embed=body`);
		const shown = page.entries.map((entry) => [
			entry.title,
			entry.positionEventNumber,
			entry.positionStreamId,
		]);
		expect(shown).toEqual(expected);
		for (const entry of page.entries) {
			expect(entry).toMatchObject({ summary: "$>", eventType: "Placed", linkMetaData: "" });
			expect(entry.id).toBe(`${base}/streams/${entry.streamId}/${entry.eventNumber}`);
		}
	});

	test("$bc- gathers what correlates, $streams what began", async () => {
		const { feed: correlated } = await feed("/streams/%24bc-c%201");
		expect(correlated.entries[0]?.title).toBe("24@long");
		const { feed: streams } = await feed("/streams/$streams");
		expect(streams.entries.map(({ title }) => title)).toContain("0@order-2");
	});
});

describe("$all", () => {
	const at = (position: number) => position.toString(16).toUpperCase().padStart(16, "0").repeat(2);

	test("is written with positions of 32 digits (S37)", async () => {
		const { reply, feed: page } = await feed("/streams/%24all/head/backward/3");
		const last = await servers.log.last("$all" as never);
		expect(page).toMatchObject({
			title: "All events",
			id: `${base}/streams/%24all`,
			headOfStream: false,
		});
		expect([page.streamId, page.selfUrl, page.eTag]).toEqual([undefined, undefined, undefined]);
		expect(reply.headers.etag).toMatch(new RegExp(`^"${last};\\d+"$`));
		const zero = at(0);
		expect(linksOf(page)).toEqual([
			"self /streams/%24all/head/backward/3",
			"current /streams/%24all",
			"collection /streams/%24all",
			"first /streams/%24all/head/backward/3",
			`last /streams/%24all/${zero}/forward/3`,
			expect.stringMatching(`^next /streams/%24all/${at(last - 2)}/backward/\\d+$`),
			expect.stringMatching(`^previous /streams/%24all/${at(last + 1)}/forward/\\d+$`),
			"metadata /streams/%24all/metadata",
		]);
	});

	test.each([
		"0000000000000000FFFFFFFFFFFFFFFF",
		"ffffffffffffffffffffffffffffffff",
		"0",
		"-1",
		"0000000000000000000000000000000g",
		"000000000000000000000000000000000",
	])("refuses the position %s", async (position) => {
		const reply = await servers.ask(get(`/streams/$all/${position}/backward/5`));
		expect([reply.status, reply.json]).toMatchObject([
			400,
			{ type: "urn:varve:problem:invalid-position" },
		]);
		expect(reply.text).toContain(`Invalid position argument: ${position}`);
	});

	test("takes a position in any case, and shows it in upper case", async () => {
		const { feed: page } = await feed(`/streams/$all/${at(10).toLowerCase()}/forward/5`);
		expect(linksOf(page)[0]).toBe(`self /streams/%24all/${at(10)}/forward/5`);
	});

	test("has nothing before its first event", async () => {
		const { feed: page } = await feed(`/streams/$all/${at(0)}/backward/5`);
		expect(page.entries).toEqual([]);
	});

	test("is there when nothing else is", async () => {
		const empty = await startServers();
		const reply = await empty.ask(get("/streams/$all"));
		expect([reply.status, reply.headers.etag]).toEqual([200, expect.stringMatching(/^"-1;\d+"$/)]);
		expect((await empty.ask(get(`/streams/$all/${at(0)}/forward/20`))).status).toBe(200);
		expect((await empty.ask(get("/streams/$all/head"))).status).toBe(404);
		await empty.close();
	});
});

describe("a single event", () => {
	const FORMS: [accept: string, path: string, body: string][] = [
		["application/json", "newstream/0", '{"something":"has data"}'],
		["application/json", "bytes/0", '"{\\"a\\":\xff}"'],
		[
			"application/vnd.eventstore.event+json",
			"newstream/0",
			`{"eventStreamId":"newstream","eventNumber":0,"eventType":"SomeEvent","eventId":"${ID}","data":{"something":"has data"},"metadata":""}`,
		],
		["text/xml", "newstream/0", "<data><something>has data</something></data>"],
		["application/octet-stream", "newstream/0", '{"something":"has data"}'],
		["application/json", "$ce-order/1", '{"n":1}'],
	];
	test.each(FORMS)(
		"as %s of %s is its form of the data (S25 to S28)",
		async (accept, path, body) => {
			const reply = await servers.ask(get(`/streams/${path}`, accept));
			expect([reply.status, reply.text]).toEqual([200, body]);
			expect(reply.headers["cache-control"]).toBe("max-age=31536000, public, immutable");
		},
	);

	test("as an entry has its content, and more where asked", async () => {
		const reply = await servers.ask(get("/streams/newstream/0?embed=rich"));
		expect(reply.json).toMatchObject({
			title: "0@newstream",
			eventNumber: 0,
			content: { eventId: ID, data: { something: "has data" } },
		});
	});

	test("at head is the last one, by its tag", async () => {
		const reply = await servers.ask(get("/streams/long/head"));
		expect(reply.json).toMatchObject({ title: "24@long" });
		expect(reply.headers.etag).toMatch(/^"24;\d+"$/);
		expect(reply.headers["cache-control"]).toBe("no-cache");
	});

	test("at the head of $all has the tag of no other event", async () => {
		const own = await startServers();
		await own.ask(batch("a", many(1, "t")));
		const first = await own.ask(get("/streams/$all/head"));
		await own.ask(batch("b", many(1, "t")));
		const headers = { "If-None-Match": first.headers.etag };
		const second = await own.ask(get("/streams/$all/head", ATOM_JSON, headers));
		expect([second.status, second.json]).toMatchObject([200, { title: "0@b" }]);
		await own.close();
	});

	test.each([
		["/streams/newstream/99", 404, "Not Found"],
		["/streams/none/0", 404, "Not Found"],
		["/streams/none/head", 404, "Not Found"],
		["/streams/none", 404, "Not Found"],
		["/streams/none/0/forward/20", 404, "Not Found"],
		["/streams/newstream/x", 400, "Bad Request"],
		["/streams/newstream/-1", 400, "Bad Request"],
	])("at %s is answered %s (S21, S29)", async (path, status, reason) => {
		const reply = await servers.ask(get(path));
		expect([reply.status, reply.reason]).toEqual([status, reason]);
		expect(reply.headers["cache-control"]).toBe("no-store");
	});
});

describe("Atom", () => {
	const PATHS = [
		"newstream",
		"newstream?embed=body",
		"long",
		"long/0/forward/20",
		"long/0/forward/20?embed=content",
		"long/4/backward/10",
		"long/25/forward/10",
		"long/99/backward/10",
		"$ce-order?embed=body",
		"$all",
		"$all?embed=body",
		"$all/00000000000000000000000000000000/forward/10?embed=content",
		"$streams",
		"bytes?embed=body",
		"text?embed=tryharder",
		"array?embed=body",
		"control?embed=body",
		"newstream/0",
		"array/0",
		"bytes/0",
		"control/0",
		"$ce-order/0",
		"$all/head",
	];

	testWithJing("obeys the grammar of RFC 4287 in every shape the server gives it", async () => {
		const documents: string[] = [];
		for (const path of PATHS) {
			for (const accept of [ATOM, "text/xml", "application/xml"]) {
				if (accept !== ATOM && /\/(0|head)$/.test(path)) continue;
				const reply = await servers.ask(get(`/streams/${path}`, accept));
				expect([path, reply.status, reply.headers["content-type"]]).toEqual([
					path,
					200,
					`${accept}; charset=utf-8`,
				]);
				documents.push(reply.text);
			}
		}
		expect(grammarFaults(documents)).toBe("");
	});

	test("says the same as JSON", async () => {
		for (const path of PATHS.filter((one) => !/\/(0|head)$/.test(one))) {
			const atom = decodeFeedAtom((await servers.ask(get(`/streams/${path}`, ATOM))).text);
			const { feed: json } = await feed(`/streams/${path}`);
			expect(atom.links).toEqual(json.links);
			expect(
				atom.entries.map(({ id, title, summary, updated }) => ({ id, title, summary, updated })),
			).toEqual(
				json.entries.map(({ id, title, summary, updated }) => ({ id, title, summary, updated })),
			);
			expect([atom.id, atom.title, atom.updated]).toEqual([json.id, json.title, json.updated]);
		}
	});

	test("is what a reader without a wish gets", async () => {
		for (const accept of [undefined, "*/*", "application/*"]) {
			const headers = accept === undefined ? {} : { Accept: accept };
			const reply = await servers.ask({ path: "/streams/newstream", headers });
			expect([reply.status, reply.headers["content-type"]]).toEqual([
				200,
				`${ATOM}; charset=utf-8`,
			]);
		}
	});
});
