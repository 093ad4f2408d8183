import { parseSettings } from "../../../src/config.ts";
import { ATOM_JSON, batch, get } from "../ask.ts";
import { type Servers, startServers } from "../harness.ts";

type Headers = Record<string, string>;

const OWN = { Host: "inner.localhost:2113" };

let trusting: Servers;
let wary: Servers;
beforeAll(async () => {
	trusting = await startServers({ trustedProxies: "10.0.0.0/8, 127.0.0.1" });
	wary = await startServers({ trustedProxies: "10.0.0.0/8" });
	for (const servers of [trusting, wary]) {
		const events = Array.from({ length: 20 }, () => ({
			eventId: crypto.randomUUID(),
			eventType: "T",
		}));
		expect((await servers.ask(batch("newstream", events))).status).toBe(201);
	}
});
afterAll(async () => {
	await trusting.close();
	await wary.close();
});

const MATRIX: [name: string, headers: Headers, base: string][] = [
	["nothing", {}, "http://inner.localhost:2113"],
	["a host", { "X-Forwarded-Host": "es.example" }, "http://es.example"],
	["a host and port", { "X-Forwarded-Host": "es.example:81" }, "http://es.example:81"],
	["an IPv6 address", { "X-Forwarded-Host": "[2001:db8::1]:81" }, "http://[2001:db8::1]:81"],
	["a list of hosts", { "X-Forwarded-Host": "es.example, mid.example" }, "http://es.example"],
	["a port", { "X-Forwarded-Port": "8443" }, "http://inner.localhost:8443"],
	["a list of ports", { "X-Forwarded-Port": "8443, 2114" }, "http://inner.localhost:8443"],
	["a port that is a word", { "X-Forwarded-Port": "abc" }, "http://inner.localhost:2113"],
	[
		"a scheme, and its port beside",
		{ "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443" },
		"https://inner.localhost",
	],
	[
		"a host, and its port beside",
		{ "X-Forwarded-Host": "es.example", "X-Forwarded-Port": "8443" },
		"http://es.example:8443",
	],
	[
		"a host with a port, and another",
		{ "X-Forwarded-Host": "es.example:81", "X-Forwarded-Port": "82" },
		"http://es.example:81",
	],
	[
		"a port that is none",
		{ "X-Forwarded-Host": "es.example", "X-Forwarded-Port": "99999" },
		"http://es.example",
	],
	["a scheme", { "X-Forwarded-Proto": "https" }, "https://inner.localhost:2113"],
	["a scheme that is none", { "X-Forwarded-Proto": "gopher" }, "http://inner.localhost:2113"],
	[
		"a default port",
		{ "X-Forwarded-Host": "es.example:443", "X-Forwarded-Proto": "https" },
		"https://es.example",
	],
	["a prefix", { "X-Forwarded-Prefix": "events" }, "http://inner.localhost:2113/events"],
	["a prefix in slashes", { "X-Forwarded-Prefix": "//a//b/" }, "http://inner.localhost:2113/a/b"],
	[
		"S42: all of them",
		{
			"X-Forwarded-Host": "es.example.com",
			"X-Forwarded-Proto": "https",
			"X-Forwarded-Prefix": "events",
		},
		"https://es.example.com/events",
	],
	[
		"RFC 7239",
		{ Forwarded: 'for=192.0.2.1;proto=https;host="es.example:8443", for=10.0.0.1;host=mid' },
		"https://es.example:8443",
	],
	["RFC 7239 in other words", { Forwarded: "Host=es.example; PROTO=HTTPS" }, "https://es.example"],
	[
		"both",
		{ Forwarded: "host=other.example;proto=https", "X-Forwarded-Host": "es.example" },
		"https://es.example",
	],
];

describe.each(["fast", "express"] as const)("in the %s lane", (name) => {
	const ask = (servers: Servers, request: Parameters<Servers["ask"]>[0]) =>
		(name === "fast" ? servers : servers.express).ask(request);

	test.each(MATRIX)("a trusted proxy says %s", async (_, headers, base) => {
		// Twice, and after others: what is remembered of one request never answers another.
		for (const path of ["/streams/newstream/0/forward/20", "/streams/newstream"]) {
			for (let i = 0; i < 2; i++) {
				const reply = await ask(trusting, get(path, ATOM_JSON, { ...OWN, ...headers }));
				expect(reply.json.id).toBe(`${base}/streams/newstream`);
				expect(urlsIn(reply.text).filter((url) => !url.startsWith(`${base}/streams/`))).toEqual([]);
			}
		}
	});

	test.each(MATRIX)("its %s stands in redirects and Locations too", async (_, headers, base) => {
		const all = { ...OWN, ...headers };
		const slash = await ask(trusting, get("/streams/newstream/", ATOM_JSON, all));
		expect([slash.status, slash.headers.location]).toEqual([307, `${base}/streams/newstream`]);
		const event = { "Content-Type": "application/json", "ES-EventType": "T", ...all };
		const incoming = await ask(trusting, { path: "/streams/a", headers: event, body: "{}" });
		expect(incoming.headers.location).toMatch(/\/streams\/a\/incoming\/[0-9a-f-]{36}$/);
		expect(incoming.headers.location).toContain(`${base}/streams/a/`);
		const created = await ask(trusting, batch("b", [EVENT], all));
		expect([created.status, created.headers.location]).toEqual([201, `${base}/streams/b/0`]);
	});

	test.each(MATRIX)("departure 21: anybody else's %s is passed over", async (_, headers) => {
		const reply = await ask(wary, get("/streams/newstream", ATOM_JSON, { ...OWN, ...headers }));
		expect(reply.json.id).toBe("http://inner.localhost:2113/streams/newstream");
	});

	test.each([
		["X-Forwarded-Host", "evil.example/path?"],
		["X-Forwarded-Host", "user@evil.example"],
		["X-Forwarded-Host", '"><script>'],
		["X-Forwarded-Host", "a b"],
		["X-Forwarded-Host", "es.example:99999"],
		["X-Forwarded-Prefix", '"><script>'],
		["X-Forwarded-Prefix", "a?b"],
		["X-Forwarded-Prefix", "x".repeat(300)],
		["Forwarded", 'host="evil.example/path"'],
	])("%s: %s is refused, even from a proxy", async (header, value) => {
		const headers = { ...OWN, [header]: value };
		for (const path of ["/streams/newstream", "/streams/newstream/0/forward/20"]) {
			expect((await ask(trusting, get(path, ATOM_JSON, headers))).status).toBe(400);
			expect((await ask(wary, get(path, ATOM_JSON, headers))).status).toBe(200);
		}
	});
});

test("--public-url stands above whatever a request says", async () => {
	const settings = parseSettings(["--public-url", "HTTPS://ES.example:443/b/ä/"], {});
	const servers = await startServers({
		publicUrl: settings.publicUrl,
		trustedProxies: "127.0.0.1",
	});
	try {
		const headers = { ...OWN, "X-Forwarded-Host": "other.example" };
		const reply = await servers.ask(batch("s", [EVENT], headers));
		expect(reply.headers.location).toBe("https://es.example/b/%C3%A4/streams/s/0");
	} finally {
		await servers.close();
	}
});

test.each(["10.0.0.0/33", "proxy.example", ""])("--trusted-proxies %j is refused", (value) => {
	expect(() => parseSettings(["--trusted-proxies", value], {})).toThrow(/invalid-option/);
});

const EVENT = { eventId: "c322e299-cb73-4b47-97c5-5054f920746e", eventType: "T", data: {} };

function urlsIn(text: string): string[] {
	return text.match(/https?:\/\/[^"]*/g) ?? [];
}
