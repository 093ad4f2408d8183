import { parseSettings } from "../../../src/config.ts";
import { batch, get } from "../ask.ts";
import { type Lane, type Servers, startServers } from "../harness.ts";

const ALLOW_METHODS = "access-control-allow-methods";
const EVENT = { eventId: "c322e299-cb73-4b47-97c5-5054f920746e", eventType: "T", data: {} };

let servers: Servers;
let lanes: Record<string, Lane>;
beforeAll(async () => {
	servers = await startServers();
	lanes = { fast: servers, express: servers.express };
	expect((await servers.ask(batch("newstream", [EVENT]))).status).toBe(201);
});
afterAll(() => servers.close());

const METHODS = [
	["/streams/newstream", "POST, DELETE, GET, OPTIONS"],
	["/streams/newstream/0", "GET, OPTIONS"],
	["/streams/newstream/0/forward/20", "GET, OPTIONS"],
	["/streams/newstream/head/backward/20", "GET, OPTIONS"],
	["/streams/newstream/head/20", "GET, OPTIONS"],
	["/streams/$all", "POST, DELETE, GET, GET, OPTIONS"],
	["/streams/%24all", "POST, DELETE, GET, GET, OPTIONS"],
	["/streams/$all/head/backward/20", "GET, GET, OPTIONS"],
	["/ping", "GET, OPTIONS"],
	["/info", "GET, OPTIONS"],
] as const;

describe.each(["fast", "express"])("in the %s lane", (lane) => {
	test.each(METHODS)("S39: OPTIONS %s allows browsers %s", async (path, methods) => {
		const reply = await lanes[lane]?.ask({ method: "OPTIONS", path });
		expect([reply?.status, reply?.reason, reply?.text]).toEqual([200, "OK", ""]);
		expect(reply?.headers).toMatchObject({
			[ALLOW_METHODS]: methods,
			"access-control-allow-origin": "*",
			"access-control-max-age": "86400",
			"content-length": "0",
		});
	});

	test.each(METHODS)("GET %s carries the same headers", async (path, methods) => {
		const reply = await lanes[lane]?.ask(get(path, "*/*"));
		expect([reply?.status, reply?.headers[ALLOW_METHODS]]).toEqual([200, methods]);
	});

	test("every answer exposes what clients read: of an append, a conflict, a page, a 304", async () => {
		const ask = (request: Parameters<Lane["ask"]>[0]) => lanes[lane]?.ask(request);
		const page = await ask(get("/streams/newstream/0/forward/1"));
		const replies = [
			// A repeat.
			await ask(batch("newstream", [EVENT])),
			await ask(batch("newstream", [{ ...EVENT, eventId: crypto.randomUUID() }], E_0)),
			page,
			await ask({
				...get("/streams/newstream/0/forward/1"),
				headers: {
					Accept: "application/vnd.eventstore.atom+json",
					"If-None-Match": page?.headers.etag,
				},
			}),
		];
		expect(replies.map((reply) => reply?.status)).toEqual([201, 400, 200, 304]);
		expect(replies[0]?.headers["varve-repeated"]).toBe("true");
		for (const reply of replies) {
			const exposed = reply?.headers["access-control-expose-headers"];
			expect(exposed).toMatch(
				/^Location, Kurrent-Position, Kurrent-CurrentVersion, ES-Position, ES-CurrentVersion\b/,
			);
			const own = Object.keys(reply?.headers ?? {}).filter((name) =>
				/^(varve|es|kurrent)-/.test(name),
			);
			expect(String(exposed).toLowerCase().split(", ")).toEqual(expect.arrayContaining(own));
			const allowed = reply?.headers["access-control-allow-headers"];
			for (const name of ["Authorization", "ES-LongPoll", "ES-ResolveLinkTos", "Kurrent-EventId"]) {
				expect(allowed).toContain(`, ${name}`);
			}
		}
	});

	test("S13: nothing is allowed where no handler was reached", async () => {
		const csv = {
			path: "/streams/newstream",
			headers: { "Content-Type": "text/csv" },
			body: "a,b",
		};
		const unreached = [csv, get("/streams/newstream", "image/png"), get("/nowhere")];
		for (const request of unreached) {
			const reply = await lanes[lane]?.ask(request);
			expect([404, 406, 415]).toContain(reply?.status);
			expect(reply?.headers[ALLOW_METHODS]).toBe("");
			expect(reply?.headers["access-control-allow-origin"]).toBe("*");
		}
	});
});

const E_0 = { "ES-ExpectedVersion": "-1" };

test("a 405 says which methods there are", async () => {
	const reply = await servers.ask({ method: "PUT", path: "/streams/newstream/0" });
	expect([reply.status, reply.headers[ALLOW_METHODS]]).toEqual([405, "GET, OPTIONS"]);
	expect(reply.headers.allow).toBe("GET, HEAD, OPTIONS");
});

test("OPTIONS of an unknown path is 404", async () => {
	expect((await servers.ask({ method: "OPTIONS", path: "/nowhere" })).status).toBe(404);
});

test("probes of health are no business of browsers", async () => {
	const reply = await servers.ask(get("/health/live"));
	expect(reply.headers).not.toHaveProperty("access-control-allow-origin");
});

test("one origin may be named, and further headers; shared caches see one text for all", async () => {
	const named = await startServers({
		corsOrigin: "https://app.example",
		corsHeaders: "X-Trace-Id",
	});
	try {
		for (const origin of ["https://app.example", "https://evil.example"]) {
			const reply = await named.ask({ ...get("/ping"), headers: { Origin: origin } });
			expect(reply.headers["access-control-allow-origin"]).toBe("https://app.example");
			expect(reply.headers["access-control-allow-headers"]).toMatch(/, X-Trace-Id$/);
			expect(reply.headers.vary).toBe("Accept");
		}
	} finally {
		await named.close();
	}
});

test("of several origins each is told of itself, and no other of any", async () => {
	const origins = ["https://a.example", "https://b.example"];
	const named = await startServers({ corsOrigin: origins.join(", ") });
	try {
		const allowed = async (headers: Record<string, string>) => {
			const reply = await named.ask({ ...get("/ping"), headers });
			expect(reply.headers.vary).toBe("Accept, Origin");
			return reply.headers["access-control-allow-origin"];
		};
		for (const origin of origins) expect(await allowed({ Origin: origin })).toBe(origin);
		expect(await allowed({ Origin: "https://c.example" })).toBeUndefined();
		expect(await allowed({})).toBeUndefined();
		// The same words again, from memory.
		for (const origin of [...origins, "https://c.example"]) {
			const page = () => named.ask({ ...get("/streams/none"), headers: { Origin: origin } });
			const [first, second] = [await page(), await page()];
			const expected = origins.includes(origin) ? origin : undefined;
			expect(first.headers["access-control-allow-origin"]).toBe(expected);
			expect(second.headers["access-control-allow-origin"]).toBe(expected);
		}
	} finally {
		await named.close();
	}
});

test("`none` sends no such headers", async () => {
	const silent = await startServers({ corsOrigin: "none" });
	try {
		const reply = await silent.ask({ method: "OPTIONS", path: "/ping" });
		const names = Object.keys(reply.headers).filter((name) =>
			name.startsWith("access-control-allow"),
		);
		expect([reply.status, names]).toEqual([200, []]);
	} finally {
		await silent.close();
	}
});

test.each([
	["--cors-origin", "https://a.example, *"],
	["--cors-origin", "https://a.example, none"],
	["--cors-origin", "a\r\nX-Evil: 1"],
	["--cors-origin", "app.example"],
	["--cors-headers", "X Trace"],
])("%s %j is refused at the start", (flag, value) => {
	expect(() => parseSettings([flag, value], {})).toThrow(/invalid-option/);
});
