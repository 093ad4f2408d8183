/** Groups with partitions over HTTP: every refusal, and what survives a restart. */
import { randomUUID } from "node:crypto";
import { readGroup } from "../../../feeds/index.ts";
import { groupStream } from "../../../src/groups/definition.ts";
import type { Ask, Json, Reply } from "../ask.ts";
import { batch } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { counted } from "../subscriptions/consumer.ts";

type Held = { readonly partition: number; readonly generation: number; readonly at: number };
type Assigned = {
	readonly member: string;
	readonly revision: number;
	readonly partitions: readonly Held[];
	readonly leaving: readonly Held[];
	readonly group: Json;
};

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecure: false });
	await servers.ask(counted("order-1", 20));
	const { userChanges, tokenChanges } = servers.server.context.accounts;
	for (const login of ["una", "bob"]) {
		const user = { login, fullName: login, groups: [], password: "a good password" };
		await userChanges.create(user, "");
	}
	const scope = { mayRead: true, mayWrite: false, prefixes: undefined };
	const facts = { name: "t", user: "una", expires: undefined };
	token = (await tokenChanges.create({ ...facts, scope: { ...scope, consumerGroups: ["other"] } }))
		.text;
});
afterAll(() => servers.close());
let token = "";

function as(login: string, request: Ask): Promise<Reply> {
	const password = login === "admin" || login === "ops" ? "changeit" : "a good password";
	const Authorization = `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`;
	return servers.ask({ ...request, headers: { Authorization, ...request.headers } });
}

function send(login: string, method: string, path: string, body?: unknown, headers = {}) {
	const type = body === undefined ? {} : { "Content-Type": "application/json" };
	const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
	const request = { method, path: `/groups${path}`, headers: { ...type, ...headers } };
	return as(login, text === undefined ? request : { ...request, body: text });
}

const define = (name: string, definition: unknown, headers = {}) =>
	send("admin", "PUT", `/${name}`, definition, headers);
const ORDERS = { stream: "order-1", partitions: 4, leaseMilliseconds: 60_000 };
const wordOf = ({ status, json }: Reply) => [
	status,
	String(json.type).replace("urn:varve:problem:", ""),
];
const assigned = ({ status, text }: Reply) => {
	if (status >= 300) throw new Error(text);
	return JSON.parse(text) as Assigned;
};
const join = async (group: string, login = "una", body: object = {}) =>
	assigned(await send(login, "POST", `/${group}/members`, body));
const renew = (group: string, { member }: Assigned, said: object = {}, login = "una") =>
	send(login, "POST", `/${group}/members/${member}`, said);

describe("definitions", () => {
	test("a group is made, read, listed, changed under conditions, and deleted", async () => {
		const made = await define("billing", ORDERS);
		expect([made.status, made.headers.location]).toEqual([201, `${servers.url}/groups/billing`]);
		expect(made.json).toMatchObject({ key: "stream", partitions: 4, at: -1, lagEvents: 20 });
		expect(made.headers["cache-control"]).toBe("no-store");
		const tag = made.headers.etag;
		expect((await define("billing", ORDERS, { "If-None-Match": "*" })).status).toBe(412);
		expect((await define("billing", ORDERS, { "If-Match": '"1"' })).status).toBe(412);
		const changed = await define("billing", { ...ORDERS, partitions: 8 }, { "If-Match": tag });
		expect([changed.status, changed.json.partitions]).toEqual([200, 8]);
		expect(changed.headers.etag).not.toBe(tag);
		const list = await send("una", "GET", "");
		expect(list.json).toMatchObject({ total: 1, groups: [{ name: "billing", unowned: 8 }] });
		expect((await send("admin", "DELETE", "/billing", undefined, { "If-Match": tag })).status).toBe(
			412,
		);
		expect((await send("admin", "DELETE", "/billing")).status).toBe(204);
		expect(wordOf(await send("una", "GET", "/billing"))).toEqual([404, "group-not-found"]);
		expect((await send("admin", "DELETE", "/billing")).status).toBe(404);
		expect((await send("una", "GET", "")).json.total).toBe(0);
	});

	test.each([
		["no stream", { partitions: 4 }, "invalid-group"],
		["an impossible stream", { ...ORDERS, stream: "a\nb" }, "invalid-stream-name"],
		["no number of partitions", { stream: "order-1" }, "invalid-group"],
		["no partition", { ...ORDERS, partitions: 0 }, "invalid-group"],
		["too many partitions", { ...ORDERS, partitions: 1025 }, "invalid-group"],
		["a short lease", { ...ORDERS, leaseMilliseconds: 999 }, "invalid-group"],
		["a long lease", { ...ORDERS, leaseMilliseconds: 300_001 }, "invalid-group"],
		["a key that is none", { ...ORDERS, key: "$.lines[*].sku" }, "invalid-group"],
		["a start below -1", { ...ORDERS, startFrom: -2 }, "invalid-group"],
		["an unknown setting", { ...ORDERS, partition: 4 }, "invalid-group"],
		["a filter that is none", { ...ORDERS, filter: {} }, "invalid-group"],
		[
			"an expression that is none",
			{ ...ORDERS, filter: { context: "streamid", type: "regex", data: "(" } },
			"invalid-filter",
		],
		["no JSON", "{", "malformed-json"],
	] as const)("%s is refused, and nothing is made", async (_, definition, word) => {
		expect(wordOf(await define("bad", definition))).toEqual([400, word]);
		expect((await send("una", "GET", "/bad")).status).toBe(404);
	});

	test.each(["a%20b", "%24a", ".a", "a".repeat(129)])("the name '%s' is refused", async (name) => {
		expect(wordOf(await define(name, ORDERS))).toEqual([400, "invalid-group"]);
	});

	test.each([
		["stream", { stream: "order-2" }],
		["key", { key: "$.n" }],
		["filter", { filter: { context: "eventtype", type: "prefix", data: "C" } }],
	])("the %s of a group is fixed", async (setting, other) => {
		await define("fixed", ORDERS);
		const refused = await define("fixed", { ...ORDERS, ...other });
		expect([wordOf(refused), refused.json.setting]).toEqual([[409, "group-fixed"], setting]);
	});

	test("only operators make and delete groups; who may not read the stream sees none", async () => {
		expect((await send("una", "PUT", "/theirs", ORDERS)).status).toBe(401);
		expect((await send("una", "DELETE", "/fixed")).status).toBe(401);
		await define("all", { ...ORDERS, stream: "$of-admins" });
		for (const [method, path] of [
			["GET", "/all"],
			["POST", "/all/members"],
		] as const)
			expect((await send("una", method, path)).status).toBe(401);
		const { groups } = (await send("una", "GET", "")).json;
		expect((groups as Json[]).map(({ name }) => name)).not.toContain("all");
		expect((await servers.ask({ path: "/groups" })).status).toBe(401);
		expect((await servers.ask({ method: "POST", path: "/groups/fixed/members" })).status).toBe(401);
	});
});

describe("members", () => {
	test("a member gets all, a second one its share once the first has given it back", async () => {
		await define("work", ORDERS);
		const first = await join("work", "una", { name: "one" });
		expect(first.partitions.map(({ partition, at }) => [partition, at])).toEqual([
			[0, -1],
			[1, -1],
			[2, -1],
			[3, -1],
		]);
		expect(first.group).toMatchObject({ stream: "order-1", key: "stream", partitions: 4 });
		const waits = send(
			"una",
			"GET",
			`/work/members/${first.member}?wait=20&after=${first.revision}`,
		);
		const second = await join("work", "una", { name: "two" });
		expect(second.partitions).toEqual([]);
		const told = assigned(await waits);
		expect([told.partitions.length, told.leaving.length]).toEqual([2, 2]);
		const [leaving] = told.leaving as [Held];
		const at = { ...leaving, at: 7 };
		// It says how far it was when it gives them back.
		expect((await renew("work", told, { checkpoints: [at], released: told.leaving })).status).toBe(
			200,
		);
		const now = await send("una", "GET", `/work/members/${second.member}`);
		expect(assigned(now).partitions).toEqual(
			expect.arrayContaining([expect.objectContaining({ partition: leaving.partition, at: 7 })]),
		);
		const shown = (await send("una", "GET", "/work")).json;
		expect(shown.members).toEqual([
			expect.objectContaining({ name: "one", login: "una", partitions: 2 }),
			expect.objectContaining({ name: "two", login: "una", partitions: 2 }),
		]);
		expect(JSON.stringify(shown)).not.toContain(first.member);
	});

	test("a checkpoint in a generation that is over is refused; others of the request count", async () => {
		await define("late", ORDERS);
		const member = await join("late");
		const [first, second] = member.partitions as [Held, Held];
		const late = { ...first, generation: first.generation - 1, at: 5 };
		const refused = await renew("late", member, { checkpoints: [late, { ...second, at: 6 }] });
		expect(wordOf(refused)).toEqual([409, "partitions-lost"]);
		expect(refused.json).toMatchObject({ partitions: [first.partition], member: member.member });
		const { checkpoints } = (await send("una", "GET", "/late")).json;
		expect(checkpoints).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ partition: first.partition, at: -1 }),
				expect.objectContaining({ partition: second.partition, at: 6, lagEvents: 13 }),
			]),
		);
	});

	test("a member that left, or never was, is refused; leaving twice is not", async () => {
		await define("gone", ORDERS);
		const member = await join("gone");
		const path = `/gone/members/${member.member}`;
		for (let times = 0; times < 2; times++) {
			expect((await send("una", "DELETE", path)).status).toBe(204);
		}
		expect(wordOf(await renew("gone", member))).toEqual([409, "lease-lost"]);
		expect(wordOf(await send("una", "GET", path))).toEqual([409, "lease-lost"]);
		const never = await send("una", "POST", `/gone/members/${randomUUID()}`);
		expect(wordOf(never)).toEqual([409, "lease-lost"]);
	});

	test("who joins twice under one id is one member", async () => {
		await define("twice", ORDERS);
		const id = randomUUID();
		const one = await join("twice", "una", { id });
		expect(await join("twice", "una", { id })).toMatchObject({
			member: id,
			revision: one.revision,
		});
		expect((await send("bob", "POST", "/twice/members", { id })).status).toBe(401);
		expect((await send("una", "GET", "/twice")).json.members).toHaveLength(1);
	});

	test.each([
		["an id that is none", "/members", { id: "x" }, 400, "invalid-group"],
		["a name that is too long", "/members", { name: "x".repeat(129) }, 400, "invalid-group"],
		["a name with a line break", "/members", { name: "a\nb" }, 400, "invalid-group"],
		["a member that is no id", "/members/x", {}, 400, "invalid-group"],
	])("%s is refused", async (_, path, body, status, word) => {
		await define("odd", ORDERS);
		expect(wordOf(await send("una", "POST", `/odd${path}`, body))).toEqual([status, word]);
	});

	test.each([
		["checkpoints that are no list", { checkpoints: {} }, 400, "invalid-group"],
		[
			"a checkpoint without a number",
			{ checkpoints: [{ partition: 0, generation: 1 }] },
			400,
			"invalid-group",
		],
		[
			"a checkpoint below 0",
			{ checkpoints: [{ partition: 0, generation: 1, at: -1 }] },
			400,
			"invalid-group",
		],
		["a release that is none", { released: [7] }, 400, "invalid-group"],
		[
			"a place beyond the end",
			{ checkpoints: [{ partition: 0, generation: 1, at: 20 }] },
			409,
			"reader-position-ahead",
		],
		["a list", "[]", 400, "malformed-body"],
	] as const)("%s is refused", async (_, said, status, word) => {
		await define("say", ORDERS);
		const member = await join("say");
		const path = `/say/members/${member.member}`;
		expect(wordOf(await send("una", "POST", path, said))).toEqual([status, word]);
		await send("una", "DELETE", path);
	});

	test("a wait that makes no sense is refused", async () => {
		const member = await join("say");
		for (const query of ["wait=0", "wait=x", "after=x&wait=1"]) {
			const path = `/say/members/${member.member}?${query}`;
			expect(wordOf(await send("una", "GET", path))).toEqual([400, "malformed-query"]);
		}
	});

	test("nobody speaks for a member of somebody else, and no token for another group", async () => {
		await define("own", ORDERS);
		const member = await join("own");
		expect((await renew("own", member, {}, "bob")).status).toBe(401);
		expect((await send("bob", "DELETE", `/own/members/${member.member}`)).status).toBe(401);
		const headers = { Authorization: `Bearer ${token}` };
		const path = "/groups/own/members";
		expect((await servers.ask({ method: "POST", path, headers })).status).toBe(401);
	});
});

describe("a group is set to another place", () => {
	const reset = (login: string, name: string, body: unknown, headers = {}) =>
		send(login, "POST", `/${name}/reset`, body, headers);

	test("back, forward and to the end; late checkpoints of before do not count", async () => {
		await define("again", ORDERS);
		const member = await join("again");
		const said = { checkpoints: member.partitions.map((one) => ({ ...one, at: 15 })) };
		await send("una", "POST", `/again/members/${member.member}`, said);
		const { status, json } = await reset("admin", "again", { startFrom: 3 });
		expect([status, json.at]).toEqual([200, 2]);
		const late = await send("una", "POST", `/again/members/${member.member}`, said);
		expect(wordOf(late)).toEqual([409, "partitions-lost"]);
		const now = assigned(await send("una", "GET", `/again/members/${member.member}`));
		expect(now.partitions.map(({ at }) => at)).toEqual([2, 2, 2, 2]);
		expect(now.revision).toBeGreaterThan(member.revision);
		const goesOn = { checkpoints: now.partitions.map((one) => ({ ...one, at: 4 })) };
		expect((await send("una", "POST", `/again/members/${member.member}`, goesOn)).status).toBe(200);
		expect((await reset("admin", "again", { startFrom: -1 })).json.at).toBe(19);
		expect((await reset("admin", "again", { startFrom: 0 })).json.at).toBe(-1);
	});

	test("a member that reads starts again there", async () => {
		await define("reread", ORDERS);
		const credentials = { user: "una", password: "a good password" };
		const seen: number[] = [];
		for await (const event of readGroup({ url: servers.url, group: "reread", credentials })) {
			seen.push(event.version);
			if (seen.length === 20) await reset("admin", "reread", { startFrom: 15 });
			if (seen.length === 25) break;
		}
		expect(seen.slice(20)).toEqual([15, 16, 17, 18, 19]);
		expect((await send("una", "GET", "/reread")).json.at).toBeLessThan(20);
	});

	test("it stands after a restart, and generations still rise", async () => {
		await define("standing", ORDERS);
		const member = await join("standing");
		await reset("admin", "standing", { startFrom: 7 });
		const before = assigned(await send("una", "GET", `/standing/members/${member.member}`));
		await servers.server.context.groups.restart();
		const { json } = await send("una", "GET", "/standing");
		expect(json.at).toBe(6);
		const stored = await servers.server.context.groups.require("standing");
		for (const { generation } of before.partitions) {
			expect(generation).toBeLessThan(stored.generationsBefore);
		}
	});

	test("nothing is changed by who may not, or by what makes no sense", async () => {
		await define("fixed", ORDERS);
		const tag = (await send("admin", "GET", "/fixed")).headers.etag;
		expect((await reset("una", "fixed", { startFrom: 5 })).status).toBe(401);
		for (const [body, expected, headers] of [
			[{ startFrom: 21 }, [409, "reader-position-ahead"], {}],
			[{ startFrom: -2 }, [400, "invalid-group"], {}],
			[{}, [400, "invalid-group"], {}],
			[{ startFrom: 1, at: 1 }, [400, "invalid-group"], {}],
			[{ startFrom: 5 }, [412, "resource-changed"], { "If-Match": '"7"' }],
		] as const) {
			expect(wordOf(await reset("admin", "fixed", body, headers))).toEqual(expected);
		}
		expect(wordOf(await reset("admin", "none", { startFrom: 0 }))).toEqual([
			404,
			"group-not-found",
		]);
		expect((await send("admin", "GET", "/fixed")).json.at).toBe(-1);
		const done = await reset("admin", "fixed", { startFrom: 20 }, { "If-Match": String(tag) });
		expect([done.status, done.json.at]).toEqual([200, 19]);
	});
});

test("groups, checkpoints and generations survive a restart; members do not", async () => {
	const lease = { ...ORDERS, leaseMilliseconds: 1000 };
	await define("slow", ORDERS);
	await join("slow");
	await define("kept", lease);
	// On a busy machine the lease may end between the two.
	const [member, first] = await until(async () => {
		const member = await join("kept");
		const [first] = member.partitions as [Held];
		const { status } = await renew("kept", member, { checkpoints: [{ ...first, at: 9 }] });
		return status === 200 ? ([member, first] as const) : undefined;
	});
	servers = await servers.restart();
	expect(wordOf(await renew("kept", member))).toEqual([409, "lease-lost"]);
	// The member of before may not know yet.
	expect((await join("slow")).partitions).toEqual([]);
	let again = await join("kept");
	const [got] = await until(async () => {
		if (again.partitions.length === 4) return again.partitions;
		const wait = `?wait=20&after=${again.revision}`;
		const reply = await send("una", "GET", `/kept/members/${again.member}${wait}`);
		// The wait does not keep it a member: its lease may end just before it would get them.
		again = reply.status === 409 ? await join("kept") : assigned(reply);
		return undefined;
	});
	expect(got).toMatchObject({ partition: first.partition, at: 9 });
	expect(got?.generation).toBeGreaterThan(first.generation);
	const range = { stream: groupStream("kept"), from: 0, limit: 100 } as const;
	const { entries } = await servers.log.read({ ...range, direction: "forward", content: false });
	expect(entries).toHaveLength(1);
	// A silent member loses what it had.
	await until(async () => (await send("una", "GET", "/kept")).json.members?.toString() === "");
});

test("what others write into the stream of a group fences its members", async () => {
	await define("hostile", ORDERS);
	const member = await join("hostile");
	const headers = { "ES-ExpectedVersion": "-2" };
	const nonsense = [{ eventId: randomUUID(), eventType: "x", data: { stream: 7 } }];
	await as("admin", batch(groupStream("hostile"), nonsense, headers));
	await until(async () => (await renew("hostile", member)).status !== 200);
	expect((await renew("hostile", member)).status).toBe(404);
	expect((await define("hostile", ORDERS)).status).toBe(201);
	expect((await join("hostile")).member).not.toBe(member.member);
});

test("a deleted group has no members, and one of its name begins anew", async () => {
	await define("anew", ORDERS);
	const member = await join("anew");
	const waits = send(
		"una",
		"GET",
		`/anew/members/${member.member}?wait=20&after=${member.revision}`,
	);
	await send("admin", "DELETE", "/anew");
	expect((await waits).status).toBe(409);
	expect((await renew("anew", member)).status).toBe(404);
	await define("anew", { ...ORDERS, startFrom: -1 });
	expect((await send("una", "GET", "/anew")).json).toMatchObject({ at: 19, lagEvents: 0 });
	expect(wordOf(await renew("anew", member))).toEqual([409, "lease-lost"]);
});
