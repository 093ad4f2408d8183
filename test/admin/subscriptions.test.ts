/** The pages of subscriptions: with their forms as programs send them, and in a real browser. */
import { get } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { Consumer, counted } from "../http/subscriptions/consumer.ts";
import { HOSTILE, inBrowser, isTooWide, screens, violations } from "./browser.ts";
import { expectLogin, Forms, page } from "./forms.ts";

const GROUP = `"><svg onload=alert(1)>\u202e`;
/** The names of the streams of a subscription are longer, and must fit. */
const LONG = HOSTILE.long.slice(-600);
let servers: Servers;
let base: string;

beforeAll(async () => {
	servers = await startServers({}, screens());
	base = servers.url;
	for (const stream of ["order-1", HOSTILE.stream, LONG]) {
		await servers.ask(counted(stream, 3));
		await new Consumer(servers, stream, GROUP).create();
	}
	const consumer = new Consumer(servers, "order-1", "billing");
	await consumer.create({ maxRetryCount: 3 });
	const lines = await consumer.take(2);
	await consumer.answer("nack?action=park", lines);
});
afterAll(() => servers?.close());

const BILLING = "/subscriptions/order-1/billing";

describe("pages and programs", () => {
	test("a program gets what it always got, at the URLs of the pages", async () => {
		const list = await servers.ask(get("/subscriptions", "application/json"));
		expect(list.json).toHaveLength(4);
		const none = { "Varve-Consumer": "another" };
		expect((await servers.ask(get(BILLING, "*/*", none))).text).toContain("<feed");
		expect((await servers.ask(get(`${BILLING}/info`, "*/*"))).headers["content-type"]).toContain(
			"application/json",
		);
	});

	test("a page takes no message", async () => {
		const before = (await new Consumer(servers, "order-1", GROUP).info()).totalInFlightMessages;
		const path = new Consumer(servers, "order-1", GROUP).path;
		expect((await servers.ask(page(path))).status).toBe(200);
		const after = (await new Consumer(servers, "order-1", GROUP).info()).totalInFlightMessages;
		expect([before, after]).toEqual([0, 0]);
	});

	test("a subscription that is not there has a page that says so", async () => {
		const none = await servers.ask(page("/subscriptions/order-1/nobody"));
		expect(none.status).toBe(404);
		expect(none.text).toContain("nobody");
	});

	test("whoever is not known is led to the login, and sees no place of that name", async () => {
		await expectLogin(["/subscriptions"], "subscriptions");
	});
});

describe("forms", () => {
	const forms = new Forms(() => servers, "/subscriptions", "/ui/subscriptions");
	const billing = { stream: "order-1", group: "billing" };

	test("one without the token of its page does nothing", async () => {
		expect((await forms.post({ ...billing, action: "delete", confirm: "billing" })).status).toBe(
			403,
		);
		expect((await servers.ask(page(BILLING))).status).toBe(200);
	});

	test.each([
		["settings that are no JSON", { action: "update", settings: '{"a' }, 400, "not JSON"],
		[
			"settings of a wrong type",
			{ action: "update", settings: '{"bufferSize":"x"}' },
			400,
			"whole",
		],
		["a number that is none", { action: "replay", stopAt: "-1" }, 400, "no number"],
		["another name", { action: "delete", confirm: "bill" }, 400, "Nothing was changed"],
		["another name", { action: "discard", confirm: "b", which: "all" }, 400, "Nothing was changed"],
		["no place", { action: "reset", start: "number", number: "" }, 400, "no number"],
		["a place beyond", { action: "reset", start: "number", number: "999" }, 409, "ends at"],
		["no mark", { action: "discard", confirm: "billing", which: "marked" }, 400, "No message is"],
		["a group that is there", { action: "create" }, 409, "already exists"],
	])(
		"%s: the page says it, keeps the text, and nothing is changed",
		async (_, fields, status, said) => {
			const before = await new Consumer(servers, "order-1", "billing").info();
			const reply = await forms.send({ ...billing, ...fields });
			expect(reply.status).toBe(status);
			expect(reply.text).toContain(said);
			if ("settings" in fields)
				expect(reply.text).toContain(fields.settings.replaceAll('"', "&quot;"));
			const { config, parkedMessageCount } = await new Consumer(
				servers,
				"order-1",
				"billing",
			).info();
			expect([config, parkedMessageCount]).toEqual([before.config, before.parkedMessageCount]);
		},
	);

	test("one of no page, and one without a group, are refused", async () => {
		expect((await forms.send({ ...billing, action: "format" })).status).toBe(400);
		expect((await forms.send({ stream: "order-1", group: "", action: "create" })).status).toBe(400);
	});

	test("a group that cannot be typed is deleted by a word", async () => {
		const made = { stream: "order-9", group: "a\u200bb" };
		expect((await forms.send({ ...made, action: "create" })).status).toBe(303);
		expect((await forms.send({ ...made, action: "delete", confirm: "delete" })).status).toBe(303);
		expect((await servers.ask(page("/subscriptions/order-9"))).text).toContain(
			"No subscription yet",
		);
	});
});

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test("a subscription is made, set, and deleted by forms alone", async () => {
			const { page } = await browser.fresh("/subscriptions/order-7", { javaScriptEnabled: false });
			expect(await page.locator(".empty h2").innerText()).toBe("No subscription yet");
			await page.getByLabel("Group").fill("search");
			await page.getByRole("button", { name: "Create" }).click();
			await page.waitForURL(/\/subscriptions\/order-7\/search$/);
			await page.locator("summary", { hasText: "Change them" }).click();
			await page.locator("textarea").fill('{"namedConsumerStrategy":"Pinned","maxRetryCount":2}');
			await page.getByRole("button", { name: "Write the settings" }).click();
			await page.locator("li", { hasText: "Each stream has its consumer." }).waitFor();
			expect(await page.locator("aside").innerText()).toContain("after 2 retries");
			await page.locator("summary", { hasText: "Go on at another place" }).click();
			await page.getByLabel("From now on: what is there already is left out").check();
			await page.getByRole("button", { name: "Go on there" }).click();
			await page.waitForURL(/\/subscriptions\/order-7\/search$/);
			await page.locator("summary", { hasText: "Delete this" }).click();
			await page.locator("input[name=confirm]").fill("search");
			await page.getByRole("button", { name: "Delete", exact: true }).click();
			await page.waitForURL(/\/subscriptions$/);
			expect(await page.locator("tr.row", { hasText: "search" }).count()).toBe(0);
		});

		test("parked messages are shown with their reason, looked at, and replayed", async () => {
			const overview = (await servers.ask(get("/", "text/html"))).text;
			expect(overview).toContain('<a href="/subscriptions">2 messages parked</a>');
			const { page, faults } = await browser.tab(BILLING);
			const rows = page.locator(".parked tr.row");
			expect(await rows.count()).toBe(2);
			expect(await rows.first().innerText()).toMatch(
				/^Mark\s1\s[\s\S]*Counted[\s\S]*order-1\s*\/1[\s\S]*NAK/,
			);
			expect(await rows.first().locator("a.open").getAttribute("href")).toBe("/streams/order-1/1");
			await page.locator("input[name=stopAt]").fill("1");
			await page.getByRole("button", { name: "Replay" }).click();
			await page.waitForURL(/#parked$/);
			// It comes among the events that nobody has got yet.
			const later = new Consumer(servers, "order-1", "billing", "later");
			await until(async () => (await later.take(1)).some(({ event }) => event?.version === 0));
			await page.reload();
			expect(await page.locator(".tile", { hasText: "Parked" }).innerText()).toContain("1");
			expect(await page.locator(".consumers").innerText()).toContain("later");
			expect(faults).toEqual([]);
		});

		test("parked messages are marked and discarded, and then all of them", async () => {
			const consumer = new Consumer(servers, "order-1", "discarding");
			await consumer.create();
			await consumer.answer("nack?action=park", await consumer.take(3));
			const { page } = await browser.fresh(consumer.path, { javaScriptEnabled: false });
			const rows = page.locator(".parked tr.row");
			const discard = async () => {
				await page.locator("#discard input[name=confirm]").fill("discarding");
				await page.getByRole("button", { name: "Discard" }).click();
				await page.waitForURL(/#parked$/);
			};
			const form = page.locator("summary", { hasText: "Discard messages" });
			await rows.nth(1).getByRole("checkbox").check();
			await form.click();
			await discard();
			expect(await rows.count()).toBe(2);
			expect(await page.locator(".tile", { hasText: "Parked" }).innerText()).toContain("2");
			await page.goto(base + consumer.path);
			await form.click();
			await page.getByLabel("All 2").check();
			await discard();
			expect(await rows.count()).toBe(0);
			expect(await page.locator("section", { hasText: "No message is parked." }).count()).toBe(1);
		});

		test("the page of a stream leads to its subscriptions", async () => {
			const { page } = await browser.tab("/streams/order-1");
			await page.getByRole("link", { name: "3 subscriptions" }).click();
			expect(await page.locator(".subs tr.row").count()).toBe(3);
		});

		test("names are text, nothing is wider than the window, and axe finds nothing", async () => {
			const { page, faults } = await browser.tab("/subscriptions");
			expect(await page.locator(".subs").innerText()).toContain(`"><svg onload=alert(1)>U+202E`);
			const looks = [
				["list", "/subscriptions", "light", 1400],
				["list", "/subscriptions", "dark", 360],
				["one", BILLING, "light", 360],
				["one", BILLING, "dark", 1400],
				["long", new Consumer(servers, LONG, GROUP).path, "dark", 360],
			] as const;
			for (const [name, path, colorScheme, width] of looks) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme });
				await page.goto(base + path);
				if (name !== "long") expect(await violations(page)).toEqual([]);
				expect(await isTooWide(page)).toBe(false);
				if (process.env.VARVE_SHOTS) {
					const file = `${process.env.VARVE_SHOTS}/subscriptions-${name}-${width}.png`;
					await page.screenshot({ path: file, fullPage: true });
				}
			}
			expect(faults).toEqual([]);
		});
	},
);
