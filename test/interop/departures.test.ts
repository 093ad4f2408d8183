/** One test for each row of the list of where the server departs from the contract, by its number. */
import { as, setAcl, startWithRoles, write } from "../access/roles.ts";
import { ATOM, ATOM_JSON, batch, get, type Json } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";

const JSON_TYPE = "application/json";
const FOR_EVER = "max-age=31536000, public, immutable";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ eventBytesMax: 1000 });
	await append("s", 50);
});
afterAll(() => servers.close());

const event = (data: unknown = {}) => ({ eventId: crypto.randomUUID(), eventType: "t", data });
const read = (path: string, accept = ATOM_JSON, headers = {}) =>
	servers.ask(get(`/streams/${path}`, accept, headers));
const entriesOf = ({ json }: { json: Json }) => json.entries as Json[];
const linkIn = ({ json }: { json: Json }, relation: string) =>
	(json.links as { relation: string; uri: string }[])
		.find((link) => link.relation === relation)
		?.uri.slice(`${servers.url}/streams/`.length);

async function append(stream: string, count: number): Promise<void> {
	const events = Array.from({ length: count }, (_, n) => event({ n }));
	expect((await servers.ask(batch(stream, events))).status).toBe(201);
}

async function describeAs(stream: string, metadata: object): Promise<void> {
	const headers = { "Content-Type": JSON_TYPE, "ES-EventId": crypto.randomUUID() };
	const path = `/streams/${stream}/metadata`;
	const reply = await servers.ask({ path, headers, body: JSON.stringify(metadata) });
	expect(reply.status).toBe(201);
}

test.each([{}, { Accept: "*/*" }])(
	"1: a feed and an event asked for with %j are Atom",
	async (headers) => {
		for (const path of ["/streams/s", "/streams/s/0"]) {
			const reply = await servers.ask({ path, headers });
			expect([reply.status, reply.headers["content-type"]]).toEqual([
				200,
				expect.stringContaining(ATOM),
			]);
		}
		const description = await read("s", "application/vnd.eventstore.streamdesc+json");
		expect(description.status).toBe(200);
	},
);

test.todo("2: a browser gets the admin page of the same resource");

test.each(["application/rss+xml", "application/rdf+xml, application/rss+xml;q=0.9"])(
	"29: a reader that asks for %s alone gets Atom",
	async (accept) => {
		const reply = await read("s", accept);
		expect([reply.status, reply.headers["content-type"]]).toEqual([200, `${ATOM}; charset=utf-8`]);
		const page = await read("s/0/forward/20", accept);
		expect(page.headers["content-type"]).toBe(`${ATOM}; charset=utf-8`);
		expect((await read("s", `${accept}, application/json;q=0.1`)).json.entries).toBeDefined();
		expect((await read("s", "application/rss+xml;q=0")).status).toBe(406);
	},
);

test("3: a list of types is ranked by q, and 406 says what there is", async () => {
	const listed = `image/png, ${ATOM};q=0.2, ${ATOM_JSON};q=0.9`;
	expect((await read("s", listed)).headers["content-type"]).toContain(ATOM_JSON);
	const refused = await read("s", "image/png, video/*");
	expect([refused.status, refused.json.available]).toEqual([406, expect.arrayContaining([ATOM])]);
});

test("4: HEAD is GET without the body", async () => {
	for (const path of ["/streams/s", "/streams/s/0/forward/20", "/streams/s/0", "/info"]) {
		const [whole, head] = [
			await servers.ask(get(path)),
			await servers.ask({ ...get(path), method: "HEAD" }),
		];
		expect([head.status, head.text]).toEqual([whole.status, ""]);
		const { date: _, ...headers } = whole.headers;
		expect(head.headers).toMatchObject(headers);
	}
});

test("5: an error says in a problem body what it is about", async () => {
	const reply = await servers.ask(batch("s", [event()], { "ES-ExpectedVersion": "7" }));
	expect(reply.headers["content-type"]).toBe("application/problem+json");
	expect([reply.reason, reply.json]).toMatchObject([
		"Wrong expected EventNumber",
		{ status: 400, title: "Wrong expected version", stream: "s", expected: 7, current: 49 },
	]);
});

test("6: a 401 says how to show who one is", async () => {
	const reply = await servers.ask(batch("$ce-s", [event()]));
	expect(reply.headers["www-authenticate"]).toBe('Basic realm="Varve", charset="UTF-8"');
});

test("7: what is null is left out", async () => {
	for (const embed of ["none", "content", "rich", "body"]) {
		expect((await read(`s/0/forward/5?embed=${embed}`)).text).not.toContain("null");
	}
});

test.each(["[{'eventId': 1}]", "[{eventId: 1}]", "[] // none"])(
	"8: lenient JSON is refused with the place of the fault: %s",
	async (body) => {
		const reply = await servers.ask(batch("s", body));
		expect([reply.status, reply.json]).toMatchObject([
			400,
			{ line: 1, column: expect.any(Number) },
		]);
	},
);

test("9: data and metadata come back byte by byte", async () => {
	const data = '{ "big": 12345678901234567890,\t"price": 1.10, "é": "\\u00e9" }';
	const sent = `[{"eventId":"${crypto.randomUUID()}","eventType":"t","data":${data},"metadata":[ 1.0 ]}]`;
	await servers.ask(batch("exact", sent));
	expect((await read("exact/0", JSON_TYPE)).text).toBe(data);
	expect(entriesOf(await read("exact?embed=body"))).toMatchObject([{ data, metaData: "[ 1.0 ]" }]);
});

test("10: an event over the limit is refused, and nothing is written", async () => {
	const reply = await servers.ask(batch("large", [event(), event("x".repeat(1001))]));
	expect(reply.status).toBe(413);
	expect((await read("large")).status).toBe(404);
});

test.each([
	["/streams/s/0/forward/4097", {}],
	["/streams/s?format=nothing", {}],
	["/streams/$all/zz/forward/20", {}],
])("11: %s is the client's fault", async (path, headers) => {
	const reply = await servers.ask(get(path, ATOM_JSON, headers));
	expect([reply.status, reply.json.status]).toEqual([400, 400]);
});
test("11: so is a Content-Type without a slash", async () => {
	const reply = await servers.ask(batch("s", [event()], { "Content-Type": "json" }));
	expect([reply.status, reply.json.status]).toEqual([400, 400]);
});
test.todo("11: so are missing ids of an ack");

test("12: links are resolved on streams but not where asked otherwise, nor on `$all`", async () => {
	const eventId = crypto.randomUUID();
	await servers.ask(batch("links", [{ eventId, eventType: "$>", data: "0@s" }]));
	const types = async (path: string, headers = {}) =>
		entriesOf(await read(path, ATOM_JSON, headers)).map(({ eventType }) => eventType);
	expect(await types("links?embed=rich")).toEqual(["t"]);
	expect(await types("links?embed=rich", { "ES-ResolveLinkTos": "False" })).toEqual(["$>"]);
	expect((await types("$all/head/backward/1?embed=rich"))[0]).toBe("$>");
});

test("13: a link whose target the reader may not read is shown unresolved", async () => {
	const own = await startWithRoles();
	await setAcl(own, "closed", { $r: "team" });
	await write(own, { stream: "closed", type: "Closed", data: { of: "closed" } });
	await write(own, { stream: "links", type: "$>", data: "0@closed" });
	const page = get("/streams/links?embed=body");
	const [entry] = entriesOf(await own.ask(page));
	expect(entry).toMatchObject({ title: "0@closed", summary: "$>" });
	expect(JSON.stringify(entry)).not.toContain("Closed");
	const [resolved] = entriesOf(await own.ask(as("mel", page)));
	expect(resolved).toMatchObject({ title: "0@closed", eventType: "Closed" });
	await own.close();
});

test("36: `$all` is for admins unless granted; entries of others are left out there", async () => {
	const own = await startWithRoles({ allowAnonymous: false, publicUrl: "http://localhost" });
	await setAcl(own, "closed", { $r: "team" });
	await write(own, { stream: "closed", type: "Closed", data: {} });
	const all = as("una", get("/streams/$all?embed=rich"));
	const index = as("una", get("/streams/$et-Closed?embed=rich"));
	expect((await own.ask(all)).status).toBe(401);
	expect(entriesOf(await own.ask(index))).toEqual([]);
	await setAcl(own, "$all", { $r: "una" });
	const types = entriesOf(await own.ask(all)).map(({ eventType }) => eventType);
	expect(types).not.toContain("Closed");
	await own.close();
});

test("14: a repeat is known for ever, and answers the place of the original", async () => {
	let own = await startServers();
	const events = [event(), event()];
	const place = (await own.ask(batch("s", events))).headers.location?.slice(own.url.length);
	await own.ask(batch("s", [event()]));
	own = await own.restart();
	for (const expected of ["-2", "-4", "-1", "0", "1", "2", "99"]) {
		const again = await own.ask(batch("s", events, { "ES-ExpectedVersion": expected }));
		expect([again.status, again.headers.location]).toEqual([201, `${own.url}${place}`]);
	}
	const mixed = await own.ask(batch("s", [events[0], event()]));
	expect([mixed.status, mixed.reason]).toEqual([400, "Wrong expected EventNumber"]);
	expect(mixed.json.known).toEqual([events[0]?.eventId]);
	expect((await own.ask(get("/streams/s"))).json.entries).toHaveLength(3);
	await own.close();
});

test("15: the same id twice in a batch is refused, and nothing is written", async () => {
	const twice = event();
	expect((await servers.ask(batch("twice", [twice, event(), twice]))).status).toBe(400);
	expect((await read("twice")).status).toBe(404);
});

test("16: a sealed page may be kept by all for a year, and no longer than its events", async () => {
	expect((await read("s/0/forward/20")).headers["cache-control"]).toBe(FOR_EVER);
	await append("aging", 30);
	await describeAs("aging", { $maxAge: 1000 });
	const lifetime = (await read("aging/0/forward/20")).headers["cache-control"] ?? "";
	const [, seconds] = /^max-age=(\d+), public$/.exec(lifetime) ?? [];
	expect(Number(seconds)).toBeLessThanOrEqual(1000);
	expect(Number(seconds)).toBeGreaterThan(900);
	await append("counted", 30);
	await describeAs("counted", { $maxCount: 25 });
	expect((await read("counted/0/forward/20")).headers["cache-control"]).toBe("no-cache");
});

test("17: links lead every reader onto the pages of the grid", async () => {
	expect(linkIn(await read("s/48/forward/20"), "previous")).toBe("s/50/forward/10");
	expect(linkIn(await read("s/0/forward/10"), "previous")).toBe("s/10/forward/10");
	expect(linkIn(await read("s/10/forward/10"), "previous")).toBe("s/20/forward/20");
	expect(linkIn(await read("s"), "next")).toBe("s/29/backward/10");
	expect(linkIn(await read("s/20/forward/20"), "prev-archive")).toBe("s/0/forward/20");
	expect((await read("s/50/forward/10")).text).not.toContain('"previous"');
});

test("18: `self` is the page, and the stream is its `current` and `collection`", async () => {
	const page = await read("s/0/forward/20");
	expect(["self", "current", "collection"].map((relation) => linkIn(page, relation))).toEqual([
		"s/0/forward/20",
		"s",
		"s",
	]);
});

test("19: a tag outlives a restart, and is the same on every node", async () => {
	let own = await startServers();
	await own.ask(batch("s", [event()]));
	const { etag } = (await own.ask(get("/streams/s"))).headers;
	expect(etag).toMatch(/^"0;\d+"$/);
	expect((await own.express.ask(get("/streams/s"))).headers.etag).toBe(etag);
	own = await own.restart();
	const known = get("/streams/s", ATOM_JSON, { "If-None-Match": etag });
	expect((await own.ask(known)).status).toBe(304);
	await own.close();
});

test("20: what is not answered in time is 503, and says when to come again", async () => {
	const own = await startServers({ requestTimeoutMs: 100 });
	const reply = await own.ask(get("/streams/s", ATOM_JSON, { "ES-MinPosition": "5" }));
	expect([reply.status, Number(reply.headers["retry-after"])]).toEqual([503, expect.any(Number)]);
	expect(reply.headers["retry-after"]).toMatch(/^\d+$/);
	await own.close();
});

test("21: forwarded headers are heeded from trusted proxies only, in redirects too", async () => {
	const headers = { "X-Forwarded-Host": "es.example.com", "X-Forwarded-Proto": "https" };
	expect((await read("s", ATOM_JSON, headers)).text).not.toContain("es.example.com");
	const own = await startServers({ trustedProxies: "127.0.0.1" });
	await own.ask(batch("s", [event()]));
	for (const path of ["/streams/s", "/streams/s/"]) {
		const { headers: answered, text } = await own.ask(get(path, ATOM_JSON, headers));
		expect(`${answered.location} ${text}`).toContain("https://es.example.com/streams/s");
	}
	await own.close();
});

test("22: a soft delete keeps the stream's access and retention", async () => {
	await append("soft", 2);
	const kept = { $acl: { $r: "ops" }, $maxCount: 9, note: 1.5 };
	await describeAs("soft", kept);
	await servers.ask({ method: "DELETE", path: "/streams/soft" });
	await append("soft", 1);
	const { json } = await read("soft/metadata", JSON_TYPE);
	expect(json).toEqual({ ...kept, $tb: 2 });
});

test.each(["-3", "-5", "1.5", "any"])("23: the expected version %s is refused", async (version) => {
	const reply = await servers.ask(batch("s", [event()], { "ES-ExpectedVersion": version }));
	expect([reply.status, reply.reason]).toEqual([400, "Bad Request"]);
});

test("24: a reader that follows links sees each event once, in order, while others append", async () => {
	const count = 60;
	const appending = (async () => {
		for (let n = 0; n < count; n++) await servers.ask(batch("tailed", [event({ n })]));
	})();
	await until(async () => (await read("tailed")).status === 200);
	const seen: unknown[] = [];
	for (let path = "tailed/0/forward/20"; seen.length < count; ) {
		const page = await read(path);
		seen.push(
			...entriesOf(page)
				.toReversed()
				.map(({ title }) => title),
		);
		path = linkIn(page, "previous") ?? path;
	}
	await appending;
	expect(seen).toEqual(Array.from({ length: count }, (_, n) => `${n}@tailed`));
});
