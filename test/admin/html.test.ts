/** Who gets pages: whoever lists HTML first. Readers, programs and caches get what they always got. */

import { Refusal } from "../../src/errors.ts";
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { fill, HOSTILE, post, screens } from "./browser.ts";

const CHROMIUM =
	"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
/** How content of clients is shown: without scripts, and in no frame. */
const SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'";
const FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

let servers: Servers;
let without: Servers;
beforeAll(async () => {
	servers = await startServers({}, screens());
	without = await startServers();
	await fill(servers);
	await post(without, "order-1", [{ eventType: "T", raw: "{}" }]);
});
afterAll(async () => {
	await servers.close();
	await without.close();
});

const page = (path: string, accept = CHROMIUM, headers = {}) => get(path, accept, headers);

test.each([
	CHROMIUM,
	FIREFOX,
	"text/html",
	"text/html, application/atom+xml",
	"application/atom+xml;q=0.5, text/html;q=0.6",
	"TEXT/HTML;charset=utf-8",
])("Accept: %s gets a page", async (accept) => {
	for (const lane of [servers, servers.express]) {
		const reply = await lane.ask(page("/streams/order-1", accept));
		expect([reply.status, reply.headers["content-type"]]).toEqual([
			200,
			"text/html; charset=utf-8",
		]);
	}
});

test.each([
	"*/*",
	"",
	"text/*",
	"*/*, text/html;q=0.9",
	"application/atom+xml, text/html",
	"application/atom+xml, application/rss+xml, text/html, */*;q=0.9",
	"application/rss+xml, text/html;q=0.9",
	"application/json, text/html",
	"text/html;q=0",
	"text/html;q=0.5, application/xml",
	"application/atom+xml,application/rdf+xml,application/rss+xml,application/x-netcdf,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1",
])("Accept: %s gets what it got without pages, byte for byte", async (accept) => {
	for (const path of ["/streams/order-1", "/streams/order-1/0", "/streams/order-1/0/forward/20"]) {
		const ask = accept === "" ? { path } : get(path, accept);
		const reply = await servers.ask(ask);
		expect(reply.headers["content-type"]).not.toContain("html");
		const atom = await servers.ask(get(path, "application/atom+xml"));
		if (/^(\*|$|application\/(atom|rss))/.test(accept)) expect(reply.text).toBe(atom.text);
	}
});

test("?format= is another form, whatever the browser prefers", async () => {
	const forms = {
		atom: "application/atom+xml",
		ndjson: "application/x-ndjson",
		csv: "text/csv",
		"json-feed": "application/feed+json",
		cloudevents: "application/cloudevents-batch+json",
	};
	for (const [format, type] of Object.entries(forms)) {
		const reply = await servers.ask(page(`/streams/order-1?format=${format}`));
		expect(reply.headers["content-type"]).toContain(type);
	}
	const bytes = await servers.ask(page("/streams/order-1/0?format=bytes"));
	expect(bytes.text).toBe('{"total":1.10,"lines":[1,2]}');
});

test("a page is of its origin alone, is never kept, and runs nothing that is not a file of ours", async () => {
	const { headers, rawHeaders } = await servers.ask(page("/streams/order-1"));
	expect(headers).toMatchObject({
		"cache-control": "no-store",
		"x-content-type-options": "nosniff",
		"x-frame-options": "DENY",
		"referrer-policy": "no-referrer",
	});
	const policy = String(headers["content-security-policy"]);
	expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
	expect(policy).not.toMatch(/unsafe|\*|data:/);
	expect(rawHeaders.join()).not.toMatch(/access-control/i);
});

test("what a browser opens besides pages cannot run as one of ours", async () => {
	for (const path of ["/streams/order-1?format=atom", "/streams/order-1/0?format=xml", "/ping"]) {
		for (const own of [servers, without]) {
			const { headers } = await own.ask(page(path));
			expect(headers["content-security-policy"]).toBe(SANDBOX);
			expect(headers["x-content-type-options"]).toBe("nosniff");
		}
	}
	const { headers } = await servers.ask(get("/streams/order-1", "application/atom+xml"));
	expect(headers["content-security-policy"]).toBeUndefined();
	const read = page("/streams/order-1", "*/*", { "Sec-Fetch-Dest": "empty" });
	expect((await servers.ask(read)).headers["content-security-policy"]).toBeUndefined();
});

test.each(["embed", "object", "iframe", "script", "document"])(
	"nor what it puts into a page as %s, whatever it accepts",
	async (destination) => {
		for (const lane of [servers, servers.express, servers]) {
			const wanted = { "Sec-Fetch-Dest": destination };
			const { headers } = await lane.ask(page("/streams/order-1", "*/*", wanted));
			expect(headers["content-security-policy"]).toBe(SANDBOX);
			expect(headers["x-content-type-options"]).toBe("nosniff");
		}
	},
);

test("a refusal cannot either, if there are no pages", async () => {
	const { status, headers } = await without.ask(page("/streams/none"));
	expect([status, headers["content-security-policy"]]).toEqual([404, SANDBOX]);
});

test.each([
	["/streams/order-1/99", 404, "has no event 99"],
	["/streams/order-1/x", 400, "Invalid event number"],
	["/streams/order-1/0/forward/5000", 400, "Invalid count"],
	["/nowhere", 404, "No resource at this path"],
	["/streams?order=size", 400, "Malformed query"],
	["/streams/%00", 400, "Invalid stream name"],
	["/streams/never-written", 404, "The first append makes the stream"],
])("the refusal of %s is a page with its status %d", async (path, status, said) => {
	const reply = await servers.ask(page(path));
	expect([reply.status, reply.headers["content-type"]]).toEqual([
		status,
		"text/html; charset=utf-8",
	]);
	expect(reply.text).toContain(said);
	// Programs get their problem document.
	expect((await servers.ask(get(path, "*/*"))).headers["content-type"]).toContain("json");
});

test("without the UI a browser gets what programs get", async () => {
	const reply = await without.ask(page("/streams/never"));
	expect(reply.headers["content-type"]).toBe("application/problem+json");
	for (const path of ["/web", "/ui/x/main.js"]) {
		expect((await without.ask(get(path))).status).toBe(404);
	}
});

test("names of streams and ids of events in the content are links, and nothing else is", async () => {
	const { text } = await servers.ask(page("/streams/order-7/1"));
	const cause = /"\$causationId|href="\/streams\/order-7\/0"><span class="s">/.exec(text);
	expect(cause).not.toBeNull();
	await post(servers, "named-1", [
		{
			eventType: "T",
			raw: '{"of":"order-7","not":"order-700","url":"http://evil.example/order-7"}',
		},
	]);
	const named = (await servers.ask(page("/streams/named-1/0"))).text;
	expect(named).toContain('<a href="/streams/order-7"><span class="s">&quot;order-7&quot;');
	expect(named).not.toMatch(/href="[^"]*(?:order-700|evil)/);
});

test("an event that its own stream hides has its page in $all", async () => {
	await post(servers, "ended-1", [{ eventType: "T", raw: '{"n":1}' }]);
	await servers.ask({
		method: "DELETE",
		path: "/streams/ended-1",
		headers: { "ES-HardDelete": "true" },
	});
	expect((await servers.ask(page("/streams/ended-1/0"))).status).toBe(410);
	const { text } = await servers.ask(page("/streams/%24all"));
	const paths = [...text.matchAll(/data-page="([^"]+)"/g)].map(([, path = ""]) => path);
	for (const path of paths.slice(0, 3)) {
		const reply = await servers.ask(page(path));
		expect([path, reply.status]).toEqual([path, 200]);
	}
	expect((await servers.ask(page(`${paths[1]}?view=text`))).text).toContain("{&quot;n&quot;:1}");
});

test("a writer that stopped is told on the pages, with what to do about it", async () => {
	const own = await startServers({}, screens());
	await post(own, "order-1", [{ eventType: "T", raw: "{}" }]);
	const reason = "the disk failed";
	own.server.refuseWith(new Refusal("writer-stopped", { reason, retryAfterSeconds: 5 }));
	for (const path of ["/", "/streams/order-1"]) {
		expect((await own.ask(page(path))).text).toContain("Writing has stopped");
	}
	await own.close();
});

test("users of EventStore are sent where the UI is", async () => {
	for (const path of ["/web", "/web/index.html"]) {
		const reply = await servers.ask(get(path));
		expect([reply.status, reply.headers.location]).toEqual([302, `${servers.url}/`]);
	}
});

test("static files are kept for ever, under names that change with them", async () => {
	const { text } = await servers.ask(page("/"));
	const files = [...text.matchAll(/(?:href|src)="(\/ui\/[0-9a-f]{10}\/[\w.]+)"/g)].map(
		([, path = ""]) => path,
	);
	expect(new Set(files).size).toBe(3);
	for (const path of files) {
		const reply = await servers.ask(get(path));
		expect(reply.headers["cache-control"]).toBe("max-age=31536000, public, immutable");
		const tag = String(reply.headers.etag);
		const again = await servers.ask(get(path, "*/*", { "If-None-Match": tag }));
		expect([again.status, again.text]).toEqual([304, ""]);
	}
});

test("the first view of a page is below 60 kB, compressed", async () => {
	const headers = { "Accept-Encoding": "br" };
	const bytes = async (path: string, accept: string) =>
		(await servers.ask(get(path, accept, headers))).body.length;
	const files = ["admin.css", "main.js", "theme.js", "times.js", "toast.js", "copy.js", "swap.js"];
	const more = [
		"live/live.js",
		"live/follow.js",
		"live/source.js",
		"refresh.js",
		"keys.js",
		"go.js",
		"forms/deed.js",
		"forms/fields.js",
		"proof.js",
	];
	const { text } = await servers.ask(page("/"));
	const place = /\/ui\/[0-9a-f]{10}\//.exec(text)?.[0];
	let shared = 0;
	for (const file of [...files, ...more, "hashing.js"])
		shared += await bytes(`${place}${file}`, "*/*");
	for (const path of [
		"/",
		"/streams",
		"/streams/order-1?open=0",
		"/streams/order-1/2",
		"/streams/huge-1",
	]) {
		const html = await bytes(path, CHROMIUM);
		expect(html).toBeLessThan(12_000);
		expect(shared + html).toBeLessThan(60_000);
	}
});

describe("a form", () => {
	async function given(path: string): Promise<{ token: string; cookie: string }> {
		const reply = await servers.ask(page(path));
		const token = /name="_token" value="([^"]+)"/.exec(reply.text)?.[1] ?? "";
		const cookie = String(reply.headers["set-cookie"]).split(";")[0] ?? "";
		return { token, cookie };
	}
	const send = (path: string, fields: Record<string, string>, headers = {}) =>
		servers.ask({
			path,
			headers: {
				Accept: CHROMIUM,
				"Content-Type": "application/x-www-form-urlencoded",
				...headers,
			},
			body: String(new URLSearchParams(fields)),
		});
	const APPEND = { action: "append", type: "T", data: '{"n":1.10}', metadata: "", expected: "" };

	test("does its deed with the token and the cookie of one browser, once however often it is sent", async () => {
		const { token, cookie } = await given("/streams/form-1");
		const fields = { ...APPEND, _token: token, id: crypto.randomUUID() };
		for (let sent = 0; sent < 2; sent++) {
			const reply = await send("/streams/form-1", fields, { Cookie: cookie, Origin: "null" });
			expect([reply.status, reply.headers.location]).toEqual([
				303,
				`${servers.url}/streams/form-1?open=0`,
			]);
		}
		const stored = await servers.ask(get("/streams/form-1", "application/x-ndjson"));
		expect(stored.text.match(/"data":\{"n":1.10\}/g)).toHaveLength(1);
	});

	test("does nothing without its token, without its cookie, or with those of another browser", async () => {
		const mine = await given("/streams/form-2");
		const other = await given("/streams/form-2");
		const fields = { ...APPEND, id: crypto.randomUUID() };
		const tries = [
			send("/streams/form-2", fields, { Cookie: mine.cookie }),
			send("/streams/form-2", { ...fields, _token: mine.token }),
			send("/streams/form-2", { ...fields, _token: mine.token }, { Cookie: other.cookie }),
			send("/streams/form-2", { ...fields, _token: "" }, { Cookie: "varve-forms=" }),
		];
		for (const { status, text } of await Promise.all(tries)) {
			expect(status).toBe(403);
			expect(text).toContain("Form not ours");
		}
		const evil = { Cookie: mine.cookie, Origin: "http://evil.example" };
		expect((await send("/streams/form-2", { ...fields, _token: mine.token }, evil)).status).toBe(
			403,
		);
		expect((await servers.ask(get("/streams/form-2", "*/*"))).status).toBe(404);
	});

	test.each([
		[{ data: "{]" }, 400, "Data is not JSON"],
		[{ type: "" }, 400, "Empty eventType"],
		[{ expected: "seven" }, 400, "is no number of an event"],
		[{ id: "x" }, 400, "is not a UUID"],
		[{ action: "none" }, 400, "No form has the action"],
	])(
		"with %j is shown again with all that was typed, and the reason",
		async (changed, status, said) => {
			const { token, cookie } = await given("/streams/form-3");
			const fields = { ...APPEND, id: crypto.randomUUID(), ...changed, _token: token };
			const reply = await send("/streams/form-3", fields, { Cookie: cookie });
			expect(reply.status).toBe(status);
			expect(reply.text).toContain(said);
			if (fields.action === "append") expect(reply.text).toContain(`value="${fields.type}"`);
		},
	);

	test.each([
		{ action: "delete", how: "hard", confirm: "order-3" },
		{ action: "delete", how: "soft", confirm: "" },
		{ action: "truncate", before: "1", confirm: "order" },
		{ action: "truncate", before: "-1", confirm: "order-2" },
		{ action: "redact", event: "0", confirm: "" },
		{ action: "redact", event: "99", confirm: "order-2" },
	])("with %j changes nothing of order-2", async (fields) => {
		const before = await servers.ask(get("/streams/order-2", "application/x-ndjson"));
		const { token, cookie } = await given("/streams/order-4");
		const reply = await send("/streams/order-2", { ...fields, _token: token }, { Cookie: cookie });
		expect(reply.status).toBe(fields.event === "99" ? 404 : 400);
		const after = await servers.ask(get("/streams/order-2", "application/x-ndjson"));
		expect(after.text).toBe(before.text);
	});

	test("redacts an event for good, and its page says so", async () => {
		const { token, cookie } = await given("/streams/order-5/1?deed=redact");
		const fields = { action: "redact", event: "1", confirm: "order-5", _token: token };
		const reply = await send("/streams/order-5", fields, { Cookie: cookie });
		expect(reply.headers.location).toBe(`${servers.url}/streams/order-5/1`);
		expect((await servers.ask(page("/streams/order-5/1"))).text).toContain("was erased on purpose");
	});

	test("writes the rules of metadata and leaves the rest of the document as it is", async () => {
		const path = "/streams/order-6/metadata";
		const body = '{"owner":"a","big":12345678901234567890,"$acl":{"$r":"x","$other":1.0}}';
		await servers.ask({
			path,
			body,
			headers: { "Content-Type": "application/json", "ES-EventId": crypto.randomUUID() },
		});
		const { token, cookie } = await given(path);
		const fields = {
			action: "describe",
			expected: "0",
			$maxCount: "10",
			acl$w: "a, b",
			_token: token,
		};
		expect((await send("/streams/order-6", fields, { Cookie: cookie })).status).toBe(303);
		expect((await servers.ask(get(path, "application/json"))).text).toBe(
			'{"owner":"a","big":12345678901234567890,"$acl":{"$other":1.0,"$w":["a","b"]},"$maxCount":10}',
		);
		const late = await send("/streams/order-6", fields, { Cookie: cookie });
		expect(late.status).toBe(400);
		expect(late.text).toContain("is at version 1");
	});

	test("of a name that cannot be typed asks for the number of its events", async () => {
		const path = `/streams/${encodeURIComponent(HOSTILE.turned)}`;
		const { text } = await servers.ask(page(`${path}?deed=delete`));
		expect(text).toContain("the number of its events");
	});
});
