/** The CloudEvents SDK reads what we write, and what it writes comes back equal. */
import { randomUUID } from "node:crypto";
import { CloudEvent, type CloudEventV1, HTTP, type Message } from "cloudevents";
import { batch, get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

const ONE = "application/cloudevents+json";
const BATCH = "application/cloudevents-batch+json";
/** What we add to an event: where it was stored. */
const PLACE = ["stream", "version", "position"];

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

type Attributes = Record<string, unknown>;

const newStream = () => `sdk-${randomUUID()}`;
const newEvent = (more: Partial<CloudEventV1<unknown>> = {}) =>
	new CloudEvent({ source: "/shop", type: "com.example.placed", ...more });

/** What the SDK makes of an answer, as plain values; it is strict about every attribute. */
async function read(path: string, accept: string): Promise<Attributes[]> {
	const { status, headers, text } = await servers.ask(get(path, accept));
	expect(status).toBe(200);
	const message: Message = { headers, body: text };
	expect(HTTP.isEvent(message)).toBe(true);
	const events = [HTTP.toEvent(message)].flat();
	return events.map((event) => {
		expect((event as CloudEvent).validate()).toBe(true);
		return JSON.parse(JSON.stringify(event)) as Attributes;
	});
}

/** Sends a message as the SDK has written it. */
function send(stream: string, { headers, body }: Message) {
	const bytes = body === undefined ? "" : (body as string | Uint8Array);
	return servers.ask({ path: `/streams/${stream}`, headers, body: bytes, method: "POST" });
}

function without(attributes: Attributes, ...names: string[]): Attributes {
	return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

describe("the SDK reads", () => {
	test("an event of a client that knows no CloudEvents", async () => {
		const stream = newStream();
		const eventId = randomUUID();
		const data = { n: 1, text: "\u00e9\u{1F600}" };
		await servers.ask(batch(stream, [{ eventId, eventType: "Placed", data }]));
		const [event] = await read(`/streams/${stream}/0`, ONE);
		expect(event).toMatchObject({
			id: eventId,
			type: "Placed",
			source: `/streams/${stream}`,
			data,
		});
		expect(event).toMatchObject({ stream, version: 0, specversion: "1.0" });
	});

	test("bytes as bytes", async () => {
		const stream = newStream();
		const headers = { "Content-Type": "application/octet-stream", "ES-EventType": "Noise" };
		const path = `/streams/${stream}`;
		const bytes = new Uint8Array([0, 255, 128]);
		await servers.ask({ path, headers: { ...headers, "ES-EventId": randomUUID() }, body: bytes });
		const [event] = await read(`${path}/0`, ONE);
		expect(event).toMatchObject({ data_base64: "AP+A" });
	});

	test("a page as a batch, oldest first", async () => {
		const stream = newStream();
		const sent = Array.from({ length: 25 }, (_, n) => newEvent({ data: { n } }));
		const headers = { "Content-Type": BATCH };
		const body = JSON.stringify(sent);
		expect((await servers.ask({ path: `/streams/${stream}`, headers, body })).status).toBe(201);
		const page = await read(`/streams/${stream}/0/forward/20`, BATCH);
		expect(page.map(({ id }) => id)).toEqual(sent.slice(0, 20).map(({ id }) => id));
		expect(page.map(({ version }) => version)).toEqual(sent.slice(0, 20).map((_, n) => n));
	});

	test("`$all` and a category", async () => {
		const stream = newStream();
		await send(stream, HTTP.structured(newEvent({ data: 1 })));
		for (const path of ["/streams/%24all", "/streams/%24ce-sdk"]) {
			const events = await read(path, BATCH);
			expect(events.at(-1)).toMatchObject({ type: "com.example.placed", stream });
		}
	});
});

const EVENTS: readonly (readonly [name: string, event: Partial<CloudEventV1<unknown>>])[] = [
	["an object", { data: { a: [1, null, { b: "\u00e9" }] } }],
	["a text with its type", { data: "hello, w\u00f6rld", datacontenttype: "text/plain" }],
	[
		"a subject, a schema and a time",
		{
			subject: "order 42 \u00e9%",
			dataschema: "https://example.com/schema",
			time: "2020-01-01T00:00:00.500Z",
			data: {},
		},
	],
	["attributes of its own", { traceparent: "00-1", partitionkey: "k", data: { n: 1 } }],
	["an id of its own", { id: "A-1/\u00e9 %", data: { n: 1 } }],
	["no data", {}],
];

describe.each(["structured", "binary"] as const)("in %s mode the SDK's", (mode) => {
	test.each(EVENTS)("event with %s comes back equal", async (_, more) => {
		const stream = newStream();
		const sent = newEvent(more);
		const reply = await send(stream, HTTP[mode](sent));
		expect([reply.status, reply.text]).toEqual([201, expect.anything()]);
		const [event] = await read(`/streams/${stream}/0`, ONE);
		const expected = JSON.parse(JSON.stringify(sent)) as Attributes;
		// A type of data is told where the sender left it out; a time is the one it was stored with.
		const others = ["time", "datacontenttype", "data"];
		expect(without(event ?? {}, ...PLACE, ...others)).toEqual(without(expected, ...others));
		expect(event?.data ?? undefined).toEqual(expected.data);
		if (more.time) expect(Date.parse(String(event?.time))).toBe(Date.parse(more.time));
	});

	test("event sent twice is stored once", async () => {
		const stream = newStream();
		const message = HTTP[mode](newEvent({ id: "once", data: { n: 1 } }));
		for (const _ of "12") expect((await send(stream, message)).status).toBe(201);
		expect(await read(`/streams/${stream}`, BATCH)).toHaveLength(1);
	});
});
