/** The login by way of an issuer in a real browser, over https: which cookies it sends, and when. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { parseSettings } from "../../src/config.ts";
import { type RunningServer, startServer } from "../../src/main.ts";
import { LogLines } from "../../src/observe/lines.ts";
import { AUDIENCE, CLIENT, startIssuer, type TestIssuer } from "../accounts/issuer.ts";
import { authority } from "../security/certificates.ts";
import { describeInBrowser, launch } from "./browser.ts";

/** The host that the issuer leads back to. */
const HOST = "varve.example.com";
const BASE = `https://${HOST}`;

describeInBrowser("in a browser", () => {
	const directory = mkdtempSync(join(tmpdir(), "varve-issuer-"));
	let issuer: TestIssuer;
	let server: RunningServer;
	let browser: Browser;
	let page: Page;
	beforeAll(async () => {
		issuer = await startIssuer();
		const [tlsCert, tlsKey] = [join(directory, "cert.pem"), join(directory, "key.pem")];
		const made = authority("Test authority").issue({ name: HOST, hosts: [HOST] });
		writeFileSync(tlsCert, made.cert);
		writeFileSync(tlsKey, made.key);
		const settings = {
			...parseSettings([], {}),
			...{ data: join(directory, "data"), port: 0, tlsCert, tlsKey, publicUrl: BASE },
			...{ oidcIssuer: issuer.url, oidcAudience: AUDIENCE, oidcGroups: "store-admins=$admins" },
			...{ oidcClientId: CLIENT.id, oidcClientSecret: CLIENT.secret, passwordCost: 10 },
		};
		server = await startServer(settings, new LogLines("text", "error", () => undefined));
		const { port } = new URL(server.url);
		browser = await launch(`--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${port}`);
		const context = await browser.newContext({ ignoreHTTPSErrors: true });
		page = await context.newPage();
	});
	afterAll(async () => {
		await browser?.close();
		await server?.close();
		issuer?.close();
		rmSync(directory, { recursive: true, force: true });
	});

	const who = () => page.locator("header .who").innerText();

	test("whoever comes back from the issuer is logged in on the page that was asked for", async () => {
		await page.goto(`${BASE}/users`);
		await page.locator("a[href^='/login/oidc']").click();
		// The issuer's own two forms: who it is, and whether the store may know it.
		await page.locator("[name=login]").fill("alice");
		await page.locator("[name=password]").fill("any");
		await page.locator("button").click();
		await page.locator("button").click();
		await page.waitForURL(`${BASE}/users`);
		expect(await page.locator("h1").innerText()).toBe("Users");
		expect(await who()).toBe("alice");
		const cookies = await page.context().cookies(BASE);
		expect(cookies).toContainEqual(
			expect.objectContaining({
				name: "__Host-varve-session",
				sameSite: "Strict",
				secure: true,
				httpOnly: true,
			}),
		);
		expect(cookies.some(({ name }) => name === "__Host-varve-login")).toBe(false);
	});

	test("the session goes with forms and reloads, and ends with the logout", async () => {
		await page.reload();
		expect(await who()).toBe("alice");
		await page.goto(`${BASE}/streams/order-1`);
		await page.locator("[name=type]").fill("OrderPlaced");
		await page.locator("#append button.main").click();
		await page.waitForURL(`${BASE}/streams/order-1?open=0`);
		// Nobody is let in without the session: it goes with the connection of the worker, too.
		await page.goto(`${BASE}/streams/order-1`);
		await page.locator("#live .dot.ok").waitFor();
		await page.locator(".out button").click();
		await page.waitForURL(`${BASE}/login`);
		await page.goto(`${BASE}/users`);
		expect(page.url()).toContain("/login?to=");
	});
});
