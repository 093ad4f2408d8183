/** People log in by way of an issuer: there and back, once, in the browser that began it. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createScreens } from "../../admin/index.ts";
import { signatureOf } from "../../src/accounts/sessions/signature.ts";
import { RequestLog } from "../../src/observe/requests.ts";
import { AUDIENCE, CLIENT, startIssuer, type TestIssuer } from "../accounts/issuer.ts";
import { ask, get, type Reply } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Browser, HTML, PASSWORD, SETTINGS } from "./person.ts";

const BASE = "https://varve.example.com";
const [LOGIN, SESSION] = ["__Host-varve-login", "__Host-varve-session"];
const USERS = get("/users", "application/json");

let issuer: TestIssuer;
let servers: Servers;
beforeAll(async () => {
	issuer = await startIssuer();
	const own = { publicUrl: BASE, oidcIssuer: issuer.url, oidcAudience: AUDIENCE };
	const client = { oidcClientId: CLIENT.id, oidcClientSecret: CLIENT.secret };
	const oidc = { ...own, ...client, oidcGroups: "store-admins=$admins" };
	servers = await startServers({ ...SETTINGS, ...oidc }, createScreens());
});
afterAll(async () => {
	await servers.close();
	issuer.close();
});

const pathOf = ({ pathname, search }: URL) => pathname + search;

/** Goes to the issuer and comes back. */
async function goThere(browser: Browser, login = "alice", to = "/"): Promise<URL> {
	const sent = await browser.open(`/login/oidc?to=${encodeURIComponent(to)}`);
	expect(sent.status).toBe(303);
	return issuer.logIn(String(sent.headers.location), login);
}

async function logIn(browser: Browser, login = "alice", to = "/"): Promise<Reply> {
	return browser.open(pathOf(await goThere(browser, login, to)));
}

const alertOf = ({ text }: Reply) => /role="alert">([^<]+)/.exec(text)?.[1];
const statusOf = async (browser: Browser) => (await browser.ask(USERS)).status;
const given = (reply: Reply, name: string) =>
	(reply.headers["set-cookie"] ?? []).filter((text) => text.startsWith(`${name}=`));

/** Refused, with words and without a session; nothing of the code is on the page. */
function expectRefused(reply: Reply, words: string, code?: string | null): void {
	expect([reply.status, alertOf(reply)]).toEqual([403, expect.stringContaining(words)]);
	expect(given(reply, SESSION)).toEqual([]);
	if (code) expect(reply.text).not.toContain(code);
}

test("the page of the login has a way to the issuer, which leads back to where one was", async () => {
	const browser = new Browser(servers);
	const { text } = await browser.open("/login?to=/streams/a%3Fembed=body");
	expect(text).toContain('href="/login/oidc?to=%2Fstreams%2Fa%3Fembed%3Dbody"');
	const sent = await browser.open("/login/oidc?to=/streams/a?embed=body");
	expect(given(sent, LOGIN)[0]).toMatch(
		/^__Host-varve-login=[\w.-]+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
	);
	const there = new URL(String(sent.headers.location));
	expect([there.origin, there.searchParams.get("code_challenge_method")]).toEqual([
		issuer.url,
		"S256",
	]);
	const [, , verifier = ""] = (browser.cookies.get(LOGIN) ?? "").split(".");
	expect(verifier).toHaveLength(43);
	expect(there.href).not.toContain(verifier);
	const back = await browser.open(pathOf(await issuer.logIn(there.href, "alice")));
	// After a redirect, the browser would keep the cookie of the session to itself.
	expect([back.status, back.headers.refresh]).toEqual([200, `0; url=${BASE}/streams/a?embed=body`]);
	expect(given(back, SESSION)[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
	expect(browser.cookies.has(LOGIN)).toBe(false);
});

test("whoever has logged in is whom the issuer names, and a logout ends all of it", async () => {
	const [here, there] = [new Browser(servers), new Browser(servers.express)];
	await logIn(here);
	await logIn(there);
	expect([await statusOf(here), await statusOf(there)]).toEqual([200, 200]);
	const { text } = await here.open("/");
	expect(text).toContain('title="Logged in as alice"');
	expect((await here.send("/logout", {})).headers.location).toBe(`${BASE}/login`);
	expect([await statusOf(here), await statusOf(there)]).toEqual([401, 401]);
	await logIn(there);
	expect(await statusOf(there)).toBe(200);
});

test.each(["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nb", "/login/oidc"])(
	"to=%j leads nowhere else",
	async (to) => {
		const { headers } = await logIn(new Browser(servers), "alice", to);
		expect(headers.refresh).toBe(`0; url=${BASE}/`);
	},
);

describe("a login is refused", () => {
	const NOT_STARTED = "this browser has not begun it";

	test("if another browser began it, or none", async () => {
		const [mine, theirs] = [new Browser(servers), new Browser(servers)];
		const back = await goThere(theirs, "mallory");
		const code = back.searchParams.get("code");
		expectRefused(await mine.open(pathOf(back)), NOT_STARTED, code);
		await mine.open("/login/oidc");
		const reply = await mine.open(pathOf(back));
		expectRefused(reply, NOT_STARTED, code);
		expect(mine.cookies.has(LOGIN)).toBe(false);
	});

	test("if it comes back a second time, even with the cookie of the first", async () => {
		const browser = new Browser(servers);
		const back = await goThere(browser);
		const kept = browser.cookies.get(LOGIN) ?? "";
		expect((await browser.open(pathOf(back))).status).toBe(200);
		expectRefused(await browser.open(pathOf(back)), NOT_STARTED);
		browser.cookies.set(LOGIN, kept);
		expectRefused(await browser.open(pathOf(back)), "the issuer does not confirm it");
	});

	test("if it took longer than its cookie says, whatever the browser does with that", async () => {
		const browser = new Browser(servers);
		const back = await goThere(browser);
		const parts = (browser.cookies.get(LOGIN) ?? "").split(".").slice(0, -2);
		const head = [...parts, Math.floor(Date.now() / 1000) - 1].join(".");
		const later = [...parts, Math.floor(Date.now() / 1000) + 60].join(".");
		const signature = signatureOf(SETTINGS.sessionKey, ["login", head]);
		for (const kept of [`${head}.${signature}`, `${later}.${signature}`]) {
			browser.cookies.set(LOGIN, kept);
			expectRefused(await browser.open(pathOf(back)), NOT_STARTED);
		}
	});

	test("if the issuer says so: its word is shown, and nothing else that stands in the URL", async () => {
		const browser = new Browser(servers);
		const { searchParams } = await goThere(browser);
		const state = searchParams.get("state") ?? "";
		const kept = browser.cookies.get(LOGIN) ?? "";
		const said = `state=${state}&error_description=call+0900`;
		const denied = await browser.open(`/login/callback?error=access_denied&${said}`);
		expectRefused(denied, "the issuer says access_denied");
		browser.cookies.set(LOGIN, kept);
		const odd = await browser.open(`/login/callback?error=Call+0900&${said}`);
		expectRefused(odd, "the issuer sent no code");
		expect(denied.text + odd.text).not.toContain("0900");
	});

	test("if the issuer gives its user the name of one of the store", async () => {
		expectRefused(await logIn(new Browser(servers), "admin"), "one of its own users");
	});

	test("and counted, as a wrong password is", async () => {
		await servers.server.context.audit.close();
		const admin = new Browser(servers);
		await admin.logIn("admin", PASSWORD);
		const { text } = await admin.ask(get("/streams/$audit?embed=body"));
		expect(text).toContain("logins-refused");
	});
});

test("the name goes to a user of the store that is made later, and the session ends", async () => {
	const [browser, admin] = [new Browser(servers), new Browser(servers)];
	await logIn(browser, "bob");
	expect(await statusOf(browser)).toBe(200);
	await admin.logIn("admin", PASSWORD);
	const user = { loginName: "bob", fullName: "Bob", password: PASSWORD, groups: ["$admins"] };
	const headers = { "Content-Type": "application/json", Accept: "application/json" };
	await admin.ask({ path: "/users", headers, body: JSON.stringify(user) });
	expect(await statusOf(browser)).toBe(401);
});

test("a session ends with the token of the issuer, and holds no more groups than a cookie", async () => {
	const { sessions } = servers.server.context;
	const principal = { name: "carl", groups: ["$admins"] };
	const soon = Math.floor(Date.now() / 1000) + 60;
	const session = (await sessions.beginIssued({ principal, untilMs: soon * 1000 + 500 })) ?? "";
	expect(session).toContain(`.${soon}.`);
	expect(await sessions.principalOf(session)).toMatchObject({ name: "carl", via: "oidc" });
	expect(await sessions.principalOf(session.replace(/\.\d+\./, ".9999999999."))).toBeUndefined();
	const over = (await sessions.beginIssued({ principal, untilMs: Date.now() - 1000 })) ?? "";
	expect(await sessions.principalOf(over)).toBeUndefined();
	const groups = Array.from({ length: 200 }, (_, at) => `group-number-${at}`);
	const many = { principal: { name: "carl", groups }, untilMs: soon * 1000 };
	expect(await sessions.beginIssued(many)).toBeUndefined();
});

test("neither a problem, a page nor a line of the operator log tells a code", async () => {
	const path = "/login/callback?code=secret-code&state=s";
	const { status, text } = await servers.ask(get(path, "application/json", { Host: "localhost" }));
	expect([status, text]).toEqual([404, expect.not.stringContaining("secret-code")]);
	const page = await new Browser(servers).ask(get(path, HTML));
	expect(page.text).not.toContain("secret-code");
	const lines: string[] = [];
	const operatorLog = { info: (...told: unknown[]) => lines.push(JSON.stringify(told)) };
	const requests = new RequestLog(operatorLog as never, true);
	const answering = createServer((req, res) => {
		requests.begin(req, res);
		res.on("close", () => answering.close()).end();
	});
	await new Promise<void>((done) => answering.listen(0, "127.0.0.1", done));
	const closed = once(answering, "close");
	await ask((answering.address() as AddressInfo).port, get(path, HTML));
	await closed;
	expect(lines).toEqual([expect.stringContaining('"/login/callback"')]);
});
