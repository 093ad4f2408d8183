/** The pages about users, tokens and rights. */
import { createScreens } from "../../admin/index.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Browser, PASSWORD, PROXIED, SETTINGS } from "./person.ts";

let servers: Servers;
let admin: Browser;
beforeAll(async () => {
	servers = await startServers(SETTINGS, createScreens());
	admin = new Browser(servers);
	await admin.logIn();
	await admin.open("/users");
	const ann = { action: "create", login: "ann", fullName: "<b>Ann</b>", groups: "tills, readers" };
	const { status } = await admin.send("/users", { ...ann, password: PASSWORD });
	expect(status).toBe(303);
});
afterAll(() => servers.close());

async function loggedIn(login: string): Promise<Browser> {
	const browser = new Browser(servers);
	await browser.logIn(login);
	return browser;
}

test("an admin sees users and groups, and what was typed is text", async () => {
	const { text } = await admin.open("/users");
	expect(text).toContain("<bdi>ann</bdi>");
	expect(text).toContain("&lt;b&gt;Ann&lt;/b&gt;");
	expect(text).toMatch(/tills<\/dt><dd>ann/);
});

test("who is no admin sees no users, and changes none", async () => {
	const ann = await loggedIn("ann");
	expect((await ann.open("/users")).status).toBe(403);
	await ann.open("/tokens");
	const form = { action: "create", login: "eve", password: PASSWORD };
	expect((await ann.send("/users", form)).status).toBe(403);
	expect((await ann.open("/")).text).not.toContain('href="/users"');
});

test("an admin changes the groups of a user, and with them what the user may do", async () => {
	const before = JSON.stringify(["<b>Ann</b>", "tills", "readers"]);
	await admin.open("/users");
	const form = { action: "facts", login: "ann", fullName: "Ann", groups: "tills, night , $ops" };
	expect((await admin.send("/users", { ...form, before })).status).toBe(303);
	const { text } = await admin.open("/users");
	expect(text).toMatch(/night<\/dt><dd>ann/);
	expect((await (await loggedIn("ann")).open("/admin")).status).toBe(200);
	// The form was filled in with what is there no more.
	const stale = await admin.send("/users", { ...form, groups: "tills", before });
	expect([stale.status, stale.text]).toEqual([400, expect.stringContaining("meanwhile")]);
	const now = JSON.stringify(["Ann", "tills", "night", "$ops"]);
	const back = { ...form, groups: "tills, readers", before: now };
	expect((await admin.send("/users", back)).status).toBe(303);
	expect((await (await loggedIn("ann")).open("/admin")).status).toBe(403);
	const audit = await admin.ask({ path: "/streams/%24audit?format=ndjson" });
	expect(audit.text).toMatch(/"what":"user-changed","who":"admin"[^}]*"about":"ann"/);
});

test("only an admin changes groups, by a form of the page, and nobody takes their own rights", async () => {
	const ann = await loggedIn("ann");
	await ann.open("/tokens");
	const form = { action: "facts", login: "ann", fullName: "", groups: "$admins", before: "[]" };
	expect((await ann.send("/users", form)).status).toBe(403);
	await admin.open("/users");
	expect((await admin.send("/users", { ...form, _token: "no" })).status).toBe(403);
	for (const own of [{ action: "facts", groups: "" }, { action: "disable" }]) {
		const refused = await admin.send("/users", { ...form, ...own, login: "admin" });
		expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("own rights")]);
	}
	expect((await admin.open("/users")).text).toMatch(/\$admins<\/dt><dd>admin/);
});

test("what one visitor may see of types is not shown to the next one", async () => {
	const headers = { "Content-Type": "application/json" };
	const own = () => ({ ...headers, "ES-EventId": crypto.randomUUID() });
	const typed = { ...own(), "ES-EventType": "TakeoverPlbeaed" };
	const [list, body] = ["/streams/%24et-TakeoverPlbeaed", '{"$acl":{"$r":"$admins"}}'];
	await admin.ask({ path: "/streams/plans-1", headers: typed, body: "{}" });
	const open = { ...own(), "ES-EventType": "TillOpened" };
	await admin.ask({ path: "/streams/till-1", headers: open, body: "{}" });
	const toBea = { headers: own(), body: '{"$acl":{"$r":"bea"}}' };
	await admin.ask({ path: "/streams/%24et-TillOpened/metadata", ...toBea });
	expect((await admin.ask({ path: `${list}/metadata`, headers: own(), body })).status).toBe(201);
	// Counts are kept for a while for each visitor: this one has not looked yet.
	await admin.open("/users");
	await admin.send("/users", { action: "create", login: "bea", password: PASSWORD });
	const bea = await loggedIn("bea");
	expect((await admin.open("/streams")).status).toBe(200);
	expect((await admin.open("/")).text).toContain("TakeoverPlbeaed");
	expect((await bea.open("/streams?prefix=%24et-")).text).not.toContain("TakeoverPlbeaed");
	const { text } = await bea.open("/");
	const types = /aria-labelledby="types"[\s\S]*?<\/section>/.exec(text)?.[0];
	expect(types).toContain("TillOpened");
	expect(types).not.toContain("TakeoverPlbeaed");
});

test("a refused form says why, and nothing has changed", async () => {
	await admin.open("/users");
	const bad = await admin.send("/users", { action: "create", login: "a:b", password: PASSWORD });
	expect([bad.status, bad.text]).toEqual([400, expect.stringContaining('role="alert"')]);
	const unsure = await admin.send("/users", { action: "delete", login: "ann", confirm: "an" });
	expect(unsure.status).toBe(400);
	const last = await admin.send("/users", { action: "delete", login: "admin", confirm: "admin" });
	expect([last.status, last.text]).toEqual([400, expect.stringContaining("own rights")]);
	expect((await loggedIn("ann")).cookies.size).toBe(2);
});

test("a token is shown once, and stands for its maker within its streams", async () => {
	const ann = await loggedIn("ann");
	await ann.open("/tokens");
	const form = { action: "create", name: "till", prefixes: "order-", days: "30", write: "yes" };
	const { text } = await ann.send("/tokens", form);
	const token = /id="token">(varve_\w+)</.exec(text)?.[1] ?? "";
	const headers = { ...PROXIED, Authorization: `Bearer ${token}` };
	const who = await servers.ask({ path: "/users/$current", headers });
	expect([who.status, who.json.data]).toEqual([200, expect.objectContaining({ loginName: "ann" })]);
	const page = await ann.open("/tokens");
	expect(page.text).toContain("order-…");
	expect(page.text).not.toContain(token);
	const id = /name="id" value="(\w+)"/.exec(page.text)?.[1] ?? "";
	expect((await ann.send("/tokens", { action: "revoke", id })).status).toBe(303);
	const ended = await servers.ask({ path: "/users/$current", headers });
	expect(ended.status).toBe(401);
});

test("nobody makes a token for somebody else, or ends another's", async () => {
	const ann = await loggedIn("ann");
	await ann.open("/tokens");
	const form = { action: "create", name: "x", user: "admin", days: "1" };
	expect((await ann.send("/tokens", form)).status).toBe(403);
	await admin.open("/tokens");
	await admin.send("/tokens", { action: "create", name: "mine", days: "1" });
	const id = /name="id" value="(\w+)"/.exec((await admin.open("/tokens")).text)?.[1] ?? "";
	expect((await ann.open("/tokens")).text).not.toContain(id);
	expect((await ann.send("/tokens", { action: "revoke", id })).status).toBe(404);
});

test("the metadata of a stream says who may do what, and why", async () => {
	const headers = { "Content-Type": "application/json", "ES-EventType": "$metadata" };
	const sent = { path: "/streams/order-1/metadata", body: '{"$acl":{"$r":["ann","tills"]}}' };
	const id = { "ES-EventId": crypto.randomUUID() };
	expect((await admin.ask({ ...sent, headers: { ...headers, ...id } })).status).toBe(201);
	const { text } = await admin.open("/streams/order-1/metadata");
	expect(text).toMatch(/Read<\/dt><dd>ann, tills<small>because its \$acl says so/);
	expect(text).toMatch(/Append<\/dt><dd>everyone<small>because nothing else is said/);
});
