/**
 * What the tests of the genuine server of the contract ask of appends, deletes, metadata and single
 * events, in our words. What other tests here show is left out: this file fills the gaps.
 */
import { type Ask, ATOM, batch, get, type Reply } from "../../http/ask.ts";
import { type Servers, startServers } from "../../http/harness.ts";

const JSON_TYPE = "application/json";
const TYPED = { "Content-Type": JSON_TYPE, "ES-EventType": "SomeType" };
const DATA = '{"a":"1"}';

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

let streams = 0;
const newStream = () => `stream-${++streams}`;
const event = (data: unknown = { a: "1" }) => ({
	eventId: crypto.randomUUID(),
	eventType: "event-type",
	data,
});

async function streamOf(count: number): Promise<string> {
	const stream = newStream();
	const events = Array.from({ length: count }, () => event());
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
	return stream;
}

async function remove(stream: string, headers = {}): Promise<void> {
	const reply = await servers.ask({ method: "DELETE", path: `/streams/${stream}`, headers });
	expect(reply.status).toBe(204);
}

function read(path: string, accept: string): Promise<Reply> {
	return servers.ask(get(`/streams/${path}`, accept));
}

/** GET of what a `Location` names. */
function follow({ headers }: Reply, accept = JSON_TYPE): Promise<Reply> {
	const { pathname, origin } = new URL(headers.location ?? "");
	expect(origin).toBe(servers.url);
	return servers.ask(get(pathname, accept));
}

describe("an append to a softly deleted stream of three events", () => {
	test.each([
		["-4", "410 Stream deleted", undefined],
		["-2", "201 Created", "/3"],
		["-1", "201 Created", "/3"],
		["2", "201 Created", "/3"],
		["1", "400 Wrong expected EventNumber", undefined],
		["3", "400 Wrong expected EventNumber", undefined],
	])("under %s is %s", async (expected, outcome, place) => {
		const stream = await streamOf(3);
		await remove(stream);
		const reply = await servers.ask(batch(stream, [event()], { "ES-ExpectedVersion": expected }));
		expect(`${reply.status} ${reply.reason}`).toBe(outcome);
		expect(reply.headers.location).toBe(place && `${servers.url}/streams/${stream}${place}`);
	});
});

describe("the Location of an append", () => {
	test("of several events leads to the first, with its type and its text as they were", async () => {
		const stream = await streamOf(1);
		const first = event({ at: "2012-01-01T00:00:00.000Z", zone: "2012-01-01T00:00:00+02:00" });
		const reply = await servers.ask(batch(stream, [first, event(), event()]));
		const found = await follow(reply, "application/vnd.eventstore.event+json");
		expect(found.json).toEqual({
			eventStreamId: stream,
			eventNumber: 1,
			...first,
			metadata: "",
		});
	});

	test.each([undefined, { user: "u1", at: "2012-01-01T00:00:00.000Z" }])(
		"leads to an event with metadata %j",
		async (metadata) => {
			const reply = await servers.ask(batch(newStream(), [{ ...event(), metadata }]));
			expect((await follow(reply)).text).toBe(DATA);
			const whole = await follow(reply, "application/vnd.eventstore.event+json");
			expect(whole.json).toMatchObject({ data: { a: "1" }, metadata: metadata ?? "" });
		},
	);

	test.each(["new", "existing"])("of metadata of a %s stream leads to it", async (which) => {
		const stream = which === "new" ? newStream() : await streamOf(1);
		const headers = { "Content-Type": JSON_TYPE, "ES-EventId": crypto.randomUUID() };
		const path = `/streams/${stream}/metadata`;
		const reply = await servers.ask({ path, headers, body: DATA });
		expect(reply.status).toBe(201);
		expect((await follow(reply)).text).toBe(DATA);
	});
});

test("an array sent as plain JSON needs a type like any other document", async () => {
	const stream = newStream();
	const plain = { "Content-Type": JSON_TYPE };
	const body = JSON.stringify([event()]);
	const refused = await servers.ask({ path: `/streams/${stream}`, headers: plain, body });
	expect([refused.status, refused.json.type]).toEqual([
		400,
		"urn:varve:problem:missing-event-type",
	]);
	expect((await read(stream, ATOM)).status).toBe(404);
});

test.each([undefined, "*/*", ATOM, JSON_TYPE, "text/xml"])(
	"metadata that nobody wrote is empty, asked for with Accept %j",
	async (accept) => {
		const stream = await streamOf(1);
		const headers = accept === undefined ? {} : { Accept: accept };
		const reply = await servers.ask({ path: `/streams/${stream}/metadata`, headers });
		expect([reply.status, reply.text]).toEqual([200, accept === JSON_TYPE ? "{}" : ""]);
		expect(reply.headers.etag).toBeUndefined();
	},
);

/** Ways to send the one event of `DATA` with an id that was chosen before. */
const FORMS: { readonly [name: string]: (stream: string, id: string) => Ask } = {
	"raw, its id in a header": (stream, id) => ({
		path: `/streams/${stream}`,
		headers: { ...TYPED, "ES-EventId": id },
		body: DATA,
	}),
	"raw, its id in the URL": (stream, id) => ({
		path: `/streams/${stream}/incoming/${id}`,
		headers: TYPED,
		body: DATA,
	}),
	...Object.fromEntries(
		["eventstore.events", "eventstore.event", "kurrent.events", "kurrent.event"].map((type) => [
			`a batch of ${type}+json`,
			(stream: string, id: string) =>
				batch(stream, [{ ...event(), eventId: id }], {
					"Content-Type": `application/vnd.${type}+json`,
				}),
		]),
	),
	"a batch of XML": (stream, id) => ({
		path: `/streams/${stream}`,
		headers: { "Content-Type": "application/vnd.eventstore.events+xml" },
		body:
			`<events><event><eventId>${id}</eventId><eventType>event-type</eventType>` +
			"<data><a>1</a></data></event></events>",
	}),
	"a feed of Atom as JSON": (stream, id) => ({
		...batch(stream, [{ ...event(), eventId: id }]),
		headers: { ...TYPED, "Content-Type": "application/vnd.eventstore.atom+json", "ES-EventId": id },
	}),
};

test.each(Object.keys(FORMS))(
	"an event sent as %s, and again in any form, is one event",
	async (name) => {
		for (const [other, again] of Object.entries(FORMS)) {
			const [stream, id] = [newStream(), crypto.randomUUID()];
			const asks = [FORMS[name]?.(stream, id), again(stream, id), again(stream, id)];
			for (const [index, ask] of asks.entries()) {
				const reply = await servers.ask(ask as Ask);
				expect([other, index, reply.status]).toEqual([other, index, 201]);
				expect(reply.headers.location).toBe(`${servers.url}/streams/${stream}/0`);
				expect((await follow(reply)).text).toBe(DATA);
			}
			const feed = await read(stream, "application/vnd.eventstore.atom+json");
			expect(feed.json.entries).toHaveLength(1);
		}
	},
);

describe("a single event", () => {
	const XML = "<data><a>1</a></data>";
	const FORMATS: [accept: string | undefined, type: string, text: string][] = [
		[undefined, ATOM, XML],
		[ATOM, ATOM, "<eventType>event-type</eventType>"],
		["application/vnd.eventstore.atom+json", "application/vnd.eventstore.atom+json", '"a":"1"'],
		[JSON_TYPE, JSON_TYPE, DATA],
		["text/xml", "text/xml", XML],
		["application/xml", "application/xml", XML],
		["application/vnd.eventstore.event+xml", "application/vnd.eventstore.event+xml", XML],
		["application/vnd.eventstore.event+json", "application/vnd.eventstore.event+json", DATA],
		["application/octet-stream", "application/octet-stream", DATA],
	];

	test.each(FORMATS)("is read with Accept %j as %s", async (accept, type, text) => {
		const stream = await streamOf(1);
		const headers = accept === undefined ? {} : { Accept: accept };
		const reply = await servers.ask({ path: `/streams/${stream}/0`, headers });
		expect(reply.status).toBe(200);
		expect(reply.headers["content-type"]?.split(";")[0]).toBe(type);
		expect(reply.text).toContain(text);
	});

	test.each(FORMATS)("of a deleted stream is gone with Accept %j", async (accept) => {
		const headers = accept === undefined ? {} : { Accept: accept };
		const [hidden, gone] = [await streamOf(1), await streamOf(1)];
		await remove(hidden);
		await remove(gone, { "ES-HardDelete": "True" });
		const answers = await Promise.all(
			[hidden, gone].map((stream) => servers.ask({ path: `/streams/${stream}/0`, headers })),
		);
		expect(answers.map(({ status, reason }) => `${status} ${reason}`)).toEqual([
			"404 Not Found",
			"410 Deleted",
		]);
	});
});

test.each([
	["application/json;charset=utf-8", 201],
	["application/json; charset=UTF-8", 201],
	['application/json; charset="utf-8"', 201],
	["application/json ; version=1; charset=utf-8", 201],
	["Application/JSON", 201],
	["application/json;q=0.3", 201],
	["application/json;charset=woftam", 415],
	["application/*", 415],
	["*/*", 415],
	["json", 400],
])("a body of Content-Type %j is %d", async (type, status) => {
	const stream = newStream();
	const headers = { ...TYPED, "Content-Type": type, "ES-EventId": crypto.randomUUID() };
	const reply = await servers.ask({ path: `/streams/${stream}`, headers, body: DATA });
	expect(reply.status).toBe(status);
	expect((await read(stream, ATOM)).status).toBe(status === 201 ? 200 : 404);
});
