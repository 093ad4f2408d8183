/** The resources that move a log: what they refuse, and that a refusal changes nothing. */
import { randomUUID } from "node:crypto";
import { batch, get, type Reply } from "./ask.ts";
import { type Servers, startServers } from "./harness.ts";

const EVENTS_MAX = 5;
const NDJSON = { "Content-Type": "application/x-ndjson" };

let source: Servers;
let copy: Servers;
let lines: string[];
beforeAll(async () => {
	source = await startServers();
	copy = await startServers({ eventsPerAppendMax: EVENTS_MAX, eventBytesMax: 1000 });
	const events = Array.from({ length: 3 }, (_, n) => {
		return { eventId: randomUUID(), eventType: "T", data: { n }, metadata: { by: "a" } };
	});
	await source.ask(batch("order-1", events));
	const exported = await source.ask(get("/admin/export"));
	lines = exported.text.trimEnd().split("\n");
});
afterAll(() => Promise.all([source.close(), copy.close()]));

const post = (query: string, body: string | Buffer, headers: object = NDJSON): Promise<Reply> =>
	copy.ask({
		method: "POST",
		path: `/admin/import${query}`,
		headers: headers as Record<string, string>,
		body,
	});

/** Lines with the first of them altered. */
const altered = (change: (line: Record<string, unknown>) => object): string =>
	[JSON.stringify(change(JSON.parse(lines[0] ?? "{}"))), ...lines.slice(1)].join("\n");

const LONG = "x".repeat(2000);

test.each<[string, () => Promise<Reply>, number, string]>([
	[
		"another media type",
		() => post("", "{}", { "Content-Type": "text/plain" }),
		415,
		"unsupported-media-type",
	],
	["no media type", () => post("", "{}", {}), 415, "unsupported-media-type"],
	["bytes that are not UTF-8", () => post("", Buffer.from([0xff, 0x0a])), 400, "malformed-body"],
	["a place without a root", () => post("?from=1", ""), 400, "malformed-query"],
	["a root that is none", () => post("?from=1&root=ff", ""), 400, "malformed-query"],
	["a place that is no number", () => post("?from=-1", ""), 400, "malformed-query"],
	["a parameter that is none", () => post("?form=1", ""), 400, "malformed-query"],
	["a place that is there twice", () => post("?from=0&from=1", ""), 400, "malformed-query"],
	[
		"a place behind the end",
		() => post(`?from=7&root=${"0".repeat(64)}`, ""),
		409,
		"import-conflict",
	],
	["too many lines", () => post("", `${"{}\n".repeat(EVENTS_MAX + 1)}`), 400, "invalid-line"],
	["no object", () => post("", "[]"), 400, "invalid-line"],
	["no JSON", () => post("", "{"), 400, "invalid-line"],
	["an empty line", () => post("", `\n${lines[0]}`), 400, "invalid-line"],
	[
		"deep nesting",
		() => post("", `{"data":${"[".repeat(99)}${"]".repeat(99)}}`),
		400,
		"invalid-line",
	],
	[
		"an unknown member",
		() =>
			post(
				"",
				altered((line) => ({ ...line, more: 1 })),
			),
		400,
		"invalid-line",
	],
	[
		"a member that is there twice",
		() => post("", `{"id":"a",${lines[0]?.slice(1)}`),
		400,
		"invalid-line",
	],
	[
		"a name that is none",
		() =>
			post(
				"",
				altered((line) => ({ ...line, stream: "\u0000" })),
			),
		400,
		"invalid-line",
	],
	[
		"a step in a path",
		() =>
			post(
				"",
				altered((line) => ({ ...line, stream: ".." })),
			),
		400,
		"invalid-line",
	],
	[
		"an index stream",
		() =>
			post(
				"",
				altered((line) => ({ ...line, stream: "$ce-a" })),
			),
		400,
		"invalid-line",
	],
	[
		"an id that is none",
		() =>
			post(
				"",
				altered((line) => ({ ...line, id: "x" })),
			),
		400,
		"invalid-line",
	],
	[
		"a huge position",
		() =>
			post(
				"",
				altered((line) => ({ ...line, position: 2 ** 60 })),
			),
		400,
		"invalid-line",
	],
	[
		"a time that is none",
		() =>
			post(
				"",
				altered((line) => ({ ...line, created: "now" })),
			),
		400,
		"invalid-line",
	],
	[
		"an erasure that is none",
		() =>
			post(
				"",
				altered((line) => ({ ...line, erased: "x" })),
			),
		400,
		"invalid-line",
	],
	[
		"another content",
		() =>
			post(
				"",
				altered((line) => ({ ...line, data: {} })),
			),
		400,
		"invalid-line",
	],
	["the second line first", () => post("", lines.slice(1).join("\n")), 400, "invalid-line"],
	[
		"a large event",
		() =>
			post(
				"",
				altered((line) => ({ ...line, data: LONG })),
			),
		413,
		"event-too-large",
	],
])("an import with %s is refused", async (_, send, status, word) => {
	const reply = await send();
	expect([reply.status, reply.json.type]).toEqual([status, `urn:varve:problem:${word}`]);
	expect((await copy.ask(get("/admin/import"))).json.next).toBe(0);
});

test("more lines than an append may have are refused as such", async () => {
	const many = Array.from({ length: EVENTS_MAX + 1 }, () => lines[0]).join("\n");
	const reply = await post("", many);
	expect([reply.status, reply.json.type]).toEqual([413, "urn:varve:problem:too-many-events"]);
});

test("an import is refused as long as the disk is low, as an append is", async () => {
	const low = await startServers({ diskFreeMin: Number.MAX_SAFE_INTEGER });
	const body = lines.join("\n");
	const imported = { method: "POST", path: "/admin/import", headers: NDJSON, body };
	for (const asked of [imported, batch("s", [{ eventId: randomUUID(), eventType: "T" }])]) {
		const { status, json } = await low.ask(asked);
		expect([status, json.type]).toEqual([507, "urn:varve:problem:insufficient-storage"]);
	}
	expect((await low.ask(get("/admin/import"))).json.next).toBe(0);
	await low.close();
});

test.each([
	["?from=x", 400, "malformed-query"],
	["?form=1", 400, "malformed-query"],
	["?from=0&from=1", 400, "malformed-query"],
	["?stream=none&accounts=maybe", 400, "malformed-query"],
	["?stream=%00", 400, "invalid-stream-name"],
	["?stream=$ce-order", 400, "malformed-query"],
	["?stream=$all", 400, "malformed-query"],
	["?stream=none", 404, "stream-not-found"],
])("an export of %s is refused", async (query, status, word) => {
	const reply = await source.ask(get(`/admin/export${query}`));
	expect([reply.status, reply.json.type]).toEqual([status, `urn:varve:problem:${word}`]);
});

test("an import that two clients send at once is written once, and appends go on behind it", async () => {
	const sent = await Promise.all([post("", lines.join("\n")), post("", lines.join("\n"))]);
	expect(sent.map(({ json }) => json.written).sort()).toEqual([0, 3]);
	expect((await copy.ask(get("/streams/order-1/2"))).status).toBe(200);
	expect(
		(await copy.ask(batch("order-1", [{ eventId: randomUUID(), eventType: "T" }]))).status,
	).toBe(201);
	const exported = await copy.ask(get("/admin/export"));
	expect(exported.text.split("\n").slice(0, 3)).toEqual(lines);
	expect(exported.text.split("\n")).toHaveLength(5);
	const behind = await copy.ask(get("/admin/export?from=4"));
	expect([behind.status, behind.text]).toEqual([200, ""]);
});
