/** People log in with a form, and a cookie stands for them until they log out. */
import { createScreens } from "../../admin/index.ts";
import { batch, get, type Reply } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Browser, HTML, PASSWORD, PROXIED, SETTINGS } from "./person.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers(SETTINGS, createScreens());
});
afterAll(() => servers.close());

const USERS = get("/users", "application/json");

test("who may not see a page is led to the login, and from there back", async () => {
	const browser = new Browser(servers);
	const sent = await browser.open("/streams/$audit?embed=body");
	expect(sent.status).toBe(303);
	const login = new URL(String(sent.headers.location));
	expect(login.origin).toBe("https://store.example");
	const page = await browser.open(login.pathname + login.search);
	expect([page.status, page.text]).toEqual([200, expect.stringContaining('type="password"')]);
	const to = /name="to" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const done = await browser.send("/login", { login: "admin", password: PASSWORD, to });
	expect([done.status, done.headers.location]).toEqual([
		303,
		"https://store.example/streams/$audit?embed=body",
	]);
});

test("the cookie is for this host alone, over https alone, and for no script", async () => {
	const { headers } = await new Browser(servers).logIn();
	const [cookie] = (headers["set-cookie"] ?? []).filter((text) => text.includes("session"));
	expect(cookie).toMatch(
		/^__Host-varve-session=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
	);
});

test("with it one may do what the user may, and the page says who it is", async () => {
	for (const lane of [servers, servers.express]) {
		const browser = new Browser(lane);
		expect((await browser.ask(USERS)).status).toBe(401);
		await browser.logIn();
		expect((await browser.ask(USERS)).status).toBe(200);
		const { text } = await browser.open("/");
		expect(text).toContain('title="Logged in as admin"');
	}
});

test.each([
	"//evil.example",
	"/\\evil.example",
	"https://evil.example",
	"javascript:alert(1)",
	"/a\r\nb",
	"/login?to=/",
	"",
])("to=%j leads nowhere else", async (to) => {
	const { headers } = await new Browser(servers).logIn("admin", PASSWORD, to);
	expect(headers.location).toBe("https://store.example/");
});

test("a wrong password and a login that nobody has get the same words", async () => {
	const [wrong, unknown] = [
		await new Browser(servers).logIn("admin", "wrong password"),
		await new Browser(servers).logIn("nobody", "wrong password"),
	];
	const alert = ({ text }: Reply) => /role="alert">([^<]+)/.exec(text)?.[1];
	expect([wrong.status, unknown.status]).toEqual([403, 403]);
	expect(alert(wrong)).toBe(alert(unknown));
	expect(wrong.headers["www-authenticate"]).toBeUndefined();
	expect(wrong.text).not.toContain("wrong password");
});

test("what is typed comes back as text", async () => {
	const { text } = await new Browser(servers).logIn('"><script>alert(1)</script>', "x");
	expect(text).not.toContain("<script>alert");
});

test("a logout ends every session of the user, on every server, for good", async () => {
	const [here, there] = [new Browser(servers), new Browser(servers.express)];
	await here.logIn();
	await there.logIn();
	const stolen = new Map(there.cookies);
	await here.open("/");
	const { status, headers } = await here.send("/logout", {});
	expect([status, headers.location]).toEqual([303, "https://store.example/login"]);
	expect((await here.ask(USERS)).status).toBe(401);
	expect((await there.ask(USERS)).status).toBe(401);
	for (const [name, value] of stolen) there.cookies.set(name, value);
	expect((await there.ask(USERS)).status).toBe(401);
	await there.logIn();
	expect((await there.ask(USERS)).status).toBe(200);
});

test("another password, and the end of the user, end the sessions", async () => {
	const admin = new Browser(servers);
	await admin.logIn();
	const json = { "Content-Type": "application/json", Accept: "application/json" };
	const post = (path: string, body: object, method = "POST") =>
		admin.ask({ method, path, headers: json, body: JSON.stringify(body) });
	const user = { loginName: "ann", fullName: "Ann", password: PASSWORD, groups: ["$admins"] };
	expect((await post("/users", user)).status).toBe(201);
	const ann = new Browser(servers);
	await ann.logIn("ann");
	expect((await ann.ask(USERS)).status).toBe(200);
	await post("/users/ann/command/reset-password", { newPassword: "another horse" });
	expect((await ann.ask(USERS)).status).toBe(401);
	await ann.logIn("ann", "another horse");
	expect((await ann.ask(USERS)).status).toBe(200);
	await post("/users/ann/command/disable", {});
	expect((await ann.ask(USERS)).status).toBe(401);
});

describe("a cookie that is not as it was given is none", () => {
	const NAME = "__Host-varve-session";
	test.each<[string, (value: string) => string]>([
		["a later end", (value) => value.replace(/\.\d+\./, ".9999999999.")],
		["another login", (value) => value.replace(/^[^.]+/, Buffer.from("ann").toString("base64url"))],
		["another signature", (value) => value.replace(/.{4}$/, "AAAA")],
		["no signature", (value) => value.replace(/\.[^.]+$/, ".")],
		["more behind it", (value) => `${value}A`],
		["nothing", () => "x"],
	])("%s", async (_, change) => {
		const browser = new Browser(servers);
		await browser.logIn();
		browser.cookies.set(NAME, change(browser.cookies.get(NAME) ?? ""));
		expect((await browser.ask(USERS)).status).toBe(401);
	});

	test("over https, one of plain http", async () => {
		const browser = new Browser(servers);
		await browser.logIn();
		browser.cookies.set("varve-session", browser.cookies.get(NAME) ?? "");
		browser.cookies.delete(NAME);
		expect((await browser.ask(USERS)).status).toBe(401);
	});
});

describe("a page of somebody else does nothing with it", () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = new Browser(servers);
		await browser.logIn();
	});

	test.each([
		["another port of this host", { Origin: "https://store.example:8443" }],
		["plain http", { Origin: "http://store.example" }],
		["another host of this site", { Origin: "https://other.example" }],
		["a sandbox", { Origin: "null" }],
		["a form that says nothing", { "Sec-Fetch-Site": "same-site" }],
	])("read from %s", async (_, headers) => {
		expect(
			(await browser.ask({ ...USERS, headers: { ...USERS.headers, ...headers } })).status,
		).toBe(401);
	});

	test("write, without the token of a form", async () => {
		const event = { eventId: crypto.randomUUID(), eventType: "T", data: {} };
		const request = batch("crossed", [event], { Origin: "https://other.example" });
		expect([401, 403]).toContain((await browser.ask(request)).status);
		await browser.open("/");
		const form = { action: "delete", confirm: "crossed", _token: "x" };
		expect((await browser.send("/streams/crossed", form)).status).toBe(403);
	});

	test("log in with a token that somebody else got", async () => {
		const other = new Browser(servers);
		await other.open("/login");
		for (const site of ["cross-site", "same-site"]) {
			const fields = { login: "admin", password: PASSWORD, to: "/" };
			const token = /name="_token" value="([^"]+)"/.exec(other.page?.text ?? "")?.[1] ?? "";
			const body = new URLSearchParams({ _token: token, ...fields }).toString();
			const headers = { "Content-Type": "application/x-www-form-urlencoded", Accept: HTML };
			const from = { Origin: "null", "Sec-Fetch-Site": site };
			const sent = { path: "/login", headers: { ...headers, ...from }, body };
			expect((await other.ask(sent)).status).toBe(403);
		}
	});

	test("or with the token of another session", async () => {
		const other = new Browser(servers);
		await other.logIn();
		await other.open("/");
		const token = /name="_token" value="([^"]+)"/.exec(other.page?.text ?? "")?.[1] ?? "";
		expect((await browser.send("/logout", { _token: token })).status).toBe(403);
		expect((await browser.ask(USERS)).status).toBe(200);
	});
});

test("a password in plain http from elsewhere is refused, and not looked at", async () => {
	const browser = new Browser(servers);
	await browser.open("/login");
	const forms = [...browser.cookies].map(
		([name, value]) => `${name.replace("__Host-", "")}=${value}`,
	);
	const plain = { "X-Forwarded-Proto": "http", Cookie: forms.join() };
	const page = await servers.ask({
		path: "/login",
		headers: { ...PROXIED, ...plain, Accept: HTML },
	});
	const token = /name="_token" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
	const body = new URLSearchParams({
		_token: token,
		login: "admin",
		password: PASSWORD,
	}).toString();
	const headers = { ...PROXIED, ...plain, Accept: HTML, Origin: "null" };
	const type = { "Content-Type": "application/x-www-form-urlencoded" };
	const reply = await servers.ask({ path: "/login", headers: { ...headers, ...type }, body });
	expect(reply.status).toBe(403);
	expect(reply.text).toContain("came over plain HTTP");
	const basic = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;
	for (const lane of [servers, servers.express]) {
		const asked = { ...USERS.headers, ...PROXIED, Authorization: basic };
		expect((await lane.ask({ ...USERS, headers: asked })).status).toBe(200);
		const shown = await lane.ask({ ...USERS, headers: { ...asked, "X-Forwarded-Proto": "http" } });
		expect([shown.status, shown.json.type]).toEqual([403, "urn:varve:problem:plain-credentials"]);
	}
});

test("a session goes on when the server starts again with the same key", async () => {
	const before = new Browser(servers);
	await before.logIn();
	servers = await servers.restart();
	const after = new Browser(servers);
	for (const [name, value] of before.cookies) after.cookies.set(name, value);
	expect((await after.ask(USERS)).status).toBe(200);
});
