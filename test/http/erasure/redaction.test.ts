/** Redaction over HTTP: one event's data goes, and every document still makes sense. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudEvent } from "cloudevents";
import { decodeFeedJson } from "../../../feeds/json/decode.ts";
import { readStream } from "../../../feeds/reader/read.ts";
import { ATOM, ATOM_JSON, batch, get } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers();
});
afterAll(() => servers.close());

const MARKER = "somebody@example.com";
const event = (fields: object = {}) => ({
	eventId: randomUUID(),
	eventType: "Registered",
	data: { mail: MARKER },
	metadata: { $correlationId: "c", by: "a clerk" },
	...fields,
});
const redact = (stream: string, version: number | string, query = "") => ({
	method: "DELETE",
	path: `/streams/${encodeURIComponent(stream)}/${version}/data${query}`,
});

test("the data goes for good, the metadata only if that is asked for; a repeat is a success", async () => {
	const events = [event(), event(), event({ data: { mail: "kept" } })];
	const first = await servers.ask(batch("person-1", events));
	const read = async (at: number) => {
		const path = `/streams/person-1/${at}?embed=tryharder`;
		return (await servers.ask(get(path))).json;
	};
	for (const lane of [servers, servers.express]) {
		const some = await lane.ask(redact("person-1", 0));
		expect([some.status, some.headers["varve-redacted"]]).toEqual([204, "data"]);
		const whole = await lane.ask(redact("person-1", 1, "?metadata=True"));
		const { "cache-control": kept, "varve-redacted": erased } = whole.headers;
		expect([whole.status, whole.text, kept, erased]).toEqual([
			204,
			"",
			"no-store",
			"data, metadata",
		]);
	}
	expect(await read(0)).toMatchObject({
		eventId: events[0]?.eventId,
		eventType: "Registered",
		isJson: true,
		isRedacted: true,
		isMetaData: true,
		data: "",
		metaData: expect.stringContaining("clerk"),
		content: { data: "", metadata: { by: "a clerk" } },
	});
	expect(await read(1)).toMatchObject({ isRedacted: true, isMetaData: false, data: "" });
	expect(await read(2)).toMatchObject({ isRedacted: false, data: expect.stringContaining("kept") });
	expect((await servers.ask(batch("person-1", events))).headers.location).toBe(
		first.headers.location,
	);
	for (const file of ["log.sqlite", "log.sqlite-wal"]) {
		expect(readFileSync(join(servers.directory, file)).includes(MARKER)).toBe(false);
	}
});

test("kept documents are forgotten, of every stream that shows the event", async () => {
	const filler = Array.from({ length: 25 }, () => event({ eventType: "Filler" }));
	await servers.ask(batch("kept-1", filler));
	const paths = [
		"/streams/kept-1/0/forward/20?embed=body",
		"/streams/%24ce-kept/0/forward/20?embed=body",
		"/streams/%24et-Filler/0/forward/20?embed=body",
		"/streams/kept-1/3",
	];
	const counts = async () => {
		const replies = await Promise.all(paths.map((path) => servers.ask(get(path))));
		return replies.map(({ text }) => text.split(MARKER).length - 1);
	};
	expect(await counts()).toEqual([20, 20, 20, 1]);
	await servers.ask(redact("kept-1", 3));
	expect(await counts()).toEqual([19, 19, 19, 0]);
	expect((await servers.ask(get("/streams/kept-1/3"))).status).toBe(200);
});

test("every media type of an event and of a page copes with one that has no data", async () => {
	const raw = { "Content-Type": "application/octet-stream", "ES-EventType": "Raw" };
	await servers.ask(batch("odd-1", [event(), event()]));
	const path = "/streams/odd-1";
	await servers.ask({ path, headers: { ...raw, "ES-EventId": randomUUID() }, body: MARKER });
	await servers.ask({
		path,
		headers: { "Content-Type": "application/cloudevents+json" },
		body: JSON.stringify({
			specversion: "1.0",
			id: "of-their-own",
			source: "/them",
			type: "Cloudy",
			datacontenttype: "text/plain",
			data: MARKER,
		}),
	});
	for (const version of [0, 2, 3]) {
		expect((await servers.ask(redact("odd-1", version))).status).toBe(204);
	}
	await servers.ask(redact("odd-1", 1, "?metadata=true"));

	const types = {
		page: [
			ATOM,
			ATOM_JSON,
			"text/xml",
			"application/json",
			"application/vnd.eventstore.event+xml",
			"application/vnd.eventstore.events+json",
			"application/feed+json",
			"application/x-ndjson",
			"application/cloudevents-batch+json",
		],
		event: [
			ATOM,
			ATOM_JSON,
			"text/xml",
			"application/json",
			"application/vnd.eventstore.event+xml",
			"application/vnd.eventstore.event+json",
			"application/cloudevents+json",
			"application/octet-stream",
		],
	};
	const embeds = ["none", "content", "rich", "body", "pretty", "tryharder"];
	const asked = [
		...types.page.map((type) => [type, `${path}/0/forward/20`] as const),
		...[0, 1, 2, 3].flatMap((at) => types.event.map((type) => [type, `${path}/${at}`] as const)),
	];
	for (const [type, url] of asked) {
		for (const embed of embeds) {
			const reply = await servers.ask(get(`${url}?embed=${embed}`, type));
			expect([type, url, reply.status, reply.text.includes(MARKER)]).toEqual([
				type,
				url,
				200,
				false,
			]);
			if (type === "application/x-ndjson") {
				for (const line of reply.text.trim().split("\n")) JSON.parse(line);
			} else if (type.includes("json")) JSON.parse(reply.text);
			else if (!type.includes("octet")) expect(wellFormed(reply.text)).toBe(true);
		}
	}
	expect(decodeFeedJson((await servers.ask(get(`${path}?embed=body`))).text).entries).toMatchObject(
		[3, 2, 1, 0].map(() => ({ event: { isRedacted: true } })),
	);
	const cloudy = get(`${path}/3`, "application/cloudevents+json");
	const shown = new CloudEvent((await servers.ask(cloudy)).json as never);
	expect([shown.id, shown.source, shown.data]).toEqual(["of-their-own", "/them", undefined]);
	const batchOf = get(`${path}`, "application/cloudevents-batch+json");
	expect((await servers.ask(batchOf)).json).toHaveLength(4);
	const live = await fetch(`${servers.url}${path}`, { headers: { Accept: "text/event-stream" } });
	const reader = (live.body as ReadableStream<Uint8Array>).getReader();
	let text = "";
	while ((text.match(/^id:/gm) ?? []).length < 4) {
		text += Buffer.from((await reader.read()).value ?? []).toString();
	}
	await reader.cancel();
	for (const [, line] of text.matchAll(/^data: ?(.*)$/gm)) if (line) JSON.parse(line);

	const read: [number, number][] = [];
	for await (const { at, data } of readStream({ url: servers.url, stream: "odd-1" })) {
		read.push([at, data.length]);
	}
	expect(read).toEqual([
		[0, 0],
		[1, 0],
		[2, 0],
		[3, 0],
	]);
});

test("the last event of a stream can go; the stream goes on from there", async () => {
	await servers.ask(batch("tail", [event(), event()]));
	await servers.ask(redact("tail", 1));
	const head = await servers.ask(get("/streams/tail/head?embed=body"));
	expect(head.json).toMatchObject({ title: "1@tail", isRedacted: true });
	const next = await servers.ask(batch("tail", [event()], { "ES-ExpectedVersion": "1" }));
	expect(next.headers.location).toMatch(/\/tail\/2$/);
});

test("what is hidden, or deleted, can be redacted all the same", async () => {
	await servers.ask(batch("left", [event(), event()]));
	await servers.ask({ method: "DELETE", path: "/streams/left" });
	expect((await servers.ask(redact("left", 0))).status).toBe(204);
	await servers.ask({
		method: "DELETE",
		path: "/streams/left",
		headers: { "ES-HardDelete": "True" },
	});
	expect((await servers.ask(redact("left", 1))).status).toBe(204);
	const all = await servers.ask(get("/streams/%24all?embed=body"));
	const shown = all.json.entries as { streamId: string; isRedacted: boolean }[];
	expect(shown.filter(({ streamId }) => streamId === "left")).toMatchObject([
		{ eventType: "$streamDeleted" },
		{ isRedacted: true },
		{ isRedacted: true },
	]);
});

test.each([
	["an event that is not there", redact("person-1", 99), 404, "event-not-found"],
	["a stream that is not there", redact("nobody", 0), 404, "stream-not-found"],
	["an index stream", redact("$ce-person", 0), 403, "event-not-redactable"],
	["$all", redact("$all", "0".repeat(32)), 403, "event-not-redactable"],
	["the metadata of a stream", redact("$$person-1", 0), 403, "event-not-redactable"],
	["a link", redact("links", 0), 403, "event-not-redactable"],
	["a tombstone", redact("gone", 1), 403, "event-not-redactable"],
	["the head, whatever it is now", redact("person-1", "head"), 400, "invalid-event-number"],
	["no number", redact("person-1", "x"), 400, "invalid-event-number"],
	["a wish it cannot read", redact("person-1", 2, "?metadata=1"), 400, "malformed-query"],
	[
		"the event itself",
		{ method: "DELETE", path: "/streams/person-1/2" },
		405,
		"method-not-allowed",
	],
	["a GET", get("/streams/person-1/2/data"), 405, "method-not-allowed"],
])("%s is refused, and nothing changes", async (_, asked, status, word) => {
	const link = { eventId: randomUUID(), eventType: "$>", data: "2@person-1" };
	await servers.ask(batch("links", [link], { "ES-ExpectedVersion": "-1" }));
	await servers.ask(batch("gone", [event()]));
	await servers.ask({
		method: "DELETE",
		path: "/streams/gone",
		headers: { "ES-HardDelete": "True" },
	});
	const before = servers.log.erasures;
	const reply = await servers.ask(asked);
	expect([reply.status, reply.json.type]).toEqual([status, `urn:varve:problem:${word}`]);
	expect(servers.log.erasures).toBe(before);
});

/** Whether every element that opens closes. */
function wellFormed(xml: string): boolean {
	const open: string[] = [];
	for (const [, close, name, empty] of xml.matchAll(/<(\/?)([\w:]+)[^>]*?(\/?)>/g)) {
		if (close) {
			if (open.pop() !== name) return false;
		} else if (!empty) open.push(name as string);
	}
	return open.length === 0;
}
