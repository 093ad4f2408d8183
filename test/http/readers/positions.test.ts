/** Reader positions over HTTP: what is kept, what is refused, and who wakes whom. */
import { readStream } from "../../../feeds/reader/read.ts";
import { ALL } from "../../../src/event.ts";
import { positionStream } from "../../../src/positions/position.ts";
import { type Ask, batch, type Reply } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { counted } from "../subscriptions/consumer.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecure: false });
	await servers.ask(counted("order-1", 10));
	const { userChanges } = servers.server.context.accounts;
	for (const login of ["una", "bob"]) {
		const user = { login, fullName: login, groups: [], password: "a good password" };
		await userChanges.create(user, "");
	}
	const acl = { $acl: { $r: ["una", "$admins"] } };
	await servers.ask(counted("closed-1", 5));
	await as("admin", { ...batch("$$closed-1", acl), path: "/streams/closed-1/metadata" }).then(
		({ status }) => expect(status).toBe(400),
	);
	const headers = { "Content-Type": "application/json", "ES-EventId": crypto.randomUUID() };
	const path = "/streams/closed-1/metadata";
	await as("admin", { path, headers, body: JSON.stringify(acl) });
});
afterAll(() => servers.close());

function as(login: string, request: Ask): Promise<Reply> {
	const password = login === "admin" || login === "ops" ? "changeit" : "a good password";
	const Authorization = `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
	return servers.ask({ ...request, headers: { Authorization, ...request.headers } });
}

function put(login: string, name: string, place: unknown, headers = {}): Promise<Reply> {
	const body = typeof place === "string" ? place : JSON.stringify(place);
	const type = { "Content-Type": "application/json" };
	const path = `/positions/${name}`;
	return as(login, { method: "PUT", path, headers: { ...type, ...headers }, body });
}

const read = (login: string, name: string) => as(login, { path: `/positions/${name}` });
const drop = (login: string, name: string, headers = {}) =>
	as(login, { method: "DELETE", path: `/positions/${name}`, headers });
const wordOf = ({ status, json }: Reply) => [
	status,
	String(json.type).replace("urn:varve:problem:", ""),
];

test("a position is made, read, moved forward and back, listed and deleted", async () => {
	const made = await put("una", "billing", { stream: "order-1", at: 3 });
	expect([made.status, made.headers.location]).toEqual([201, `${servers.url}/positions/billing`]);
	expect(made.json).toMatchObject({ name: "billing", stream: "order-1", at: 3, owner: "una" });
	const moved = await put("una", "billing", { stream: "order-1", at: 7 });
	expect([moved.status, moved.json.at]).toEqual([200, 7]);
	expect(moved.headers.etag).not.toBe(made.headers.etag);
	expect((await put("una", "billing", { stream: "order-1", at: 5 })).json.at).toBe(5);
	const shown = await read("una", "billing");
	expect(shown.json).toMatchObject({ at: 5, lagEvents: 4, log: expect.stringMatching(/^varve\//) });
	expect(shown.headers["cache-control"]).toBe("no-store");
	const list = await as("una", { path: "/positions" });
	expect(list.json).toMatchObject({ total: 1, positions: [{ name: "billing", lagEvents: 4 }] });
	expect((await drop("una", "billing")).status).toBe(204);
	expect(wordOf(await read("una", "billing"))).toEqual([404, "reader-position-not-found"]);
	expect(wordOf(await drop("una", "billing"))).toEqual([404, "reader-position-not-found"]);
	const again = await put("una", "billing", { stream: "order-1", at: 1 });
	expect(again.status).toBe(201);
	// No tag of before means this one.
	expect([made, moved].map(({ headers }) => headers.etag)).not.toContain(again.headers.etag);
	await drop("una", "billing");
});

test("conditions hold, or nothing is changed", async () => {
	const place = { stream: "order-1", at: 3 };
	expect(wordOf(await put("una", "c", place, { "If-Match": "*" }))[1]).toBe("resource-changed");
	const made = await put("una", "c", place, { "If-None-Match": "*" });
	expect(made.status).toBe(201);
	const tag = String(made.headers.etag);
	const next = { stream: "order-1", at: 4 };
	expect((await put("una", "c", next, { "If-None-Match": "*" })).status).toBe(412);
	expect((await put("una", "c", next, { "If-Match": '"77"' })).status).toBe(412);
	expect((await put("una", "c", next, { "If-Match": `W/${tag}` })).status).toBe(412);
	expect(wordOf(await put("una", "c", next, { "If-Match": "7" }))).toEqual([
		400,
		"malformed-header",
	]);
	expect((await read("una", "c")).json.at).toBe(3);
	const moved = await put("una", "c", next, { "If-Match": `"x", ${tag}` });
	expect(moved.status).toBe(200);
	const late = await put("una", "c", next, { "If-Match": tag });
	expect(late.json).toMatchObject({ current: moved.headers.etag, resource: "position c" });
	expect((await drop("una", "c", { "If-Match": tag })).status).toBe(412);
	expect((await drop("una", "c", { "If-Match": moved.headers.etag })).status).toBe(204);
	// Of many that save at the same time under one condition, one wins.
	const races = Array.from({ length: 8 }, (_, at) =>
		put("una", "race", { stream: "order-1", at }, { "If-None-Match": "*" }),
	);
	const statuses = (await Promise.all(races)).map(({ status }) => status).sort();
	expect(statuses).toEqual([201, 412, 412, 412, 412, 412, 412, 412]);
	// Without a condition, all do.
	const free = Array.from({ length: 8 }, (_, at) => put("una", "race", { stream: "order-1", at }));
	expect(new Set((await Promise.all(free)).map(({ status }) => status))).toEqual(new Set([200]));
	await drop("una", "race");
});

test.each([
	["a place without a stream", { at: 1 }, 400, "invalid-reader-position"],
	["a place without a number", { stream: "order-1" }, 400, "invalid-reader-position"],
	["a number below 0", { stream: "order-1", at: -1 }, 400, "invalid-reader-position"],
	["a number that is text", { stream: "order-1", at: "1" }, 400, "invalid-reader-position"],
	["a fraction", { stream: "order-1", at: 1.5 }, 400, "invalid-reader-position"],
	["an impossible name of a stream", { stream: "a\nb", at: 1 }, 400, "invalid-stream-name"],
	[
		"a time to live of 0",
		{ stream: "order-1", at: 1, ttlSeconds: 0 },
		400,
		"invalid-reader-position",
	],
	[
		"a filter of another stream",
		{ stream: "order-1", at: 1, filter: { context: "streamid", type: "prefix", data: "a" } },
		400,
		"invalid-reader-position",
	],
	["a filter that is none", { stream: "$all", at: 1, filter: "a" }, 400, "invalid-reader-position"],
	[
		"an expression that is none",
		{ stream: "$all", at: 1, filter: { context: "streamid", type: "regex", data: "(" } },
		400,
		"invalid-filter",
	],
	["no JSON", "{", 400, "malformed-json"],
	["a list", "[]", 400, "malformed-body"],
	["a place beyond the end", { stream: "order-1", at: 10 }, 409, "reader-position-ahead"],
	[
		"a place in a stream that is not there",
		{ stream: "none", at: 0 },
		409,
		"reader-position-ahead",
	],
	["a place beyond the end of the log", { stream: "$all", at: 1e9 }, 409, "reader-position-ahead"],
	[
		"a place in another log",
		{ stream: "order-1", at: 1, log: "varve/0123456789abcdef" },
		409,
		"reader-position-of-another-log",
	],
] as const)("%s is refused, and nothing is kept", async (_, place, status, word) => {
	expect(wordOf(await put("admin", "bad", place))).toEqual([status, word]);
	expect((await read("admin", "bad")).status).toBe(404);
});

test.each(["", "a%20b", "%24a", ".a", "a%2Fb", "a".repeat(129), "%F0%9F%98%80"])(
	"the name '%s' is refused",
	async (name) => {
		const reply = await put("admin", name, { stream: "order-1", at: 1 });
		expect([400, 404, 405]).toContain(reply.status);
	},
);

test("a place in the log that the server has, by its name, is kept", async () => {
	const log = String((await servers.ask({ path: "/log/key" })).text).split("+")[0];
	expect((await put("una", "named", { stream: "order-1", at: 1, log })).json).toMatchObject({
		log,
	});
	await drop("una", "named");
});

describe("rights", () => {
	test("nobody who is not known keeps or sees one", async () => {
		const headers = { "Content-Type": "application/json" };
		const body = JSON.stringify({ stream: "order-1", at: 1 });
		const made = await servers.ask({ method: "PUT", path: "/positions/x", headers, body });
		expect(made.status).toBe(401);
		expect((await servers.ask({ path: "/positions" })).status).toBe(401);
	});

	test("who may not read a stream keeps no position in it, and sees none", async () => {
		expect((await put("bob", "closed", { stream: "closed-1", at: 1 })).status).toBe(401);
		expect((await put("una", "closed", { stream: "closed-1", at: 1 })).status).toBe(201);
		expect((await read("bob", "closed")).status).toBe(401);
		expect((await drop("bob", "closed")).status).toBe(401);
		const seenBy = async (login: string) =>
			(await as(login, { path: "/positions" })).json.positions as unknown[];
		expect([await seenBy("bob"), await seenBy("una")]).toEqual([
			[],
			[expect.objectContaining({ name: "closed" })],
		]);
		await drop("una", "closed");
	});

	test("only its owner and operators change a position", async () => {
		await put("una", "mine", { stream: "order-1", at: 1 });
		const taken = await put("bob", "mine", { stream: "order-1", at: 2 });
		expect(wordOf(taken)).toEqual([403, "reader-position-not-yours"]);
		expect(taken.json).toMatchObject({ owner: "una" });
		expect((await drop("bob", "mine")).status).toBe(403);
		expect((await put("ops", "mine", { stream: "order-1", at: 4 })).json.owner).toBe("una");
		expect((await drop("ops", "mine")).status).toBe(204);
	});

	test("a name stays with its stream and its filter", async () => {
		await put("admin", "stays", { stream: "$all", at: 1 });
		const filter = { context: "streamid", type: "prefix", data: "order-" };
		for (const place of [
			{ stream: "order-1", at: 1 },
			{ stream: "$all", at: 1, filter },
		]) {
			expect(wordOf(await put("admin", "stays", place))[1]).toBe("reader-position-elsewhere");
		}
		await drop("admin", "stays");
	});
});

describe("bookkeeping", () => {
	test("a follower of $all that saves after each event comes to rest, and wakes nobody", async () => {
		const { longPolls } = servers;
		const stop = new AbortController();
		const auth = `Basic ${Buffer.from("admin:changeit").toString("base64")}`;
		const options = { url: servers.url, stream: "$all", follow: true, signal: stop.signal };
		let at = -1;
		const following = (async () => {
			for await (const event of readStream({ ...options, headers: { authorization: auth } })) {
				at = event.at;
				await put("admin", "follower", { stream: "$all", at });
			}
		})();
		await servers.ask(counted("order-2", 1));
		await until(async () => longPolls.waiting() === 1 && at === (await servers.log.last(ALL)));
		const rested = await servers.log.last(ALL);
		// Others that save are no news to it either.
		for (let at = 0; at < 5; at++) await put("una", "other", { stream: "order-1", at });
		expect([longPolls.waiting(), at]).toEqual([1, rested]);
		await servers.ask(counted("order-2", 1));
		await until(async () => longPolls.waiting() === 1 && at > rested);
		// Nothing of it counts as lag.
		const shown = await read("admin", "follower");
		expect(shown.json).toMatchObject({ lagEvents: 0, lagSeconds: 0 });
		stop.abort();
		await following;
		for (const name of ["follower", "other"]) await drop("admin", name);
	});

	test("of a position, its stream shows one event", async () => {
		for (let at = 0; at < 9; at++) await put("una", "short", { stream: "order-1", at });
		const range = { stream: positionStream("short"), from: 0, limit: 20 } as const;
		const { entries } = await servers.log.read({ ...range, direction: "forward", content: true });
		expect(entries).toHaveLength(1);
		await drop("una", "short");
	});

	test("what was written there by others is no position, and can be replaced", async () => {
		const stream = positionStream("odd");
		const data = Buffer.from('{"stream":7}');
		const event = { id: crypto.randomUUID(), type: "x", isJson: true, data, metadata: data };
		await servers.log.append({ stream, expected: "any", events: [event] });
		expect((await read("una", "odd")).status).toBe(404);
		expect((await put("una", "odd", { stream: "order-1", at: 1 })).status).toBe(201);
		await drop("una", "odd");
	});
});

test("a position with a time to live is gone when it was not renewed, also after a restart", async () => {
	await put("una", "lasting", { stream: "order-1", at: 2 });
	const since = Date.now();
	let renewed = since;
	const made = await put("una", "brief", { stream: "order-1", at: 1, ttlSeconds: 1 });
	expect(made.json.ttlSeconds).toBe(1);
	while (Date.now() - since < 1500) {
		const sent = Date.now();
		const { status } = await put("una", "brief", { stream: "order-1", at: 1, ttlSeconds: 1 });
		// On a busy machine the second may be over before the server sees what was sent within it.
		expect(Date.now() - renewed < 1000 ? [200] : [200, 201]).toContain(status);
		renewed = sent;
	}
	servers = await servers.restart();
	expect((await read("una", "lasting")).json).toMatchObject({ at: 2, owner: "una" });
	await as("una", { path: "/positions" });
	await until(async () => (await read("una", "brief")).status === 404);
	// It is deleted then, not only hidden.
	await until(async () => (await servers.log.last(positionStream("brief"))) === -1);
	expect((await put("una", "brief", { stream: "order-1", at: 1 })).status).toBe(201);
});
