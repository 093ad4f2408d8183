/** Where a right comes from, and that a change of it counts at once. */
import { randomUUID } from "node:crypto";
import { type Ask, ATOM_JSON, batch, get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { allTo, as, type Role, setAcl, startWithRoles, write } from "./roles.ts";

let servers: Servers;
beforeEach(async () => {
	servers = await startWithRoles();
});
afterEach(() => servers.close());

async function mayRead(role: Role, stream: string): Promise<boolean> {
	const path = `/streams/${encodeURIComponent(stream)}/head/backward/20`;
	const { status } = await servers.ask(as(role, get(path)));
	return status !== 401;
}

async function readersOf(stream: string): Promise<string> {
	const roles = ["anonymous", "una", "mel", "operator", "admin"] as const;
	const may = await Promise.all(roles.map((role) => mayRead(role, stream)));
	return roles.filter((_, at) => may[at]).join();
}

const EVERYONE = "anonymous,una,mel,operator,admin";

test("a name or a list of names; groups, $ops and everyone are names, too", async () => {
	await write(servers, { stream: "s", type: "T", data: 1 });
	for (const [readers, who] of [
		["una", "una,admin"],
		[["una", "team"], "una,mel,admin"],
		["$ops", "operator,admin"],
		[["$all"], EVERYONE],
		["$all", EVERYONE],
		[[], "admin"],
		["", "admin"],
		["$admins", "admin"],
	] as const) {
		await setAcl(servers, "s", { $r: readers });
		expect([readers, await readersOf("s")]).toEqual([readers, who]);
	}
});

test("the stream's ACL, else $settings, else the built-in default, for each operation", async () => {
	await write(servers, { stream: "s", type: "T", data: 1 }, { stream: "$s", type: "T", data: 1 });
	expect([await readersOf("s"), await readersOf("$s")]).toEqual([EVERYONE, "admin"]);
	const data = { $userStreamAcl: { $r: "team" }, $systemStreamAcl: { $r: ["$ops"] } };
	await write(servers, { stream: "$settings", type: "update-default-acl", data });
	expect([await readersOf("s"), await readersOf("$s")]).toEqual(["mel,admin", "operator,admin"]);
	expect(await readersOf("$all")).toBe("operator,admin");
	// What the defaults leave out is built in.
	const append = () => batch("s", [{ eventId: randomUUID(), eventType: "T", data: 1 }]);
	expect((await servers.ask(append())).status).toBe(201);
	await setAcl(servers, "s", { $w: "una" });
	expect(await readersOf("s")).toBe("mel,admin");
	expect((await servers.ask(append())).status).toBe(401);
	expect((await servers.ask(as("una", append()))).status).toBe(201);
	await setAcl(servers, "s", { $r: "una" });
	expect(await readersOf("s")).toBe("una,admin");
	// The newest event counts, whatever its type is.
	await write(servers, { stream: "$settings", type: "Whatever", data: {} });
	expect([await readersOf("s"), await readersOf("$s")]).toEqual(["una,admin", "admin"]);
});

test("defaults that nobody can read leave admins alone", async () => {
	await write(servers, { stream: "s", type: "T", data: 1 });
	await write(servers, { stream: "$settings", type: "T", data: { $userStreamAcl: "team" } });
	expect(await readersOf("s")).toBe("admin");
	await write(servers, { stream: "$settings", type: "T", data: [1] });
	expect(await readersOf("s")).toBe("admin");
});

test("an ACL that nobody can apply is refused, and changes nothing", async () => {
	await setAcl(servers, "s", { $r: "una" });
	const many = Array.from({ length: 1001 }, (_, at) => `u${at}`);
	const long = "u".repeat(257);
	for (const acl of [
		{ $r: many },
		{ $w: long },
		1,
		"una",
		{ $r: 1 },
		{ $r: [["una"]] },
		{ $r: null },
		[],
		null,
	]) {
		const event = { eventId: randomUUID(), eventType: "$metadata", data: { $acl: acl } };
		for (const path of ["/streams/s/metadata", "/streams/$$s"]) {
			const ask = { ...batch("s", [event]), path };
			expect([acl, (await servers.ask(as("admin", ask))).status]).toEqual([acl, 400]);
		}
	}
	expect(await readersOf("s")).toBe("una,admin");
});

test("names of users count as they are: letters of any language, no case, no prototype", async () => {
	await write(servers, { stream: "s", type: "T", data: 1 });
	for (const name of ["Una", "ünа", "__proto__", "constructor", "anonymous", "undefined"]) {
		await setAcl(servers, "s", { $r: name });
		expect([name, await readersOf("s")]).toEqual([name, "admin"]);
	}
});

test("a right that is taken or given counts for the very next request, remembered or not", async () => {
	await write(servers, { stream: "s", type: "T", data: { of: "content" } });
	const page: Ask = get("/streams/s/0/forward/1?embed=body", ATOM_JSON);
	const index: Ask = get("/streams/$et-T/0/forward/1?embed=body", ATOM_JSON);
	for (let round = 0; round < 3; round++) {
		for (const readers of [["una"], ["team"]]) {
			await setAcl(servers, "s", allTo(...readers));
			for (const lane of [servers, servers.express, servers, servers.express]) {
				for (const role of ["una", "mel"] as const) {
					const may = readers.includes(role === "una" ? "una" : "team");
					const own = await lane.ask(as(role, page));
					expect([role, own.status]).toEqual([role, may ? 200 : 401]);
					const shown = await lane.ask(as(role, index));
					expect([role, shown.text.includes("content")]).toEqual([role, may]);
				}
			}
		}
	}
});

test("a tag of before a change is no tag of the page that shows something else", async () => {
	await write(servers, { stream: "s", type: "T", data: 1 });
	const at = (tag?: string) =>
		as("una", get("/streams/$et-T", ATOM_JSON, tag === undefined ? {} : { "If-None-Match": tag }));
	const before = (await servers.ask(at())).headers.etag;
	expect((await servers.ask(at(before))).status).toBe(304);
	await setAcl(servers, "s", allTo("team"));
	const { status, headers, json } = await servers.ask(at(before));
	expect([status, json.entries]).toEqual([200, []]);
	expect((await servers.ask(at(headers.etag))).status).toBe(304);
	await setAcl(servers, "s", allTo("una"));
	expect((await servers.ask(at(headers.etag))).status).toBe(200);
	expect((await servers.ask(at(before))).status).toBe(304);
});

test("a stream that was deleted keeps its ACL, until it is deleted for ever and after", async () => {
	await setAcl(servers, "s", allTo("una"));
	await write(servers, { stream: "s", type: "T", data: 1 });
	const remove = (headers = {}) => as("admin", { method: "DELETE", path: "/streams/s", headers });
	expect((await servers.ask(remove())).status).toBe(204);
	expect(await readersOf("s")).toBe("una,admin");
	expect((await servers.ask(remove({ "ES-HardDelete": "true" }))).status).toBe(204);
	expect((await servers.ask(get("/streams/s"))).status).toBe(401);
	expect((await servers.ask(as("una", get("/streams/s")))).status).toBe(410);
});

test("without --allow-anonymous, a server that others reach asks for credentials", async () => {
	const closed = await startWithRoles({ allowAnonymous: false, publicUrl: "http://localhost" });
	await write(closed, { stream: "s", type: "T", data: 1 });
	for (const path of ["/streams/s", "/streams/$all", "/streams", "/metrics", "/log/checkpoint"]) {
		const reply = await closed.ask(get(path, "*/*"));
		expect([path, reply.status, reply.json.type]).toEqual([
			path,
			401,
			"urn:varve:problem:unauthorized",
		]);
	}
	expect((await closed.ask(as("una", get("/streams/s")))).status).toBe(200);
	// There, `$all` is for admins unless its ACL says otherwise.
	expect((await closed.ask(as("una", get("/streams/$all")))).status).toBe(401);
	expect((await closed.ask(as("una", get("/log/checkpoint", "*/*")))).status).toBe(401);
	expect((await closed.ask(as("una", get("/metrics", "*/*")))).status).toBe(200);
	await setAcl(closed, "$all", { $r: "una" });
	expect((await closed.ask(as("una", get("/streams/$all")))).status).toBe(200);
	expect((await closed.ask(as("mel", get("/streams/$all")))).status).toBe(401);
	await closed.close();
});

test("--insecure makes admins of clients without credentials, where they are let in", async () => {
	const insecure = await startServers({ insecure: true, allowAnonymous: false });
	expect((await insecure.ask(get("/admin/scavenge/last", "*/*"))).status).toBe(200);
	const forwarded = get("/admin/scavenge/last", "*/*", { Via: "1.1 proxy" });
	expect((await insecure.ask(forwarded)).status).toBe(401);
	await insecure.close();
});
