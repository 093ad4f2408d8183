/** Who may keep an answer, and for whom. */
import { randomUUID } from "node:crypto";
import type { StreamName } from "../../src/event.ts";
import { ATOM_JSON, batch, get, type Reply } from "../http/ask.ts";
import type { Servers } from "../http/harness.ts";
import { allTo, as, ROLES, type Role, setAcl, startWithRoles, write } from "./roles.ts";

const FOR_EVER = "max-age=31536000, public, immutable";
const PRIVATE = "max-age=31536000, private, immutable";
const ASKED = "private, no-cache";

let servers: Servers;
beforeEach(async () => {
	servers = await startWithRoles({ trustedCaches: "127.0.0.1" });
	await setAcl(servers, "c-team", allTo("team"));
	for (const stream of ["c-open", "c-team"]) {
		const events = Array.from({ length: 2 }, () => {
			return { eventId: randomUUID(), eventType: "T", data: { of: stream } };
		});
		expect((await servers.ask(as("admin", batch(stream, events)))).status).toBe(201);
	}
});
afterEach(() => servers.close());

function page(role: Role, stream: string, headers = {}): Promise<Reply> {
	const path = `/streams/${encodeURIComponent(stream)}/0/forward/2?embed=body`;
	return servers.ask(as(role, get(path, ATOM_JSON, headers)));
}

async function control(role: Role, stream: string): Promise<string | undefined> {
	const twice = [await page(role, stream), await page(role, stream)];
	expect(twice[1]?.headers).toEqual({ ...twice[0]?.headers, date: expect.anything() });
	return twice[0]?.headers["cache-control"];
}

test("public is what anonymous may read, all of it; the rest is private", async () => {
	expect(await control("mel", "c-open")).toBe(FOR_EVER);
	expect(await control("mel", "c-team")).toBe(PRIVATE);
	expect(await control("admin", "c-team")).toBe(PRIVATE);
	const event = get("/streams/c-team/0", "application/json");
	expect((await servers.ask(as("mel", event))).headers["cache-control"]).toBe(PRIVATE);
	// The first page of the category is all of c-open.
	expect(await control("anonymous", "$ce-c")).toBe(FOR_EVER);
	const mixed = "/streams/$ce-c/1/forward/2";
	const of = async (role: Role) =>
		(await servers.ask(as(role, get(mixed)))).headers["cache-control"];
	expect(await of("mel")).toBe(PRIVATE);
	// Its reader may see more of it one day.
	expect(await of("anonymous")).toBe(ASKED);
	expect(await of("una")).toBe(ASKED);
});

test("nothing is public where anonymous clients are not let in", async () => {
	const closed = await startWithRoles({ allowAnonymous: false, trustedProxies: "10.0.0.0/8" });
	await write(closed, { stream: "s", type: "T", data: 1 });
	const reply = await closed.ask(as("una", get("/streams/s/0/forward/1")));
	expect(reply.headers["cache-control"]).toBe(PRIVATE);
	const tile = await closed.ask(as("admin", get("/log/tile/0/000.p/1", "*/*")));
	expect([tile.status, tile.headers["cache-control"]]).toEqual([200, PRIVATE]);
	await closed.close();
	// A proxy may hand to anonymous what it got for a user.
	const open = await startWithRoles({ allowAnonymous: false, tls: "off" });
	await write(open, { stream: "s", type: "T", data: 1 });
	const ask = get("/streams/s/0/forward/1");
	expect((await open.ask(ask)).headers["cache-control"]).toBe(FOR_EVER);
	const passed = await open.ask(as("una", get(ask.path, ATOM_JSON, { Via: "1.1 proxy" })));
	expect(passed.headers["cache-control"]).toBe(PRIVATE);
	await open.close();
});

test("a 304 says who may keep the page, whatever the same words were told before", async () => {
	const own = await startWithRoles({ allowAnonymous: false, tls: "off" });
	const head = (headers = {}) => own.ask(as("una", get("/streams/s", ATOM_JSON, headers)));
	const told = async (tag: string, headers = {}) => {
		const reply = await head({ "If-None-Match": tag, ...headers });
		return [reply.status, reply.headers["cache-control"], reply.headers.etag];
	};
	const passedOn = { Via: "1.1 proxy" };
	await write(own, { stream: "s", type: "T", data: 1 });
	const first = String((await head()).headers.etag);
	for (const _ of ["once", "and again"]) {
		expect(await told(first)).toEqual([304, "no-cache", first]);
		expect(await told(first, passedOn)).toEqual([304, ASKED, first]);
	}
	await write(own, { stream: "s", type: "T", data: 2 });
	const second = String((await head()).headers.etag);
	expect(await told(first)).toEqual([200, "no-cache", second]);
	expect(await told(second, passedOn)).toEqual([304, ASKED, second]);
	expect(await told(second)).toEqual([304, "no-cache", second]);
	await own.close();
});

test("a change of the ACL makes private what was public, and the other way round", async () => {
	expect(await control("mel", "c-open")).toBe(FOR_EVER);
	await setAcl(servers, "c-open", allTo("team"));
	expect(await control("mel", "c-open")).toBe(PRIVATE);
	await setAcl(servers, "c-open", allTo("$all"));
	expect(await control("mel", "c-open")).toBe(FOR_EVER);
	const data = { $userStreamAcl: { $r: "team" } };
	await write(
		servers,
		{ stream: "d-1", type: "T", data: 1 },
		{ stream: "d-1", type: "T", data: 1 },
	);
	expect(await control("mel", "d-1")).toBe(FOR_EVER);
	await write(servers, { stream: "$settings", type: "T", data });
	expect(await control("mel", "d-1")).toBe(PRIVATE);
});

test("a page is made once for all that see the same, and once for each class of the others", async () => {
	const { asked } = servers.documents;
	const made = async (roles: readonly Role[], path: string) => {
		const before = asked.misses;
		for (const role of roles) expect((await servers.ask(as(role, get(path)))).status).toBe(200);
		return asked.misses - before;
	};
	const everyone = ["anonymous", "una", "ugo", "mel", "max", "operator", "admin"] as const;
	expect(await made(everyone, "/streams/c-open/0/forward/2")).toBe(1);
	expect(await made(["mel", "max", "admin", "mel"], "/streams/c-team/0/forward/2")).toBe(1);
	// anonymous; users without a group; the team; $ops; admins.
	expect(await made([...everyone, ...everyone], "/streams/$ce-c/1/forward/2")).toBe(5);
	// From now on an ACL names una, who is no longer one of those without a group.
	await setAcl(servers, "c-una", allTo("una"));
	await write(servers, { stream: "c-una", type: "T", data: 1 });
	const users = ["ugo", "una", "ugo", "una"] as const;
	expect(await made(users, "/streams/$ce-c/3/forward/2")).toBe(2);
});

test("a trusted cache gets a lifetime and tags, if it says the class that it keeps the page for", async () => {
	const { access } = servers.server.context;
	const word = (role: Role) => access.wordOf(ROLES[role], "c-team" as StreamName);
	expect(word("mel")).toBe(word("max"));
	expect(
		new Set(["anonymous", "una", "mel", "operator", "admin"].map((r) => word(r as Role))).size,
	).toBe(5);
	const told = await page("mel", "c-team", { "Varve-Rights": word("mel") });
	expect(told.headers).toMatchObject({
		"cache-control": PRIVATE,
		"cdn-cache-control": "max-age=31536000",
		"x-accel-expires": "31536000",
		"cache-tag": expect.stringContaining("varve,"),
	});
	for (const headers of [{}, { "Varve-Rights": word("una") }, { "Varve-Rights": "" }]) {
		const other = await page("mel", "c-team", headers);
		expect(other.headers).not.toHaveProperty("cdn-cache-control");
		expect(other.headers).not.toHaveProperty("x-accel-expires");
		expect(other.headers).not.toHaveProperty("cache-tag");
	}
});

test("a cache that is not trusted gets no lifetime of what is private", async () => {
	const plain = await startWithRoles({ trustedCaches: "10.0.0.0/8" });
	await setAcl(plain, "s", allTo("team"));
	await write(plain, { stream: "s", type: "T", data: 1 });
	const { access } = plain.server.context;
	const headers = { "Varve-Rights": access.wordOf(ROLES.mel, "s" as StreamName) };
	const reply = await plain.ask(as("mel", get("/streams/s/0/forward/1", ATOM_JSON, headers)));
	expect([reply.status, reply.headers["cdn-cache-control"]]).toEqual([200, undefined]);
	await plain.close();
});
