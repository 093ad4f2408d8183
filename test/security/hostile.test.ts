/**
 * What strangers send, and its harmless outcome: one list, for both lanes. Deeper tests of single
 * parts stand beside those parts.
 */
import { randomUUID } from "node:crypto";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { parseStringPromise } from "xml2js";
import { createScreens } from "../../admin/index.ts";
import { FEED_TYPES } from "../../feeds/formats/feed.ts";
import {
	type Ask,
	ATOM,
	ATOM_JSON,
	allOf,
	batch,
	EVENTS_JSON,
	get,
	open,
	raw,
} from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ bodyBytesMax: 16 * 1024 * 1024 }, createScreens());
});
afterAll(async () => {
	expect(pollution()).toEqual([]);
	await servers.close();
});

/** What every object would have if a prototype was changed. */
function pollution(): string[] {
	const found: string[] = [];
	for (const name in {}) found.push(name);
	return found;
}

async function answers(request: Ask) {
	return Promise.all([servers.ask(request), servers.express.ask(request)]);
}

async function statuses(request: Ask): Promise<number[]> {
	return (await answers(request)).map(({ status }) => status);
}

async function words(request: Ask): Promise<unknown[]> {
	const found = await answers(request);
	return found.map(({ text }) => /urn:varve:problem:([\w-]+)/.exec(text)?.[1] ?? text);
}

const HTML = "text/html,application/xhtml+xml,*/*;q=0.8";
const TEXTS = {
	"a script": "<script>alert(1)</script>",
	"an attribute": `" onmouseover="alert(1)`,
	"an end of CDATA": "]]><x>]]&gt;",
	"an entity": "&lt;b&gt; &amp;#60; &nbsp;",
	"an XML declaration": `<?xml version="1.0"?><feed xmlns="x">`,
	"a template": "{{7*7}} <%= 7*7 %> #{7*7}",
	"a turn of direction": "a\u202egnp.exe",
	"a formula": "=HYPERLINK(1)",
	"a statement": "'; DROP TABLE events; --",
	"a path": "../../../../etc/passwd",
	"a name of Object": "__proto__",
	"a space at its end": "a ",
	"a letter beyond the first plane": "\u{1f600}",
};

describe.each(Object.entries(TEXTS))("%s as name, type, data and metadata", (_, hostile) => {
	const stream = `odd ${hostile}-1`;
	const path = `/streams/${encodeURIComponent(stream)}`;
	const content = JSON.stringify({ [hostile]: hostile });

	beforeAll(async () => {
		const type = JSON.stringify(hostile);
		const body = `[{"eventId":"${randomUUID()}","eventType":${type},"data":${content},"metadata":${content}}]`;
		expect((await servers.ask(batch(stream, body))).status).toBe(201);
	});

	test.each(FEED_TYPES.filter(({ format }) => format !== "event-stream"))(
		"comes back whole as $name, which any parser reads",
		async ({ name }) => {
			for (const reply of await answers(get(`${path}/0/forward/20?embed=body`, name))) {
				expect(reply.status).toBe(200);
				expect(String(reply.headers["content-type"])).not.toContain("html");
				if (name.endsWith("xml")) {
					const { feed } = await parseStringPromise(reply.text, { trim: false });
					expect(feed.title[0]).toContain(hostile);
					expect(feed.entry).toHaveLength(1);
				} else if (name !== "text/csv") {
					const lines = name.includes("ndjson") ? reply.text.trim().split("\n") : [reply.text];
					expect(lines.map((line) => JSON.parse(line))).toHaveLength(lines.length);
					expect(reply.text).toContain(JSON.stringify(hostile).slice(1, -1));
				}
			}
		},
	);

	test.each(["", "/0", "/metadata", "/0/forward/20", "?asOf=0"])(
		"is text on the screen of its stream%s",
		async (rest) => {
			const { status, headers, text } = await servers.ask(get(`${path}${rest}`, HTML));
			expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
			expect(text).not.toContain("<script>alert");
			expect(text).not.toMatch(/<[^>]*" onmouseover="/);
			// Data for scripts is shown to nobody.
			expect(text.replace(/ data-\w+="[^"]*"/g, "")).not.toContain("\u202e");
		},
	);

	test("is no header of ours", async () => {
		for (const { status, headers } of await answers(get(path, "*/*"))) {
			expect(status).toBe(200);
			expect(JSON.stringify(headers)).not.toMatch(/onmouseover|<script|\u202e/);
		}
	});
});

describe("names that are refused, and stay out of the headers of the refusal", () => {
	test.each([
		"%00",
		"a%0d%0aX-Evil:%201",
		"a%0aSet-Cookie:%20a=1",
		"a%7f",
		"a%1b[31m",
		"%ed%a0%80",
	])("%s", async (name) => {
		const request = { ...batch("x", [event()]), path: `/streams/${name}` };
		for (const { status, headers } of await answers(request)) {
			expect(status).toBe(400);
			expect(Object.keys(headers)).not.toEqual(expect.arrayContaining(["x-evil"]));
			expect(headers["set-cookie"]).toBeUndefined();
		}
	});
});

function event(more: object = {}): object {
	return { eventId: randomUUID(), eventType: "T", data: {}, ...more };
}

describe("text that no format can carry", () => {
	test.each(["\\u0000", "\\u001b[31m", "\\ud800", "\\udfff\\ud800", "\\ufffe"])(
		"%s in the data stays as it was sent in JSON, and Atom stays well-formed",
		async (escaped) => {
			const stream = `characters-${randomUUID()}`;
			const body = `[{"eventId":"${randomUUID()}","eventType":"T","data":{"a":"${escaped}"}}]`;
			const sent = { path: `/streams/${stream}`, headers: { "Content-Type": EVENTS_JSON }, body };
			expect((await servers.ask(sent)).status).toBe(201);
			for (const { text } of await answers(get(`/streams/${stream}/0`, "application/json"))) {
				expect(text).toBe(`{"a":"${escaped}"}`);
			}
			for (const { text } of await answers(get(`/streams/${stream}?embed=body`, ATOM))) {
				const { feed } = await parseStringPromise(text);
				expect(feed.entry).toHaveLength(1);
				expect(text).toBe(text.toWellFormed());
			}
		},
	);

	test.each(["\\u0000", "\\ud800", "\\u000a"])("%s in a type is refused", async (escaped) => {
		const body = `[{"eventId":"${randomUUID()}","eventType":"T${escaped}","data":{}}]`;
		const sent = { path: "/streams/types", headers: { "Content-Type": EVENTS_JSON }, body };
		expect(await words(sent)).toEqual(["invalid-event", "invalid-event"]);
	});
});

describe("names of Object's own members change no object", () => {
	const POISON = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';

	test.each([
		["data", `[{"eventId":"ID","eventType":"T","data":${POISON}}]`, EVENTS_JSON, 201],
		[
			"metadata",
			`[{"eventId":"ID","eventType":"T","data":{},"metadata":${POISON}}]`,
			EVENTS_JSON,
			201,
		],
		["an event", `[{"__proto__":{"eventType":"T"},"eventId":"ID","data":{}}]`, EVENTS_JSON, 400],
		[
			"elements of XML",
			"<events><event><__proto__><polluted>1</polluted></__proto__><eventId>ID</eventId>" +
				"<eventType>T</eventType><data><__proto__><polluted>1</polluted></__proto__>" +
				"<constructor>1</constructor></data></event></events>",
			"application/vnd.eventstore.events+xml",
			201,
		],
	])("in %s", async (_, body, type, status) => {
		const path = `/streams/poison-${randomUUID()}`;
		const sent = {
			path,
			headers: { "Content-Type": type },
			body: body.replace("ID", randomUUID()),
		};
		expect((await servers.ask(sent)).status).toBe(status);
		expect(pollution()).toEqual([]);
		await answers(get(`${path}?embed=tryharder`));
		expect(pollution()).toEqual([]);
	});

	test("in the metadata of a stream, in a query, and in a form", async () => {
		const metadata = { ...batch("x", POISON), path: "/streams/x/metadata" };
		const headers = { "Content-Type": "application/json", "ES-EventId": randomUUID() };
		expect((await servers.ask({ ...metadata, headers })).status).toBe(201);
		await answers(get("/streams?__proto__[polluted]=1&constructor=2", ATOM_JSON));
		const form = { "Content-Type": "application/x-www-form-urlencoded" };
		const body = "__proto__[polluted]=1&constructor.prototype.polluted=1";
		expect(await statuses({ path: "/streams/x", headers: form, body })).toEqual([403, 403]);
		expect(pollution()).toEqual([]);
	});
});

describe("paths lead to no file", () => {
	test.each([
		"/ui/../package.json",
		"/ui/%2e%2e/package.json",
		"/ui/..%2fpackage.json",
		"/ui/..%5c..%5cpackage.json",
		"/ui//etc/passwd",
		"/ui/%2fetc%2fpasswd",
		"/../../../../etc/passwd",
		"/log/tile/../../package.json",
		"/log/tile/0/..%2f..%2fpackage.json",
		"/stats/../../etc/passwd",
		"/openapi.json/../package.json",
	])("%s", async (path) => {
		for (const { port } of [servers, servers.express]) {
			// Byte by byte: a client's library would shorten it.
			const socket = open(port);
			socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
			const reply = await allOf(socket);
			expect(reply).toMatch(/^HTTP\/1\.1 4\d\d /);
			expect(reply).not.toMatch(/better-sqlite3|root:/);
		}
	});
});

describe("XML that means more than it says is refused before it is read", () => {
	const document = (head: string, value: string) =>
		`<?xml version="1.0"?>${head}<events><event><eventId>${randomUUID()}</eventId>` +
		`<eventType>T</eventType><data>${value}</data></event></events>`;

	test.each([
		["an entity of its own", '<!DOCTYPE a [<!ENTITY x "y">]>', "&x;"],
		["entities of entities", '<!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;">]>', "&z;"],
		["a file", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///dev/null">]>', "&x;"],
		["another document", '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">', ""],
		["an entity that nobody declared", "", "&x;"],
	])("%s", async (_, head, value) => {
		const path = `/streams/entities-${randomUUID()}`;
		const headers = { "Content-Type": "application/vnd.eventstore.events+xml" };
		const sent = { path, headers, body: document(head, value) };
		expect(await words(sent)).toEqual(["malformed-body", "malformed-body"]);
		expect(await statuses(get(path))).toEqual([404, 404]);
		const entry = `<?xml version="1.0"?>${head}<entry xmlns="http://www.w3.org/2005/Atom"><title>${value}</title></entry>`;
		const posted = { path, headers: { "Content-Type": `${ATOM};type=entry` }, body: entry };
		expect(await statuses(posted)).toEqual([400, 400]);
	});
});

describe("a compressed body is refused, and never unpacked", () => {
	const body = Buffer.from(JSON.stringify([event()]));

	test.each([
		["gzip", gzipSync(body)],
		["deflate", deflateSync(body)],
		["br", brotliCompressSync(body)],
		["gzip, gzip", gzipSync(gzipSync(body))],
		["identity, gzip", gzipSync(body)],
		["x-unknown", body],
	])("as %s", async (coding, packed) => {
		const headers = { "Content-Type": EVENTS_JSON, "Content-Encoding": coding };
		const sent = { path: "/streams/packed", headers, body: packed };
		expect(await words(sent)).toEqual(["unsupported-media-type", "unsupported-media-type"]);
	});

	test("also if only its transfer is", async () => {
		const head = [
			"POST /streams/packed HTTP/1.1",
			"Host: localhost",
			`Content-Type: ${EVENTS_JSON}`,
			"Transfer-Encoding: gzip, chunked",
			"Connection: close",
		];
		const sent = `${head.join("\r\n")}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`;
		for (const { port } of [servers, servers.express]) {
			expect(await raw(port, sent)).toMatch(/^HTTP\/1\.1 400 [\s\S]*malformed-header/);
		}
	});
});

describe("long conditions and preferences are read in one go", () => {
	const LENGTH = 15_000;
	const many = (item: string) => item.repeat(Math.floor(LENGTH / item.length)).replace(/, ?$/, "");
	const path = "/streams/long";
	let tag: unknown;

	beforeAll(async () => {
		expect((await servers.ask(batch("long", [event()]))).status).toBe(201);
		tag = (await servers.ask(get(path))).headers.etag;
	});

	test.each([
		["If-None-Match of many tags", many('"1;2", ')],
		["If-None-Match of one long tag", `"${"a".repeat(LENGTH)}"`],
		["If-None-Match that never ends its tag", `"${"a, ".repeat(LENGTH / 3)}`],
		["If-None-Match of commas", ",".repeat(LENGTH)],
		["If-None-Match of W/", many("W/")],
	])("%s", async (_, value) => {
		expect(await statuses(get(path, ATOM_JSON, { "If-None-Match": value }))).toEqual([200, 200]);
		const right = { "If-None-Match": `${value}${value.endsWith('"') ? ", " : '", '}${tag}` };
		for (const status of await statuses(get(path, ATOM_JSON, right))) {
			expect([200, 304]).toContain(status);
		}
	});

	test.each([
		["Accept of many types", many("a/b;q=0.1, "), 406],
		["Accept of parameters", `a/b${";a=b".repeat(LENGTH / 4)}`, 406],
		["Accept of one long type", `a/${"b".repeat(LENGTH)}`, 406],
		["Accept of quotes", `a/b;a="${"\\\\".repeat(LENGTH / 2)}"`, 406],
		["Accept of commas and spaces", ", ".repeat(LENGTH / 2), 406],
		["Accept that has ours at its end", `${many("a/b, ")}, ${ATOM_JSON}`, 200],
	])("%s", async (_, accept, status) => {
		expect(await statuses(get(path, accept))).toEqual([status, status]);
	});

	test("Accept-Encoding, and a cookie of thousands of parts", async () => {
		const coding = { "Accept-Encoding": many("x;q=0.1, ") };
		expect(await statuses(get(path, ATOM_JSON, coding))).toEqual([200, 200]);
		expect(await statuses(get(path, HTML, { Cookie: many("a=b; ") }))).toEqual([200, 200]);
	});
});

describe("a regular expression of a stranger", () => {
	test("that would take for ever is stopped, and others go on", async () => {
		const slow = encodeURIComponent("^(([a-z])+.)+[A-Z]([a-z])+$");
		const type = `${"a".repeat(60)}!`;
		expect((await servers.ask(batch("slow", [event({ eventType: type })]))).status).toBe(201);
		const path = `/streams/$all/filtered?context=eventtype&type=regex&data=${slow}`;
		expect(await words(get(path))).toEqual(["invalid-filter", "invalid-filter"]);
		expect(await statuses(get("/ping", "*/*"))).toEqual([200, 200]);
	});

	test.each(["(", "[a", "a{2,1}", "(?<a>x)(?<a>y)", "\\"])("that is none: %s", async (broken) => {
		const data = encodeURIComponent(broken);
		const path = `/streams/$all/filtered?context=eventtype&type=regex&data=${data}`;
		expect(await words(get(path))).toEqual(["invalid-filter", "invalid-filter"]);
	});
});

test("no header names the program, and no body has a stack", async () => {
	const broken = { path: "/streams/x", headers: { "Content-Type": EVENTS_JSON }, body: "[" };
	const asked = [get("/ping", "*/*"), get("/nowhere"), get("/streams/%zz"), get("/", HTML), broken];
	for (const request of asked) {
		for (const { headers, text } of await answers(request)) {
			expect(headers).not.toHaveProperty("server");
			expect(headers).not.toHaveProperty("x-powered-by");
			expect(text).not.toMatch(/\n\s+at |node:internal|\/dist\/src\//);
		}
	}
});
