/** The pages of the hub's subscribers: who sees them, what they say, and how they look. */
import { batch, get } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { type Callback, callback } from "../push/callback.ts";
import { inBrowser, isTooWide, screens, violations } from "./browser.ts";
import { Forms, page } from "./forms.ts";

const EVIL = "order-<svg onload=alert(1)>\u202e";
const ADMIN = { Authorization: `Basic ${Buffer.from("admin:changeit").toString("base64")}` };
const callbacks: Callback[] = [];
let servers: Servers;
let base: string;

beforeAll(async () => {
	servers = await startServers({ hub: true, pushAllow: "127.0.0.1" }, screens());
	base = servers.url;
	for (const stream of ["news-1", EVIL]) {
		for (const secret of ["", "s3cret"]) {
			const to = await callback();
			callbacks.push(to);
			to.status = secret === "" ? 200 : 503;
			await subscribe(stream, to, secret);
		}
	}
	await until(async () => (await servers.ask({ path: "/hub" })).text.split('"id"').length === 5);
	const events = [{ eventId: crypto.randomUUID(), eventType: "Told", data: 1 }];
	for (const stream of ["news-1", EVIL]) await servers.ask(batch(stream, events));
	await until(() => callbacks.every(({ feeds }) => feeds.length > 0));
});
afterAll(async () => {
	await servers?.close();
	for (const one of callbacks) await one.close();
});

function subscribe(stream: string, to: Callback, secret: string) {
	const fields = {
		"hub.mode": "subscribe",
		"hub.topic": `${base}/streams/${encodeURIComponent(stream)}`,
		"hub.callback": `${to.url}&x=%3Cb%3E`,
		...(secret === "" ? {} : { "hub.secret": secret }),
	};
	return servers.ask({
		method: "POST",
		path: "/hub",
		headers: { "Content-Type": "application/x-www-form-urlencoded" },
		body: String(new URLSearchParams(fields)),
	});
}

test("a program gets what it always got, and no page or answer has a secret", async () => {
	const json = await servers.ask(get("/hub", "*/*"));
	expect(json.headers["content-type"]).toContain("json");
	const list = await servers.ask(page("/hub"));
	expect(list.headers["content-type"]).toContain("html");
	const [, id = ""] = /\/hub\/([0-9a-f]{16})/.exec(list.text) ?? [];
	const one = await servers.ask(page(`/hub/${id}`));
	expect(one.status).toBe(200);
	for (const { text } of [json, list, one]) {
		expect(text).not.toContain("s3cret");
		expect(text).not.toContain("secret&quot;");
	}
	expect((await servers.ask(page("/hub/0000000000000000"))).status).toBe(404);
	expect((await servers.ask(page("/hub?offset=100"))).text).toContain("No more of them");
});

test("a form that is wrong ends nobody, and its page says why", async () => {
	const { text } = await servers.ask(page("/hub"));
	const [, id = ""] = /\/hub\/([0-9a-f]{16})/.exec(text) ?? [];
	const forms = new Forms(() => servers, `/hub/${id}`, "/ui/hub");
	const { text: one } = await servers.ask(page(`/hub/${id}`));
	const [, host = ""] = /type the host <b class="mono">(127\.0\.0\.1:\d+)</.exec(one) ?? [];
	expect((await forms.post({ id, confirm: host })).status).toBe(403);
	const other = await forms.send({ id, confirm: "127.0.0.1", reason: "<b>" });
	expect(other.status).toBe(400);
	expect(other.text).toContain("Nothing was changed");
	expect(other.text).toContain('value="&lt;b&gt;"');
	const long = await forms.send({ id, confirm: host, reason: "x".repeat(201) });
	expect([long.status, long.text.includes("more than 200")]).toEqual([400, true]);
	expect((await forms.send({ id: "0", confirm: host })).status).toBe(404);
	expect((await servers.ask(get("/hub", "*/*"))).json.total).toBe(4);
});

test("operators alone see it, and find it from the webhooks; where no hub is, it is not there", async () => {
	const strict = await startServers({ insecure: false, hub: true }, screens());
	const created = await strict.ask({
		method: "POST",
		path: "/users",
		headers: { ...ADMIN, "Content-Type": "application/json" },
		body: JSON.stringify({ loginName: "una", fullName: "", groups: [], password: "a good one" }),
	});
	expect(created.status).toBe(201);
	const una = { Authorization: `Basic ${Buffer.from("una:a good one").toString("base64")}` };
	const as = (path: string, who: object) => strict.ask(get(path, "text/html", { ...who }));
	expect((await as("/webhooks", ADMIN)).text).toContain('href="/hub"');
	expect((await as("/hub", ADMIN)).status).toBe(200);
	expect((await as("/webhooks", una)).text).not.toContain('href="/hub"');
	const refused = await as("/hub", una);
	expect(refused.status).not.toBe(200);
	expect(refused.text).not.toContain("No subscriber yet");
	await strict.close();

	const plain = await startServers({}, screens());
	expect((await plain.ask(page("/webhooks"))).text).not.toContain('href="/hub"');
	expect((await plain.ask(page("/hub"))).status).toBe(404);
	await plain.close();
});

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test("subscribers stand below their topics, with how they stand and what was tried", async () => {
			const { page, faults } = await browser.tab("/webhooks");
			await page.getByRole("link", { name: "WebSub subscribers" }).click();
			await page.waitForURL(/\/hub$/);
			expect(await page.locator("tr.topic").count()).toBe(2);
			const rows = page.locator("tr.row");
			expect(await rows.count()).toBe(4);
			const texts = await rows.allInnerTexts();
			expect(texts.filter((text) => text.includes("slow-down"))).toHaveLength(2);
			expect(texts.filter((text) => text.includes("all sent"))).toHaveLength(2);
			const ill = rows.filter({ hasText: "slow-down" }).first();
			await ill.locator("a.open").click();
			await page.waitForURL(/\/hub\/[0-9a-f]{16}$/);
			expect(await page.locator(".attempts tr.row").first().innerText()).toContain("503");
			expect(await page.locator(".facts-list").innerText()).toContain("by the secret that it gave");
			expect(faults).toEqual([]);
		});

		test("all of it is text, nothing is wider than the window, and axe finds nothing", async () => {
			const { page, faults } = await browser.tab("/hub");
			const one = (await page.locator("tr.row a.open").last().getAttribute("href")) ?? "";
			const looks = [
				["/hub", "light", 1400],
				["/hub", "dark", 360],
				["/hub", "dark", 1400],
				["/hub", "light", 360],
				[one, "light", 360],
				[one, "dark", 1400],
				[one, "dark", 360],
				[one, "light", 1400],
			] as const;
			for (const [path, colorScheme, width] of looks) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme });
				await page.goto(base + path);
				const end = page.locator("summary", { hasText: "End this subscriber" });
				if (path === one) await end.click();
				expect(await violations(page)).toEqual([]);
				expect(await isTooWide(page)).toBe(false);
			}
			expect(faults).toEqual([]);
		});

		test("a subscriber is ended by a form alone, and its callback is told why", async () => {
			const { page, faults } = await browser.tab("/hub");
			const link = page.locator("tr.row a.open").first();
			const host = await link.innerText();
			await link.click();
			await page.locator("summary", { hasText: "End this subscriber" }).click();
			await page.getByLabel("Reason").fill("it is too slow");
			await page.locator("input[name=confirm]").fill(host);
			await page.getByRole("button", { name: "End it" }).click();
			await page.waitForURL(/\/hub$/);
			expect(await page.locator("tr.row").count()).toBe(3);
			const ended = callbacks.find(({ url }) => new URL(url).host === host);
			await until(() => ended?.asked.at(-1)?.get("hub.mode") === "denied");
			expect(ended?.asked.at(-1)?.get("hub.reason")).toBe("it is too slow");
			expect(faults).toEqual([]);
		});
	},
);
