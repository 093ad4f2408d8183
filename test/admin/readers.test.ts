/** The pages of groups and positions: with their forms as programs send them, and in a browser. */
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { counted } from "../http/subscriptions/consumer.ts";
import { HOSTILE, inBrowser, isTooWide, screens, violations } from "./browser.ts";
import { expectLogin, Forms, page } from "./forms.ts";

const SVG = `"><svg onload=alert(1)>`;
const SETTINGS = {
	key: "$['<b>']",
	filter: { context: "streamid", type: "prefix", data: SVG },
	leaseMilliseconds: 300_000,
};
let servers: Servers;
let base: string;

beforeAll(async () => {
	servers = await startServers({}, screens());
	base = servers.url;
	const headers = { "Content-Type": "application/json" };
	const put = (path: string, body: object) =>
		servers.ask({ method: "PUT", path, headers, body: JSON.stringify(body) });
	for (const stream of ["order-1", HOSTILE.stream]) {
		await servers.ask(counted(stream, 7));
		const name = stream === "order-1" ? "search" : "hostile";
		await put(`/positions/${name}`, { stream, at: 4 });
		await put(`/groups/${name}`, { ...SETTINGS, stream, partitions: 6 });
	}
	const join = { path: "/groups/search/members", headers };
	await servers.ask({ ...join, body: JSON.stringify({ name: SVG }) });
	await put("/groups/search", { ...SETTINGS, stream: "order-1", partitions: 9 });
});
afterAll(() => servers?.close());

test("a program gets what it always got, at the URLs of the pages", async () => {
	for (const path of ["/groups", "/groups/search", "/positions"]) {
		expect((await servers.ask(get(path, "*/*"))).headers["content-type"]).toContain("json");
		expect((await servers.ask(page(path))).headers["content-type"]).toContain("html");
	}
	expect((await servers.ask(page("/groups/nobody"))).status).toBe(404);
});

test("whoever is not known is led to the login, and sees no place of that name", async () => {
	await expectLogin(["/groups", "/positions"], "readers");
});

describe("forms", () => {
	const forms = new Forms(() => servers, "/groups", "/ui/readers");
	const made = { name: "made", stream: "order-9", partitions: "3", key: "stream" };

	test("one without the token of its page does nothing", async () => {
		expect((await forms.post({ action: "drop", name: "search" })).status).toBe(403);
		expect((await servers.ask(page("/positions"))).text).toContain("search");
	});

	test.each([
		["a group that is there", { ...made, name: "search", action: "create" }, 412, "a new one"],
		["a name that is none", { ...made, name: "a b", action: "create" }, 400, "characters"],
		["no number", { ...made, partitions: "x", action: "create" }, 400, "no number"],
		["too many partitions", { ...made, partitions: "9999", action: "create" }, 400, "1024"],
		["a key that is none", { ...made, key: "a.b", action: "create" }, 400, "path"],
		[
			"another name",
			{ name: "search", action: "delete", confirm: "x" },
			400,
			"Nothing was changed",
		],
		["a position that is gone", { name: "gone", action: "drop" }, 404, "no position"],
		[
			"no place",
			{ name: "search", action: "reset", start: "number", number: "x" },
			400,
			"no number",
		],
		[
			"a place beyond",
			{ name: "search", action: "reset", start: "number", number: "99" },
			409,
			"ends",
		],
		["no form of ours", { action: "format" }, 400, "No form"],
	])("%s: the page says it, and nothing is changed", async (_, fields, status, said) => {
		const reply = await forms.send(fields);
		expect([reply.status, reply.text.includes(said)]).toEqual([status, true]);
		expect((await servers.ask({ path: "/groups" })).json.total).toBe(2);
	});

	test("a group goes on where its form says", async () => {
		for (const [fields, at] of [
			[{ start: "number", number: "3" }, 2],
			[{ start: "beginning" }, -1],
			[{ start: "end" }, 6],
		] as const) {
			const reply = await forms.send({ ...fields, action: "reset", name: "search" });
			expect([reply.status, reply.headers.location]).toEqual([
				303,
				expect.stringMatching(/\/groups\/search$/),
			]);
			expect((await servers.ask({ path: "/groups/search" })).json.at).toBe(at);
		}
	});

	test("one member is one member, in words, too", async () => {
		const { text } = await servers.ask(page("/groups"));
		expect(text).toContain('1<span class="unit"> member</span>');
		expect(text).toContain('0<span class="unit"> members</span>');
	});
});

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test("a group is made, divided anew and deleted, and a position deleted, by forms alone", async () => {
			const { page } = await browser.fresh("/groups", { javaScriptEnabled: false });
			await page.getByLabel("Group", { exact: true }).fill("billing");
			await page.getByLabel("Stream; it need not exist").fill("order-3");
			await page.getByRole("button", { name: "Create" }).click();
			await page.waitForURL(/\/groups\/billing$/);
			await page.locator("summary", { hasText: "Change the number" }).click();
			await page.getByRole("textbox", { name: "Partitions" }).fill("20");
			await page.getByRole("button", { name: "Change", exact: true }).click();
			await page.locator("li", { hasText: "20 partitions from number 0 on." }).waitFor();
			await page.locator("summary", { hasText: "Delete this" }).click();
			await page.locator("input[name=confirm]").fill("billing");
			await page.getByRole("button", { name: "Delete", exact: true }).click();
			await page.waitForURL(/\/groups$/);
			expect(await page.locator("tr.row", { hasText: "billing" }).count()).toBe(0);
			await page.getByRole("link", { name: "Positions" }).click();
			const row = page.locator("tr.row", { hasText: "hostile" });
			await row.locator("summary").click();
			await row.getByRole("button").click();
			await page.waitForURL(/\/positions$/);
			expect(await page.locator("tr.row").count()).toBe(1);
		});

		test("names are text, nothing is wider than the window, and axe finds nothing", async () => {
			const { page, faults } = await browser.tab("/groups/search");
			const text = await page.locator("main").innerText();
			expect(text).toContain(SVG);
			expect(await page.locator(".consumers").innerText()).toContain(SVG);
			expect(text).toMatch(/9 partitions from number 7 on, once everything before it is handled/);
			const looks = [
				["groups", "/groups", "light", 1400],
				["groups", "/groups", "dark", 360],
				["group", "/groups/search", "dark", 1400],
				["group", "/groups/search", "light", 360],
				["positions", "/positions", "dark", 1400],
				["positions", "/positions", "light", 360],
			] as const;
			for (const [name, path, colorScheme, width] of looks) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme });
				await page.goto(base + path);
				expect([name, width, await violations(page)]).toEqual([name, width, []]);
				const isWide = await isTooWide(page);
				expect([name, width, isWide]).toEqual([name, width, false]);
				for (const summary of await page.locator("summary:visible").all()) {
					expect((await summary.boundingBox())?.height).toBeGreaterThanOrEqual(24);
				}
				if (process.env.VARVE_SHOTS) {
					const file = `${process.env.VARVE_SHOTS}/readers-${name}-${width}.png`;
					await page.screenshot({ path: file, fullPage: true });
				}
			}
			expect(faults).toEqual([]);
		});
	},
);
