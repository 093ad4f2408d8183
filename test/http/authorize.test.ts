/** What a cache learns before it answers from what it keeps. */
import { randomUUID } from "node:crypto";
import { allTo, as, type Role, setAcl, startWithRoles, write } from "../access/roles.ts";
import { ATOM_JSON, batch, get, type Reply } from "./ask.ts";
import type { Servers } from "./harness.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startWithRoles({ trustedCaches: "127.0.0.1" });
});
afterAll(() => servers.close());

/** A category of its own for each test: `team` is for members of the team, `open` for everyone. */
let category: string;
let team: string;
let open: string;
let page: string;
beforeEach(async () => {
	category = `c${randomUUID().replaceAll("-", "")}`;
	[team, open] = [`${category}-team`, `${category}-open`];
	page = `/streams/${team}/0/forward/1`;
	await setAcl(servers, team, allTo("team"));
	for (const stream of [team, open]) await write(servers, { stream, type: "T", data: 1 });
});

function question(role: Role, uri: string, method = "GET", headers = {}): Promise<Reply> {
	const path = `/authorize?method=${method}&uri=${uri}`;
	return servers.ask(as(role, { path, headers }));
}

async function word(role: Role, uri = page): Promise<string> {
	const { status, headers } = await question(role, uri);
	expect([role, status, headers["cache-control"]]).toEqual([role, 204, "no-store"]);
	expect(headers["varve-rights"]).toMatch(/^[0-9a-f]{16}$/);
	return String(headers["varve-rights"]);
}

test.each([
	["GET", "/streams/TEAM/0", [204, 403, 403]],
	["HEAD", "/streams/TEAM/0/backward/1?embed=body&x=1", [204, 403, 403]],
	["GET", "/streams/TEAM/metadata", [204, 403, 403]],
	["GET", "/streams/$$TEAM", [204, 403, 403]],
	["POST", "/streams/TEAM", [204, 403, 403]],
	["DELETE", "/streams/TEAM", [204, 403, 403]],
	["GET", "/streams/OPEN", [204, 204, 204]],
	["GET", "/streams/%24%24TEAM", [204, 403, 403]],
] as const)("says of %s %s what the server would do", async (method, written, expected) => {
	const uri = written.replace("TEAM", team).replace("OPEN", open);
	for (const asked of [uri, encodeURIComponent(uri)]) {
		const replies = await Promise.all(
			(["mel", "una", "anonymous"] as const).map((role) => question(role, asked, method)),
		);
		expect(replies.map(({ status }) => status)).toEqual(expected);
		for (const { body } of replies) expect(body).toHaveLength(0);
	}
});

test.each([
	"/info",
	"/stats",
	"/admin/export",
	"/nowhere",
	"/streams",
	"//streams/c-open",
	"/streams/c-open/../c-team",
	"/streams/c-open/%2e%2E/c-team",
	"/streams/c-open%2F..%2Fc-team",
	"/streams/c-open/..%5Cc-team",
	"/streams/c-open/0/..;/forward",
	"/streams/c-open//0",
	"/streams/c-open/0/forward/1#x",
	"/streams/%ff",
])("leaves %s to the server", async (uri) => {
	const asked = await question("admin", encodeURIComponent(uri));
	expect([asked.status, asked.headers["varve-rights"]]).toEqual([403, undefined]);
});

test.each([
	"",
	"uri=/streams/c-open",
	"method=GET",
	"method=get&uri=/streams/c-open",
	"method=GET&uri=streams/c-open",
	"method=GET&uri=http://x/streams/c-open",
	"method=GET&x=1&uri=/streams/c-open",
	"method=GET&uri=%2Fstreams%2F%",
])("refuses the question %p", async (query) => {
	const reply = await servers.ask({ path: `/authorize?${query}`, headers: {} });
	expect([reply.status, reply.json.type]).toEqual([400, expect.stringMatching("malformed-query")]);
});

test("nobody is known where anonymous clients are not let in", async () => {
	const closed = await startWithRoles({ allowAnonymous: false, tls: "off" });
	await write(closed, { stream: "s", type: "T", data: 1 });
	const path = "/authorize?method=GET&uri=/streams/s/0/forward/1";
	const passedOn = { path, headers: { "X-Forwarded-For": "192.0.2.1" } };
	expect((await closed.ask(passedOn)).status).toBe(401);
	expect((await closed.ask(as("una", passedOn))).status).toBe(204);
	await closed.close();
});

test("gives all clients of a class one word, and none to guess from", async () => {
	expect(await word("max")).toBe(await word("mel"));
	expect(await word("admin")).not.toBe(await word("mel"));
	expect(await word("prefixed", `/streams/${open}`).catch(() => "refused")).toBe("refused");
	expect(await word("una", `/streams/${open}`)).not.toBe(await word("mel", `/streams/${open}`));
});

describe("the word is another one", () => {
	const ofIndex = () => word("admin", `/streams/$ce-${category}/0/forward/1`);
	const both = async () => [await word("admin"), await ofIndex()];

	test.each([
		["an ACL", () => setAcl(servers, team, allTo("team"))],
		["a rule of retention", () => describeAs(team, { $maxCount: 1 })],
		["a delete", () => remove(team)],
	])("after %s of the stream, and for all index streams", async (_, change) => {
		const [own, index] = await both();
		const other = await word("admin", `/streams/${open}`);
		await change();
		const after = await both();
		expect([after[0] === own, after[1] === index]).toEqual([false, false]);
		expect(await word("admin", `/streams/${open}`)).toBe(other);
	});

	test("after new defaults, for all streams", async () => {
		const before = [...(await both()), await word("admin", `/streams/${open}`)];
		await write(servers, { stream: "$settings", type: "T", data: {} });
		const after = [...(await both()), await word("admin", `/streams/${open}`)];
		for (const [at, one] of after.entries()) expect(one).not.toBe(before[at]);
	});

	test("but not after an append", async () => {
		const before = await both();
		await write(servers, { stream: team, type: "T", data: 2 });
		expect(await both()).toEqual(before);
	});
});

test("a page is for the class and the edition that the word is of", async () => {
	const kept = async (rights: string, role: Role = "mel") => {
		const asked = get(page, ATOM_JSON, { "Varve-Rights": rights });
		return (await servers.ask(as(role, asked))).headers["x-accel-expires"];
	};
	const before = await word("mel");
	expect(await kept(before)).toBe("31536000");
	expect(await kept(before, "admin")).toBeUndefined();
	await setAcl(servers, team, allTo("team"));
	expect(await kept(before)).toBeUndefined();
	expect(await kept(await word("mel"))).toBe("31536000");
	// The word is of one stream.
	expect(await kept(await word("mel", `/streams/${open}`))).toBeUndefined();
});

test("a page of links in an own stream is kept by no gateway", async () => {
	const events = [{ eventId: randomUUID(), eventType: "$>", data: `0@${team}` }];
	expect((await servers.ask(as("admin", batch("links", events)))).status).toBe(201);
	const ofLinks = "/streams/links/0/forward/1";
	const headers = { "Varve-Rights": await word("mel", ofLinks) };
	const reply = await servers.ask(as("mel", get(ofLinks, ATOM_JSON, headers)));
	expect([reply.status, reply.headers["x-accel-expires"]]).toEqual([200, undefined]);
});

function describeAs(stream: string, metadata: object): Promise<void> {
	const data = { $acl: allTo("team"), ...metadata };
	return write(servers, { stream: `$$${stream}`, type: "$metadata", data });
}

async function remove(stream: string): Promise<void> {
	const ask = { method: "DELETE", path: `/streams/${stream}`, headers: {} };
	expect((await servers.ask(as("admin", ask))).status).toBe(204);
}
