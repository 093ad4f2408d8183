import { randomUUID } from "node:crypto";
import { batch, get, type Json, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const ONE = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const newStream = () => `ce-${++streams}`;
const cloudEvent = (more: object = {}) => ({
	specversion: "1.0",
	id: randomUUID(),
	source: "/shop",
	type: "com.example.placed",
	...more,
});

function post(stream: string, type: string, body: unknown, headers = {}): Promise<Reply> {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const lane = streams % 2 === 0 ? servers : servers.express;
	const path = `/streams/${stream}`;
	return lane.ask({ path, headers: { "Content-Type": type, ...headers }, body: text });
}

const one = (stream: string, version = 0) => servers.ask(get(`/streams/${stream}/${version}`, ONE));
const feed = async (path: string) => {
	const reply = await servers.ask(get(path, BATCH));
	expect([reply.status, reply.headers["content-type"]]).toEqual([200, `${BATCH}; charset=utf-8`]);
	return reply.json as unknown as Json[];
};

describe("reading CloudEvents", () => {
	test("an event of a client that knows none is one, with its data as it is", async () => {
		const stream = newStream();
		const eventId = randomUUID();
		const sent = `[{"eventId":"${eventId}","eventType":"Placed","data":{"n":1.10},"metadata":{"by":"x"}}]`;
		await servers.ask(batch(stream, sent));
		const reply = await one(stream);
		expect(reply.headers["content-type"]).toBe(`${ONE}; charset=utf-8`);
		expect(reply.headers["cache-control"]).toContain("immutable");
		expect(reply.text).toContain('"data":{"n":1.10}}');
		const { time, position, ...attributes } = reply.json;
		expect(attributes).toEqual({
			specversion: "1.0",
			id: eventId,
			source: `/streams/${stream}`,
			type: "Placed",
			datacontenttype: "application/json",
			metadata: '{"by":"x"}',
			stream,
			version: 0,
			data: { n: 1.1 },
		});
		expect(Date.parse(String(time))).toBeGreaterThan(0);
		expect(position).toEqual(expect.any(Number));
	});

	test("metadata that only looks like kept attributes makes no broken one", async () => {
		const stream = newStream();
		const eventId = randomUUID();
		const cloudevents = {
			id: 5,
			source: "",
			time: "yesterday 5",
			type: "x",
			Upper: 1,
			ok: true,
			a: {},
		};
		const metadata = { cloudevents };
		await servers.ask(batch(stream, [{ eventId, eventType: "Placed", data: {}, metadata }]));
		const { time, position: _, ...attributes } = (await one(stream)).json;
		expect(Date.parse(String(time))).toBeGreaterThan(0);
		expect(attributes).toEqual({
			specversion: "1.0",
			id: eventId,
			source: `/streams/${stream}`,
			type: "Placed",
			ok: true,
			stream,
			version: 0,
			data: {},
		});
	});

	test("what is not JSON is in Base64", async () => {
		const stream = newStream();
		const headers = {
			"Content-Type": "application/octet-stream",
			"ES-EventType": "Noise",
			"ES-EventId": randomUUID(),
		};
		await servers.ask({ path: `/streams/${stream}`, headers, body: new Uint8Array([0, 255]) });
		expect((await one(stream)).json).toMatchObject({
			datacontenttype: "application/octet-stream",
			data_base64: "AP8=",
		});
	});

	test("a page is a batch, oldest first, and kept for ever once it is sealed", async () => {
		const stream = newStream();
		const events = Array.from({ length: 25 }, (_, n) => cloudEvent({ data: n }));
		expect((await post(stream, BATCH, events)).status).toBe(201);
		const page = await feed(`/streams/${stream}/0/forward/20`);
		expect(page.map(({ data }) => data)).toEqual(Array.from({ length: 20 }, (_, n) => n));
		const head = await feed(`/streams/${stream}/head/backward/3`);
		expect(head.map(({ data }) => data)).toEqual([22, 23, 24]);
		const reply = await servers.ask(get(`/streams/${stream}/0/forward/20`, BATCH));
		expect(reply.headers["cache-control"]).toBe("max-age=31536000, public, immutable");
	});
});

describe("appending CloudEvents", () => {
	test.each([
		['"data":{ "n": 12345678901234567890 }', {}],
		['"data":"text that is JSON"', {}],
		['"datacontenttype":"text/xml","data":"<a>ü</a>"', {}],
		['"datacontenttype":"text/plain","data_base64":"dGV4dA=="', {}],
		['"datacontenttype":"image/png","data_base64":"AP8="', {}],
		['"data":null', {}],
		['"subject":"4\\u00322","retries":3,"sampled":true,"time":"2020-01-01T00:00:00.5+01:00"', {}],
		['"time":"2016-12-31T23:59:60Z","data":1', {}],
		['"dataschema":"https://example.com/s","partitionkey":"x","data":[1.10]', {}],
	])("gives back what was sent: %s", async (members) => {
		const stream = newStream();
		const id = randomUUID();
		const sent = `{"specversion":"1.0","id":"${id}","source":"/shop?a=ü","type":"t",${members}}`;
		const reply = await post(stream, ONE, sent);
		expect([reply.status, reply.headers.location]).toEqual([
			201,
			expect.stringContaining(`/streams/${stream}/0`),
		]);
		const back = await one(stream);
		const { stream: _, version: _v, position: _p, ...attributes } = back.json;
		expect(attributes).toEqual({ time: attributes.time, ...JSON.parse(sent) });
		const data = /"data":.*$/.exec(sent)?.[0];
		if (data) expect(back.text.endsWith(data)).toBe(true);
	});

	test("keeps an id that is no UUID, and knows the event by it when it is sent again", async () => {
		const stream = newStream();
		const sent = cloudEvent({ id: "A-1", data: 1 });
		for (const repeated of [undefined, "true"]) {
			const reply = await post(stream, ONE, sent);
			expect([reply.status, reply.headers["varve-repeated"]]).toEqual([201, repeated]);
		}
		await post(stream, ONE, { ...sent, source: "/other" });
		const events = await feed(`/streams/${stream}`);
		expect(events.map(({ eventid, source }) => [eventid, source])).toEqual([
			["A-1", "/shop"],
			["A-1", "/other"],
		]);
	});

	test("writes what is new of a batch that is partly known", async () => {
		const stream = newStream();
		const [a, b, c, d] = [1, 2, 3, 4].map((data) => cloudEvent({ id: `P-${data}`, data }));
		await post(stream, BATCH, [a, c]);
		const reply = await post(stream, BATCH, [a, b, c, d]);
		expect([reply.status, reply.headers["varve-repeated"]]).toEqual([201, undefined]);
		expect(reply.headers.location).toMatch(new RegExp(`/streams/${stream}/2$`));
		// The version that the rest is expected at counts for the rest.
		const late = await post(stream, BATCH, [d, cloudEvent()], { "ES-ExpectedVersion": "1" });
		expect([late.status, late.json.current]).toEqual([400, 3]);
		const known = await post(stream, BATCH, [d, a]);
		expect([known.status, known.headers["varve-repeated"]]).toEqual([201, "true"]);
		const events = await feed(`/streams/${stream}`);
		expect(events.map(({ data }) => data)).toEqual([1, 3, 2, 4]);
	});

	test("in binary mode takes the attributes from headers, and any type of data", async () => {
		const stream = newStream();
		const headers = {
			"ce-specversion": "1.0",
			"ce-id": "B%201",
			"ce-source": "/sh%C3%B6p",
			"ce-type": "com.example.paid",
			"ce-traceparent": "00-1",
		};
		expect((await post(stream, "text/plain", "hello", headers)).status).toBe(201);
		expect(
			(await post(stream, "application/json", '{"n":1.10}', { ...headers, "ce-id": "2" })).status,
		).toBe(201);
		expect((await one(stream)).json).toMatchObject({
			id: "B 1",
			source: "/shöp",
			type: "com.example.paid",
			traceparent: "00-1",
			datacontenttype: "text/plain",
			data: "hello",
		});
		expect((await one(stream, 1)).text).toContain('"data":{"n":1.10}');
	});

	test("is an append like any other: all or nothing, and with an expected version", async () => {
		const stream = newStream();
		const bad = await post(stream, BATCH, [cloudEvent(), cloudEvent({ type: 1 })]);
		expect([bad.status, bad.json.index]).toEqual([400, 1]);
		expect((await post(stream, ONE, cloudEvent(), { "If-Match": "*" })).status).toBe(412);
		expect(await servers.log.last(stream as never)).toBe(-1);
	});

	test.each([
		[{ specversion: "0.3" }],
		[{ id: "" }],
		[{ id: 5 }],
		[{ source: undefined }],
		[{ type: undefined }],
		[{ Upper: "x" }],
		[{ with_score: "x" }],
		[{ extension: {} }],
		[{ time: "yesterday" }],
		[{ time: "yesterday 5" }],
		[{ time: "2020-01-01" }],
		[{ time: "2020-02-30T00:00:00Z" }],
		[{ time: "2016-12-30T23:59:60Z" }],
		[{ time: "" }],
		[{ time: 1577836800 }],
		[{ data: 1, data_base64: "AA==" }],
		[{ data_base64: "&" }],
		[{ data_base64: 5 }],
	])("refuses %j", async (more) => {
		const reply = await post(newStream(), ONE, cloudEvent(more));
		expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-body"]);
	});

	test.each([
		[ONE, "{"],
		[ONE, "[]"],
		[BATCH, "{}"],
		[BATCH, "[]"],
		[BATCH, "[1]"],
	])("refuses as %s what is none: %s", async (type, body) => {
		expect((await post(newStream(), type, body)).status).toBe(400);
	});
});

describe("an HTTP feed", () => {
	test("is read from the start to its end, batch after batch, by the id of the last event", async () => {
		const stream = newStream();
		const sent = Array.from({ length: 230 }, (_, n) =>
			cloudEvent({ data: n, ...(n % 3 === 0 ? { id: `A-${n}` } : {}) }),
		);
		await post(stream, BATCH, sent);
		const read: Json[] = [];
		let path = `/streams/${stream}`;
		for (;;) {
			const events = await feed(path);
			read.push(...events);
			if (events.length === 0) break;
			path = `/streams/${stream}?lastEventId=${events.at(-1)?.id}`;
		}
		expect(read.map(({ id, eventid }) => eventid ?? id)).toEqual(sent.map(({ id }) => id));
		// Ids that were not the last of a batch, and so are looked for.
		for (const n of [120, 121]) {
			const events = await feed(`/streams/${stream}?lastEventId=${sent[n]?.id}`);
			expect(events[0]?.id).toBe(sent[n + 1]?.id);
		}
	});

	const followed = async (stream: string) => {
		const read: Json[] = [];
		for (let id = ""; ; ) {
			const events = await feed(`/streams/${stream}?lastEventId=${encodeURIComponent(id)}`);
			if (events.length === 0) return read;
			read.push(...events);
			id = String(events.at(-1)?.id);
		}
	};

	test("that holds ids of two sources has each event once, and starts an id of both after the oldest", async () => {
		const stream = newStream();
		const of = (source: string) =>
			Array.from({ length: 150 }, (_, n) => cloudEvent({ source, id: String(n + 1) }));
		await post(stream, BATCH, [...of("/a"), ...of("/b")]);
		const read = await followed(stream);
		expect(read.map(({ version }) => version)).toEqual(Array.from({ length: 300 }, (_, n) => n));
		expect(new Set(read.map(({ id }) => id)).size).toBe(300);
		expect(read[250]).toMatchObject({ id: `250@${stream}`, eventid: "101", source: "/b" });
		expect((await feed(`/streams/${stream}?lastEventId=100`))[0]?.version).toBe(100);
	});

	test.each(["$ce-", "$et-"])(
		"of %s has each event once, if one id stands in two streams",
		async (index) => {
			const category = newStream().replace("-", "");
			const type = `t${category}`;
			const same = Array.from({ length: 60 }, () => cloudEvent({ type }));
			for (const n of [1, 2, 3]) await post(`${category}-${n}`, BATCH, same);
			const stream = encodeURIComponent(`${index}${index === "$ce-" ? category : type}`);
			const read = await followed(stream);
			expect(read.map(({ stream, version }) => [stream, version])).toEqual(
				[1, 2, 3].flatMap((n) => same.map((_, version) => [`${category}-${n}`, version])),
			);
			const again = await feed(`/streams/${stream}?lastEventId=${same[59]?.id}`);
			expect(again[0]?.stream).toBe(`${category}-2`);
		},
	);

	test("waits for news as long as it is asked to", async () => {
		const stream = newStream();
		const first = cloudEvent();
		await post(stream, ONE, first);
		expect(await feed(`/streams/${stream}?lastEventId=${first.id}&timeout=1`)).toEqual([]);
		const waiting = feed(`/streams/${stream}?lastEventId=${first.id}&timeout=20000`);
		const second = cloudEvent();
		await post(stream, ONE, second);
		expect((await waiting).map(({ id }) => id)).toEqual([second.id]);
	});

	test.each(["lastEventId=nobody", `lastEventId=${randomUUID()}`, "timeout=x", "timeout=-1"])(
		"refuses ?%s",
		async (query) => {
			const stream = newStream();
			await post(stream, ONE, cloudEvent());
			const reply = await servers.ask(get(`/streams/${stream}?${query}`, BATCH));
			expect([reply.status, reply.json.type]).toEqual([400, "urn:varve:problem:malformed-query"]);
		},
	);

	test("of a stream that has no events is 404", async () => {
		expect((await servers.ask(get("/streams/none", BATCH))).status).toBe(404);
	});
});
