import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import { type Ask, ask, batch, EVENTS_JSON, get, type Reply, raw } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const newStream = () => `stream-${++streams}`;
const event = (id: string = randomUUID()) => ({ eventId: id, eventType: "Placed", data: { id } });
const events = (count: number) => Array.from({ length: count }, () => event());

/** One raw event, as S1 sends it. */
function single(stream: string, headers: OutgoingHttpHeaders, body = '{"a":1}'): Ask {
	return {
		path: `/streams/${encodeURIComponent(stream)}`,
		headers: { "Content-Type": "application/json", "ES-EventType": "Placed", ...headers },
		body,
	};
}

function append(stream: string, sent: unknown, expected?: number | string): Promise<Reply> {
	const headers = expected === undefined ? {} : { "ES-ExpectedVersion": String(expected) };
	return servers.ask(batch(stream, sent, headers));
}

async function last(stream: string): Promise<number> {
	return servers.log.last(stream as Parameters<Servers["log"]["last"]>[0]);
}

async function dataOf(stream: string, version = 0): Promise<string> {
	const path = `/streams/${encodeURIComponent(stream)}/${version}`;
	return (await servers.ask(get(path, "application/octet-stream"))).text;
}

describe("an append", () => {
	test("answers 201 with the place of its first event, and an empty body (S1, S6)", async () => {
		const stream = newStream();
		const first = await servers.ask(single(stream, { "ES-EventId": randomUUID() }));
		expect([first.status, first.reason, first.text]).toEqual([201, "Created", ""]);
		expect(first.headers.location).toBe(`${servers.url}/streams/${stream}/0`);
		expect(first.headers["content-type"]).toBe("text/plain; charset=utf-8");
		const second = await append(stream, events(2));
		expect(second.headers.location).toBe(`${servers.url}/streams/${stream}/1`);
		expect(await last(stream)).toBe(2);
	});

	test("is answered though bytes come behind it that are no HTTP", async () => {
		for (let i = 0; i < 20; i++) {
			const stream = newStream();
			const body = JSON.stringify(events(1));
			const lines = [
				`POST /streams/${stream} HTTP/1.1`,
				"Host: localhost",
				`Content-Type: ${EVENTS_JSON}`,
				`Content-Length: ${body.length}`,
			];
			const answer = await raw(servers.port, `${lines.join("\r\n")}\r\n\r\n${body}\0\0nonsense`);
			expect(answer).toMatch(/^HTTP\/1\.1 201 [\s\S]*^HTTP\/1\.1 400 /m);
			expect(await last(stream)).toBe(0);
		}
	});

	test("says where in the log its last event is", async () => {
		const reply = await append(newStream(), events(3));
		const position = await servers.log.last("$all" as never);
		expect(reply.headers["es-position"]).toBe(String(position));
		expect(reply.headers["kurrent-position"]).toBe(String(position));
		expect(reply.headers["varve-repeated"]).toBeUndefined();
	});

	test("without an event id is sent to a URL that has one, and is repeatable there (S3, S4)", async () => {
		const stream = "a b/ü";
		const sent = await servers.ask(single(stream, {}));
		expect([sent.status, sent.reason]).toEqual([307, "Temporary Redirect"]);
		expect(sent.text).toBe("Forwarding to idempotent URI");
		const { pathname, origin } = new URL(sent.headers.location ?? "");
		expect(origin).toBe(servers.url);
		expect(pathname).toMatch(/^\/streams\/a%20b%2F%C3%BC\/incoming\/[0-9a-f-]{36}$/);
		for (const repeated of [undefined, "true"]) {
			const reply = await servers.ask({ ...single(stream, {}), path: pathname });
			expect([reply.status, reply.headers.location]).toEqual([
				201,
				`${servers.url}/streams/a%20b%2F%C3%BC/0`,
			]);
			expect(reply.headers["varve-repeated"]).toBe(repeated);
		}
	});

	test("keeps its query out of the way of the redirect", async () => {
		const sent = await servers.ask({ ...single("q", {}), path: "/streams/q?x=1" });
		expect(sent.headers.location).toMatch(/\/streams\/q\/incoming\/[0-9a-f-]{36}$/);
	});

	test("takes one event as XML at the redirect's URL", async () => {
		const path = `/streams/${newStream()}/incoming/${randomUUID()}`;
		const headers = { "Content-Type": "text/xml; charset=utf-8", "ES-EventType": "x" };
		expect((await servers.ask({ path, headers, body: "<a/>" })).status).toBe(201);
	});

	test("writes Location through the request's Host", async () => {
		const headers = { Host: "events.localhost:8080", "ES-EventId": randomUUID() };
		const reply = await servers.ask(single("a'b", headers));
		expect(reply.headers.location).toBe("http://events.localhost:8080/streams/a%27b/0");
	});

	test("writes Location through the public URL where there is one", async () => {
		const behind = await startServers({ publicUrl: "https://events.example/store" });
		try {
			const reply = await ask(behind.port, batch("$$a:b", events(1)));
			expect(reply.headers.location).toBe("https://events.example/store/streams/%24%24a%3Ab/0");
			const sent = await ask(behind.port, single("s", {}));
			expect(sent.headers.location).toMatch(
				/^https:\/\/events\.example\/store\/streams\/s\/incoming/,
			);
		} finally {
			await behind.close();
		}
	});

	test("reads the media types of both families", async () => {
		for (const family of ["eventstore", "kurrent"]) {
			for (const plural of ["events", "event"]) {
				const type = { "Content-Type": `application/vnd.${family}.${plural}+json; charset=utf-8` };
				expect((await servers.ask(batch("families", events(1), type))).status).toBe(201);
			}
		}
		expect(await last("families")).toBe(3);
	});

	test("reads the headers of both families, Kurrent's first", async () => {
		const stream = newStream();
		const id = randomUUID();
		const kurrent = {
			"Content-Type": "application/json",
			"Kurrent-EventType": "FromKurrent",
			"Kurrent-EventId": id,
			"Kurrent-ExpectedVersion": "-1",
			"ES-ExpectedVersion": "99",
			"ES-EventType": "FromES",
		};
		const reply = await servers.ask({ path: `/streams/${stream}`, headers: kurrent, body: "1" });
		expect(reply.status).toBe(201);
		const { entries } = await servers.log.read({
			stream: stream as never,
			from: 0,
			limit: 1,
			direction: "forward",
			content: true,
		});
		expect(entries[0]?.event).toMatchObject({ id, type: "FromKurrent", isJson: true });
	});

	test("takes a UUID in any notation, in header and body", async () => {
		const id = "c322e299-cb73-4b47-97c5-5054f920746e";
		const bare = id.replaceAll("-", "");
		const notations = [id, id.toUpperCase(), bare, `{${id}}`, `(${id})`, `{${bare}}`];
		const stream = newStream();
		for (const notation of notations) {
			const byHeader = await servers.ask(single(stream, { "ES-EventId": notation }));
			const byBody = await append(stream, [event(notation)]);
			const byUrl = await servers.ask({
				...single(stream, {}),
				path: `/streams/${stream}/incoming/${encodeURIComponent(notation)}`,
			});
			const statuses = [byHeader.status, byBody.status, byUrl.status];
			expect([notation, ...statuses]).toEqual([notation, 201, 201, 201]);
		}
		expect(await last(stream)).toBe(0);
	});

	test("takes an event type of any characters, in UTF-8", async () => {
		const stream = newStream();
		const type = "Bestellung/geändert → 日本 😀";
		const latin1 = Buffer.from(type).toString("latin1");
		await servers.ask(single(stream, { "ES-EventId": randomUUID(), "ES-EventType": latin1 }));
		const feed = await servers.ask(get(`/streams/${stream}`));
		expect(feed.json).toMatchObject({ entries: [{ summary: type }] });
		const index = await servers.ask(get(`/streams/${encodeURIComponent(`$et-${type}`)}`));
		expect(index.status).toBe(200);
	});

	test("writes 5,000 events at once, densely", async () => {
		const stream = newStream();
		expect((await append(stream, events(5000))).status).toBe(201);
		expect(await last(stream)).toBe(4999);
	});

	test("writes a batch whole or not at all", async () => {
		const stream = newStream();
		const bad = [...events(9), { eventId: "no", eventType: "t" }];
		expect((await append(stream, bad)).status).toBe(400);
		expect(await last(stream)).toBe(-1);
	});
});

describe("bytes", () => {
	const DOCUMENTS = [
		'{"n":12345678901234567890,"m":1.10,"e":1E5}',
		'{ "b" : 1,\n\t"a":[ 1 , 2 ] }',
		'{"z":1,"a":2,"z":3}',
		'{"at":"2012-01-01T00:00:00.000Z"}',
		'{"s":"\\u00e9\\/\\ud83d\\ude00 é 😀 \\u2028"}',
		'{"__proto__":{"a":1},"constructor":2}',
		"[]",
		"[1.0,-0,0.10]",
	];

	test.each(DOCUMENTS)("of %s come back as sent, alone and in a batch", async (document) => {
		const alone = newStream();
		await servers.ask(single(alone, { "ES-EventId": randomUUID() }, document));
		expect(await dataOf(alone)).toBe(document);

		const many = newStream();
		const id = randomUUID();
		const body = `[{"eventId":"${id}","eventType":"t","data":${document},"metadata":${document}}]`;
		expect((await servers.ask(batch(many, body))).status).toBe(201);
		expect(await dataOf(many)).toBe(document);
		const asEvent = await servers.ask(
			get(`/streams/${many}/0`, "application/vnd.eventstore.event+json"),
		);
		expect(asEvent.text).toContain(`"data":${document},"metadata":${document}}`);
		const asJson = await servers.ask(get(`/streams/${many}/0`, "application/json"));
		expect(asJson.text).toBe(document);
	});

	test("of an octet-stream come back as sent, whatever they are", async () => {
		const stream = newStream();
		const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
		const headers = {
			"Content-Type": "application/octet-stream",
			"ES-EventId": randomUUID(),
			"ES-EventType": "raw",
		};
		await servers.ask({ path: `/streams/${stream}`, headers, body: bytes });
		const reply = await servers.ask(get(`/streams/${stream}/0`, "application/octet-stream"));
		expect(reply.headers["content-type"]).toBe("application/octet-stream");
		expect(reply.body.equals(bytes)).toBe(true);
	});

	test("of an event without data are none", async () => {
		const stream = newStream();
		await append(stream, [{ eventId: randomUUID(), eventType: "t" }]);
		expect(await dataOf(stream)).toBe("");
	});
});

/** Contract 1.4, each line on a stream that never existed and on one that ends at version 1. */
describe("expected version", () => {
	const TABLE: [expected: number | undefined, absent: number | string, exists: number | string][] =
		[
			[undefined, 0, 2],
			[-2, 0, 2],
			[-1, "400 at -1 or 1", "400 at -1 or 1"],
			[-4, "400", 2],
			[0, "400", "400"],
			[1, "400", 2],
			[2, "400", "400"],
		];

	test.each(TABLE)(
		"%s writes at %s where there is no stream, at %s where it ends at 1",
		async (expected, absent, exists) => {
			const fresh = newStream();
			const old = newStream();
			await append(old, events(2));
			await check(
				await append(fresh, events(1), expected),
				fresh,
				expected === -1 ? 0 : absent,
				-1,
			);
			await check(await append(old, events(1), expected), old, exists, 1);
		},
	);

	async function check(reply: Reply, stream: string, outcome: number | string, current: number) {
		if (typeof outcome === "number") {
			expect([reply.status, reply.headers.location]).toEqual([
				201,
				`${servers.url}/streams/${stream}/${outcome}`,
			]);
			return;
		}
		expect([reply.status, reply.reason]).toEqual([400, "Wrong expected EventNumber"]);
		expect(reply.headers["es-currentversion"]).toBe(String(current));
		expect(reply.headers["kurrent-currentversion"]).toBe(String(current));
		expect(reply.json).toMatchObject({ type: "urn:varve:problem:wrong-expected-version", current });
		expect(await last(stream)).toBe(current);
	}

	test("-4 holds where only the metadata stream exists", async () => {
		const stream = newStream();
		await append(`$$${stream}`, [{ ...event(), eventType: "$metadata" }]);
		expect((await append(stream, events(1), -4)).status).toBe(201);
	});

	test.each(["-3", "-5", "x", "1.5", "0x1", "1 2", "", " ", "-", "1e3", "99999999999999999999"])(
		"'%s' is refused, and nothing written",
		async (value) => {
			const stream = newStream();
			const reply = await append(stream, events(1), value);
			expect([reply.status, reply.reason]).toEqual([400, "Bad Request"]);
			expect(reply.json).toMatchObject({ type: "urn:varve:problem:malformed-header" });
			expect(reply.text).toContain("ES-ExpectedVersion header in wrong format.");
			expect(await last(stream)).toBe(-1);
		},
	);

	test("beyond any stream is a conflict like another", async () => {
		const reply = await append(newStream(), events(1), "9223372036854775807");
		expect(reply.reason).toBe("Wrong expected EventNumber");
	});
});

/** Contract 1.5, departure 14. */
describe("a repeat", () => {
	async function expectRepeat(reply: Reply, stream: string, first: number) {
		expect([reply.status, reply.headers.location]).toEqual([
			201,
			`${servers.url}/streams/${stream}/${first}`,
		]);
		expect(reply.headers["varve-repeated"]).toBe("true");
	}

	test("of a single event writes nothing (S2)", async () => {
		const stream = newStream();
		const sent = single(stream, { "ES-EventId": randomUUID() });
		const first = await servers.ask(sent);
		await append(stream, events(3));
		const second = await servers.ask(sent);
		await expectRepeat(second, stream, 0);
		expect(second.headers["es-position"]).toBe(first.headers["es-position"]);
		expect(await last(stream)).toBe(3);
	});

	test.each([undefined, -2, -4, 1])("under %s answers the first place again", async (expected) => {
		const stream = newStream();
		const sent = events(3);
		await append(stream, events(2));
		await append(stream, sent, expected);
		await append(stream, events(2));
		await expectRepeat(await append(stream, sent, expected), stream, 2);
		expect(await last(stream)).toBe(6);
	});

	test("under -1 answers where the stream begins with it, and refuses where it does not", async () => {
		const stream = newStream();
		const sent = events(2);
		await append(stream, sent, -1);
		await append(stream, events(1));
		await expectRepeat(await append(stream, sent, -1), stream, 0);
		expect((await append(stream, events(1), -1)).status).toBe(400);
	});

	test.each([undefined, -4])("of a part under %s is refused", async (expected) => {
		const stream = newStream();
		const sent = events(1);
		await append(stream, sent);
		const reply = await append(stream, [...sent, event()], expected);
		expect([reply.status, reply.reason]).toEqual([400, "Wrong expected EventNumber"]);
		const known = sent.map(({ eventId }) => eventId);
		const type = "urn:varve:problem:events-known";
		expect(reply.json).toMatchObject({ type, known, count: 2, current: 0 });
		expect((await append(stream, [event(), ...sent], expected)).status).toBe(400);
	});

	test("of a part under an exact version is refused", async () => {
		const stream = newStream();
		const sent = events(2);
		await append(stream, sent);
		expect((await append(stream, [...sent, event()], -1)).status).toBe(400);
		expect((await append(stream, [event()], 0)).status).toBe(400);
	});

	test("at the version that a new read shows, after a lost answer, writes nothing twice", async () => {
		const stream = newStream();
		const sent = single(stream, { "ES-EventId": randomUUID(), "ES-ExpectedVersion": "-1" });
		const first = await servers.ask(sent);
		const shown = await last(stream);
		for (const version of [shown, shown + 1, 99]) {
			const headers = { ...sent.headers, "ES-ExpectedVersion": String(version) };
			const again = await servers.ask({ ...sent, headers });
			await expectRepeat(again, stream, 0);
			expect(again.headers["es-position"]).toBe(first.headers["es-position"]);
		}
		expect(await last(stream)).toBe(0);
	});

	test("of an id known to another stream is a new event", async () => {
		const sent = events(1);
		await append(newStream(), sent);
		expect((await append(newStream(), sent)).headers["varve-repeated"]).toBeUndefined();
	});

	test("is known after a restart", async () => {
		let own = await startServers();
		const sent = batch("s", events(3));
		const first = await own.ask(sent);
		own = await own.restart();
		const second = await own.ask(sent);
		expect(second.headers["es-position"]).toBe(first.headers["es-position"]);
		expect(second.headers["varve-repeated"]).toBe("true");
		expect(new URL(second.headers.location ?? "").pathname).toBe("/streams/s/0");
		await own.close();
	});
});

describe("what cannot be appended", () => {
	const path = "/streams/refused";
	const json = { "Content-Type": "application/json" };
	const typed = { ...json, "ES-EventType": "t" };
	const CASES: [name: string, ask: Ask, status: number, reason: string, text: string][] = [
		[
			"no event type (S5)",
			{ path, headers: json, body: "{}" },
			400,
			"Bad Request",
			"Must include an event type with the request either in body or as ES-EventType header.",
		],
		[
			"an object for a batch (S7)",
			batch("refused", "{}"),
			400,
			"Bad Request",
			"Write request body invalid.",
		],
		[
			"no eventId (S8)",
			batch("refused", [{ eventType: "t" }]),
			400,
			"Bad Request",
			"Empty eventId provided. (Parameter 'eventId')",
		],
		[
			"an eventId of zeros",
			batch("refused", [event("00000000-0000-0000-0000-000000000000")]),
			400,
			"Bad Request",
			"Empty eventId provided. (Parameter 'eventId')",
		],
		[
			"no eventType in the batch",
			batch("refused", [{ eventId: randomUUID() }]),
			400,
			"Bad Request",
			"Empty eventType provided. (Parameter 'eventType')",
		],
		[
			"a bad ES-EventId (S9)",
			{ path, headers: { ...typed, "ES-EventId": "nope" }, body: "{}" },
			400,
			"Bad Request",
			"ES-EventId header in wrong format.",
		],
		[
			"an empty ES-EventId",
			{ path, headers: { ...typed, "ES-EventId": "" }, body: "{}" },
			400,
			"Bad Request",
			"ES-EventId header in wrong format.",
		],
		[
			"a bad ES-RequireLeader",
			batch("refused", events(1), { "ES-RequireLeader": "yes" }),
			400,
			"Bad Request",
			"ES-RequireLeader header in wrong format.",
		],
		[
			"an unknown media type (S13)",
			{ path, headers: { "Content-Type": "text/csv" }, body: "a" },
			415,
			"Invalid or missing Content-Type",
			"text/csv",
		],
		[
			"no media type",
			{ path, headers: {}, body: "a" },
			415,
			"Invalid or missing Content-Type",
			"Send JSON with Content-Type: application/json",
		],
		[
			"a media type without a slash",
			{ path, headers: { "Content-Type": "json" }, body: "a" },
			400,
			"Bad Request",
			"Content-Type header in wrong format.",
		],
		[
			"a charset that is not UTF-8",
			{
				path,
				headers: { ...typed, "Content-Type": "application/json; charset=latin1" },
				body: "1",
			},
			415,
			"Invalid or missing Content-Type",
			"latin1",
		],
		[
			"a compressed body",
			batch("refused", events(1), { "Content-Encoding": "gzip" }),
			415,
			"Invalid or missing Content-Type",
			"gzip",
		],
		[
			"a batch at an incoming URL (S14)",
			{ ...batch("refused", events(1)), path: `${path}/incoming/${randomUUID()}` },
			415,
			"Invalid or missing Content-Type",
			"application/json",
		],
		[
			"a bad id in an incoming URL",
			{ path: `${path}/incoming/nope`, headers: typed, body: "{}" },
			400,
			"Bad Request",
			"Invalid request. Unable to parse guid",
		],
		[
			"no type at an incoming URL",
			{ path: `${path}/incoming/${randomUUID()}`, headers: json, body: "{}" },
			400,
			"Bad Request",
			"Empty eventType provided. (Parameter 'eventType')",
		],
		[
			"a stream of the server's own",
			batch("$ce-order", events(1)),
			401,
			"Unauthorized",
			"Append to a stream of your own",
		],
		["$all", batch("$all", events(1)), 401, "Unauthorized", "Append to a stream of your own"],
	];

	test.each(CASES)(
		"%s is refused with the contract's words",
		async (_, sent, status, reason, text) => {
			const before = await servers.log.last("$all" as never);
			const reply = await servers.ask(sent);
			expect([reply.status, reply.reason]).toEqual([status, reason]);
			expect(reply.headers["content-type"]).toBe("application/problem+json");
			expect(reply.json).toMatchObject({ status });
			expect(reply.json.detail).toContain(text);
			expect(await servers.log.last("$all" as never)).toBe(before);
		},
	);
});
