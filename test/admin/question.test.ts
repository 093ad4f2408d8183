/** The page of a query: what it shows while it runs, Stop, faults; the same without JavaScript. */
import { type Servers, startServers, until } from "../http/harness.ts";
import { Asker } from "../http/projections/asker.ts";
import { HOSTILE, inBrowser, isTooWide, screens, violations } from "./browser.ts";

const EVENTS = 600;
const QUERY = `fromStream('many-1').partitionBy((e) => e.data.key).when({
	$init: () => ({ n: 0 }),
	A(s, e) { s.n++; if (s.n === 1) log('first', e.data.key); }
}).transformBy((s) => ({ twice: 2 * s.n }))`;
const KEYS = ["<b>bold</b>", HOSTILE.turned, "plain"];

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({}, screens());
	const data = Array.from({ length: EVENTS }, (_, n) => ({ n, key: KEYS[n % 3] }));
	const asker = new Asker(servers);
	await asker.append("many-1", "A", ...data);
	for (let part = 0; part < 5; part++) await asker.append("many-2", "A", ...data);
});
afterAll(() => servers?.close());

inBrowser(
	"in a browser",
	() => servers.url,
	(browser) => {
		const running = () => servers.server.context.searches.running;

		test("it shows states, what is logged, and that it is completed", async () => {
			const { page, faults } = await browser.tab("/search");
			await page.locator(".segments a", { hasText: "By a query" }).click();
			await page.fill("#query", QUERY);
			await page.press("#query", "Control+Enter");
			await page.locator("#question-end", { hasText: "completed" }).waitFor();
			expect(await page.locator("#question-found").innerText()).toContain("600 events read");
			const shown = await page.locator("#question-states").innerText();
			expect(shown).toContain("<b>bold</b>");
			expect(shown).toContain("order-U+202Etxt.exe");
			expect(shown).toContain('{"n":200}');
			expect(shown).toContain('{"twice":400}');
			expect(await page.locator("#question-said dd").allInnerTexts()).toContain("first plain");
			expect(new URL(page.url()).searchParams.get("query")).toBe(QUERY);
			expect(await violations(page)).toEqual([]);
			await page.setViewportSize({ width: 360, height: 900 });
			await page.emulateMedia({ colorScheme: "dark" });
			expect(await violations(page)).toEqual([]);
			expect(await isTooWide(page)).toBe(false);
			// Its URL brings the query back, and runs nothing.
			await page.reload();
			expect(await page.inputValue("#query")).toBe(QUERY);
			expect(await page.locator("#question-found").isVisible()).toBe(false);
			expect(faults).toEqual([]);
		});

		test("Esc stops it here and at the server, and what it gave stays", async () => {
			const { page, faults } = await browser.tab("/search?by=query");
			const slow = QUERY.replace("many-1", "many-2").replace(
				"s.n++;",
				"s.n++; for (let i = 0; i < 30000; i++) Math.sqrt(i);",
			);
			await page.fill("#query", slow);
			await page.locator("#question-run").click();
			await page.locator("#question-states dd").first().waitFor();
			expect(running()).toBe(1);
			await page.keyboard.press("Escape");
			await page.locator("#question-end", { hasText: "cancelled" }).waitFor();
			await until(async () => running() === 0);
			expect(await page.locator("#question-stop").isVisible()).toBe(false);
			expect(await page.locator("#question-states dd").count()).toBeGreaterThan(0);
			expect(faults).toEqual([]);
		});

		test("a fault is shown with its line and its event; a query that is none, at its field", async () => {
			const { page, faults } = await browser.tab("/search?by=query");
			await page.fill("#query", QUERY.replace("s.n++;", "if (e.data.n === 77) e.no.no; s.n++;"));
			await page.locator("#question-run").click();
			await page.locator("#question-end", { hasText: "faulted" }).waitFor();
			const said = await page.locator("#question-fault").innerText();
			expect(said).toMatch(/line 3, column \d+/);
			expect(said).toContain("if (e.data.n === 77) e.no.no;");
			expect(await page.locator("#question-fault a").getAttribute("href")).toBe(
				"/streams/many-1/77",
			);
			expect(await violations(page)).toEqual([]);

			await page.fill("#query", "fromAll().when({");
			await page.locator("#question-run").click();
			await page.locator("#wrong", { hasText: "line 1" }).waitFor();
			expect(await page.getAttribute("#query", "aria-invalid")).toBe("true");
			expect(await page.locator("#fault-panel").isVisible()).toBe(false);
			expect(await page.locator("#question-found").isVisible()).toBe(false);
			expect(faults).toEqual([]);
		});

		test("the field of a projection says while it is typed whether it can run", async () => {
			const { page, faults } = await browser.tab("/projections");
			const said = page.locator("[data-checks-query]");
			await page.fill("[name=query]", "fromAll().when({\n  $any(s) { s.n++ }\n  B");
			await said.filter({ hasText: /line 3, column \d+/ }).waitFor();
			expect(await page.getAttribute("[name=query]", "aria-invalid")).toBe("true");
			await page.fill("[name=query]", "fromAll().when({ $any(s) { s.n++ } })");
			await said.filter({ hasText: "It can run." }).waitFor();
			expect(await page.getAttribute("[name=query]", "aria-invalid")).toBe(null);
			expect(await violations(page)).toEqual([]);
			expect(faults).toEqual([]);
		});

		test("without JavaScript the form gives the same", async () => {
			const { page } = await browser.fresh("/search?by=query", { javaScriptEnabled: false });
			expect(await page.locator(".needs-script:visible").count()).toBe(0);
			await page.fill("#query", QUERY);
			await page.locator("#question-run").click();
			await page.locator("#question-end", { hasText: "completed" }).waitFor();
			const shown = await page.locator("#question-states").innerText();
			expect(shown).toContain('{"twice":400}');
			expect(shown).toContain("order-U+202Etxt.exe");
			await page.fill("#query", "fromAll().when({");
			await page.locator("#question-run").click();
			expect(await page.locator("#wrong").innerText()).toContain("line 1");
			expect(await page.inputValue("#query")).toBe("fromAll().when({");
		});
	},
);
