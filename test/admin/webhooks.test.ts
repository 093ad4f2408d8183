/** The pages of webhooks: with their forms as programs send them, and in a real browser. */
import { batch, get } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { type Receiver, rawReceiver, receiver } from "../push/receiver.ts";
import { inBrowser, isTooWide, screens, violations } from "./browser.ts";
import { expectLogin, Forms, page } from "./forms.ts";

const EVIL = `"><svg onload=alert(1)>\u202e`;
let servers: Servers;
let base: string;
let target: Receiver;
let evil: Receiver;
let status = 200;

beforeAll(async () => {
	servers = await startServers({ pushAllow: "127.0.0.1" }, screens());
	base = servers.url;
	target = await receiver(() => status);
	const answer = `HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\n${EVIL}`;
	evil = await rawReceiver((socket) => socket.end(answer));
	const settings = { tries: 1, backoffMs: 1, backoffMsMax: 1, description: EVIL };
	const filter = { context: "streamid", type: "prefix", data: `order-1,${EVIL}` };
	await put("evil", { ...settings, url: evil.url, stream: "$all", start: 0, filter });
	const events = [0, 1].map((data) => {
		return { eventId: crypto.randomUUID(), eventType: EVIL.slice(0, -1), data };
	});
	await servers.ask(batch("order-1", events));
	await until(async () => {
		const { json } = await servers.ask(get("/webhooks/evil", "application/json"));
		return json.parked === 2;
	});
});
afterAll(async () => {
	await target?.close();
	await evil?.close();
	await servers?.close();
});

function put(name: string, settings: object) {
	const headers = { "Content-Type": "application/json" };
	const body = JSON.stringify(settings);
	return servers.ask({ method: "PUT", path: `/webhooks/${name}`, headers, body });
}

describe("forms", () => {
	const forms = new Forms(() => servers, "/webhooks", "/ui/webhooks");

	test("one without the token of its page does nothing", async () => {
		expect((await forms.post({ name: "evil", action: "delete", confirm: "evil" })).status).toBe(
			403,
		);
		expect((await servers.ask(page("/webhooks/evil"))).status).toBe(200);
	});

	test.each([
		["settings that are no JSON", { action: "update", settings: '{"a' }, 400, "not JSON"],
		["settings of a wrong type", { action: "update", settings: '{"tries":"x"}' }, 400, "not valid"],
		["a number that is none", { action: "replay", stopAt: "-1" }, 400, "no number"],
		["another name", { action: "delete", confirm: "evi" }, 400, "Nothing was changed"],
		["a page that is old", { action: "update", version: "99", settings: "" }, 400, "missing"],
		[
			"a name that is there",
			{ action: "create", stream: "s", url: "https://x.example/" },
			412,
			"is there",
		],
		[
			"a target that cannot be",
			{ action: "create", stream: "s", url: "gopher://x/" },
			400,
			"https",
		],
		["no form of any page", { action: "format" }, 400, "no action|action"],
	])("%s: the page says it, and nothing is changed", async (_, fields, code, said) => {
		const before = (await servers.ask(get("/webhooks/evil", "application/json"))).headers.etag;
		const reply = await forms.send({ name: "evil", ...fields });
		expect(reply.status).toBe(code);
		expect(reply.text).toMatch(new RegExp(said));
		const after = (await servers.ask(get("/webhooks/evil", "application/json"))).headers.etag;
		expect(after).toBe(before);
	});

	test("whoever is not known is led to the login, and sees no place of that name", async () => {
		await expectLogin(["/webhooks", "/hub"], "webhooks");
	});
});

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test("a webhook is made, tested, paused, set, and deleted by forms alone", async () => {
			const { page } = await browser.fresh("/webhooks", { javaScriptEnabled: false });
			await page.getByLabel("Name").fill("orders");
			await page.getByLabel("Stream, such as").fill("$ce-order");
			await page.getByLabel("Target: where").fill(target.url);
			await page.getByRole("button", { name: "Create" }).click();
			expect(await page.locator(".secret").innerText()).toMatch(/^whsec_\S+$/);
			await page.getByRole("button", { name: "Test delivery" }).click();
			await page.locator(".note.ok", { hasText: "The test was taken in" }).waitFor();
			status = 503;
			await page.getByRole("button", { name: "Test delivery" }).click();
			await page.locator(".note.bad", { hasText: "too much to do (503)" }).waitFor();
			status = 200;
			await page.getByRole("button", { name: "Pause" }).click();
			await page.waitForURL(/\/webhooks\/orders$/);
			expect(await page.locator(".facts").innerText()).toContain("paused");
			expect(await page.locator(".secret").count()).toBe(0);
			await page.getByRole("button", { name: "Resume" }).click();
			await page.locator("summary", { hasText: "Change them" }).click();
			const settings = JSON.parse(await page.locator("textarea").inputValue());
			await page.locator("textarea").fill(JSON.stringify({ ...settings, order: "none" }));
			await page.getByRole("button", { name: "Write the settings" }).click();
			await page.locator("li", { hasText: "No order is kept." }).waitFor();
			await page.locator("summary", { hasText: "Delete this" }).click();
			await page.locator("input[name=confirm]").fill("orders");
			await page.getByRole("button", { name: "Delete", exact: true }).click();
			await page.waitForURL(/\/webhooks$/);
			expect(await page.locator("tr.row").count()).toBe(1);
		});

		test("what is parked is shown with its reason, sent again, and given up", async () => {
			const state = await servers.ask(get("/admin", "application/json"));
			expect(state.json.stuck).toMatchObject({ parkedEvents: 2, faultedProjections: 0 });
			const overview = (await servers.ask(get("/", "text/html"))).text;
			expect(overview).toContain('<a href="/webhooks">2 events parked by webhooks</a>');
			const { page, faults } = await browser.tab("/webhooks/evil");
			const rows = page.locator("table", { hasText: "why it was parked" }).locator("tr.row");
			expect(await rows.count()).toBe(2);
			expect(await rows.first().innerText()).toMatch(/order-1\s*\/0[\s\S]*refused \(500\)/);
			const attempt = page.locator(".attempts tr.row").first();
			expect(await attempt.innerText()).toContain(`"><svg onload=alert(1)>`);
			await page.locator("form", { hasText: "Send again" }).locator("input[name=stopAt]").fill("1");
			await page.getByRole("button", { name: "Send again" }).click();
			await page.waitForURL(/#parked$/);
			await until(async () => {
				const { json } = await servers.ask(get("/webhooks/evil/attempts", "application/json"));
				return (json.attempts as unknown[]).length >= 3;
			});
			await until(async () => {
				const { json } = await servers.ask(get("/webhooks/evil", "application/json"));
				return json.parked === 2 && json.running === 0;
			});
			await page.goto(`${base}/webhooks/evil`);
			await page.getByRole("button", { name: "Give up" }).click();
			await page.waitForURL(/#parked$/);
			await page.goto(`${base}/webhooks/evil`);
			expect(await page.locator(".tile", { hasText: "Parked" }).innerText()).toContain("0");
			expect(faults).toEqual([]);
		});

		test("all of it is text, nothing is wider than the window, and axe finds nothing", async () => {
			const events = [{ eventId: crypto.randomUUID(), eventType: "x".repeat(300), data: 1 }];
			await servers.ask(batch("order-1", events));
			await until(async () => {
				const { json } = await servers.ask(get("/webhooks/evil", "application/json"));
				return json.parked === 1;
			});
			const { page, faults } = await browser.tab("/webhooks");
			const looks = [
				["list", "/webhooks", "light", 1400],
				["list", "/webhooks", "dark", 360],
				["one", "/webhooks/evil", "light", 360],
				["one", "/webhooks/evil", "dark", 1400],
			] as const;
			for (const [name, path, colorScheme, width] of looks) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme });
				await page.goto(base + path);
				expect(await violations(page)).toEqual([]);
				expect(await isTooWide(page)).toBe(false);
				if (process.env.VARVE_SHOTS) {
					const file = `${process.env.VARVE_SHOTS}/webhooks-${name}-${width}.png`;
					await page.screenshot({ path: file, fullPage: true });
				}
			}
			expect(faults).toEqual([]);
		});
	},
);
