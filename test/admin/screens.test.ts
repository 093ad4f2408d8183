/** The pages in a real browser: in both themes, narrow and wide, with hostile content, by keys. */
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import {
	fill,
	HOSTILE,
	heard,
	inBrowser,
	isTooWide,
	post,
	screens,
	violations,
} from "./browser.ts";

const of = encodeURIComponent;
const LOOKS = [
	["light", 1400],
	["dark", 360],
] as const;
const PAGES = {
	overview: "/",
	"the chart of an hour": "/?chart=reads",
	operations: "/admin",
	"a question in SQL": `/admin/sql?sql=${of("SELECT stream, data FROM events")}`,
	"a question that is wrong": "/admin/sql?sql=DROP",
	"all options": "/admin?options=all&level=warn",
	streams: "/streams",
	"streams found": "/streams?contains=order",
	"streams that are not there": "/streams?find=nothing&how=prefix",
	types: "/streams?prefix=%24et-",
	"the form of a search": "/search",
	"the form of a query": "/search?by=query",
	"a search": "/search?stream=order-*&path=%24.total&is=ge&value=12",
	"a search with hostile content": `/search?type=${of(HOSTILE.type)}&path=%24.html&is=there`,
	"a search that finds nothing": "/search?type=OrderPlaced&path=%24.total&value=nothing",
	"a search that is wrong": "/search?path=%24.a%5Bb&value=1",
	"a stream": "/streams/order-7?open=1",
	"all events": "/streams/%24all",
	"a category": "/streams/%24ce-order/0/forward/20",
	"an event": "/streams/order-7/2",
	"hostile content": `/streams/${of(HOSTILE.stream)}/0`,
	"a hostile name": `/streams/${of(HOSTILE.turned)}`,
	"a long name": `/streams/${of(HOSTILE.long)}`,
	"large events": "/streams/huge-1?open=1",
	"a large event": "/streams/huge-1/0",
	"a binary event": "/streams/binary-1/0",
	"a deleted stream": "/streams/gone-1",
	"a moment": "/streams/order-7?as-of=1",
	"the log at a moment": "/streams/%24all?as-of=@30&by=number",
	metadata: "/streams/order-7/metadata",
	"the form of a delete": "/streams/order-7?deed=delete",
	"a refusal": "/streams/order-7/99",
	"the login": "/login?to=/streams",
	users: "/users",
	tokens: "/tokens",
};

/** Of each form one is looked at by axe-core; the others are made of the same parts. */
const FORMS: ReadonlySet<string> = new Set([
	"overview",
	"the chart of an hour",
	"a question in SQL",
	"a question that is wrong",
	"all options",
	"streams found",
	"streams that are not there",
	"the form of a query",
	"a search",
	"a search that finds nothing",
	"a search that is wrong",
	"a stream",
	"a category",
	"an event",
	"hostile content",
	"a hostile name",
	"a binary event",
	"a deleted stream",
	"a moment",
	"metadata",
	"the form of a delete",
	"a refusal",
	"the login",
	"users",
	"tokens",
]);
/** These once more, narrow and dark. */
const NARROW: ReadonlySet<string> = new Set([
	"overview",
	"a question in SQL",
	"all options",
	"a search",
	"a stream",
	"an event",
	"hostile content",
	"users",
]);
/** Read in the browser without JavaScript, too. */
const STILL = ["overview", "streams", "a stream", "an event", "a search", "a moment", "metadata"];

let servers: Servers;
let base: string;
beforeAll(async () => {
	servers = await startServers({}, screens());
	base = servers.url;
	await fill(servers);
});
afterAll(() => servers?.close());

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test.each(Object.entries(PAGES))(
			"%s: well-formed for everyone in both themes and widths, and asks nobody else",
			async (name, path) => {
				const { page, faults } = await browser.tab(path);
				for (const [colorScheme, width] of LOOKS) {
					await page.setViewportSize({ width, height: 900 });
					await page.emulateMedia({ colorScheme });
					if ((width > 1000 ? FORMS : NARROW).has(name)) expect(await violations(page)).toEqual([]);
					expect(await isTooWide(page)).toBe(false);
				}
				const elements = await page.evaluate("document.querySelectorAll('*').length");
				expect(elements).toBeLessThanOrEqual(1500);
				expect(faults).toEqual([]);
			},
		);

		test("every page can be read without JavaScript", async () => {
			for (const path of Object.values(PAGES)) {
				expect((await servers.ask(get(path, "text/html"))).text).toMatch(/<h1[^>]*>[\s\S]+<\/h1>/);
			}
			const { page, faults } = await browser.fresh("/", { javaScriptEnabled: false });
			for (const name of STILL) {
				await page.goto(base + PAGES[name as keyof typeof PAGES]);
				expect(await page.locator("h1").innerText()).not.toBe("");
				expect(await page.locator(".needs-script:visible").count()).toBe(0);
			}
			expect(faults).toEqual([]);
		});

		test("only the keys that work on a page are listed, and its foot names no other", async () => {
			const keysOf = async (path: string) => {
				const { text } = await servers.ask(get(path, "text/html"));
				const list = /<dl class="keys"[\s\S]*?<\/dl>/.exec(text)?.[0] ?? "";
				const keys = [...list.matchAll(/<dt>([\s\S]*?)<\/dt>/g)].map(([, one = ""]) =>
					one.replace(/<[^>]+>/g, "").trim(),
				);
				return { keys, hints: /id="hints">([\s\S]*?)<\/p>/.exec(text)?.[1] ?? "" };
			};
			const login = await keysOf("/login");
			expect(login.hints).not.toContain("rows");
			expect(login.keys).not.toContain("j");
			const first = await keysOf("/streams/order-7");
			expect(first.keys).toEqual(expect.arrayContaining(["j", "Enter", "p", "f", "a", "t"]));
			expect(first.keys).not.toContain("[");
			expect((await keysOf("/streams/%24all")).keys).toContain("]");
			expect((await keysOf("/streams/order-7/0")).keys).not.toContain("←");
			expect((await keysOf("/streams/order-7/0")).keys).toContain("→");
		});

		test("rows are 29 pixels high on a wide screen, and 44 or more on a narrow one", async () => {
			const { page } = await browser.tab("/streams/%24all");
			for (const [width, least, most] of [
				[1400, 28, 30],
				[360, 44, 70],
			] as const) {
				await page.setViewportSize({ width, height: 900 });
				const heights = await page
					.locator("tr.row")
					.evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
				expect(Math.min(...heights)).toBeGreaterThanOrEqual(least);
				expect(Math.max(...heights)).toBeLessThanOrEqual(most);
			}
		});

		test("a screen reader hears the heads of a table, its numbers, and what caused what", async () => {
			const { page } = await browser.tab("/streams/order-1");
			const table = await heard(page, "main table");
			expect(table[0]).toBe("table Events");
			const heads = table.filter((said) => said.startsWith("columnheader"));
			expect(heads).toEqual(
				["No.", "Type", "Data", "Size", "Time, UTC"].map((name) => `columnheader ${name}`),
			);
			const cells = table.filter((said) => said.startsWith("cell"));
			expect([0, 5, 10].map((at) => cells[at])).toEqual(["cell 2", "cell 1", "cell 0"]);

			await page.goto(`${servers.url}/streams/order-1/1`);
			const list = await heard(page, ".caused");
			expect(list.filter((said) => /^list(item)?$/.test(said))).toHaveLength(5);
			const said = "StaticText after its cause: OrderPlaced order-1/0";
			expect(list.filter((one) => one === said)).toHaveLength(3);
		});

		test("what a client named stands as text, with all that cannot be seen in it", async () => {
			const { page } = await browser.tab(`/streams/${of(HOSTILE.turned)}`);
			expect(await page.title()).toBe("order-[U+202E]txt.exe – Varve");
			expect(await page.locator("h1 .esc").innerText()).toBe("U+202E");
			await page.goto(`${base}/streams/${of(HOSTILE.stream)}/0`);
			expect(await page.locator("h1").innerText()).toBe(HOSTILE.type);
			const tree = await page.locator(".tree").first().innerText();
			for (const shown of [
				"<script>alert(1)</script>",
				"U+202E",
				"\\u0000",
				"1.10",
				"1e400",
				"sent twice",
			]) {
				expect(tree).toContain(shown);
			}
		});

		test("new events come into the page, and wait while somebody reads", async () => {
			const { page, faults } = await browser.tab("/streams/order-8");
			await page.locator("#live .dot.ok").waitFor();
			await post(servers, "order-8", [{ eventType: "Noted", raw: '{"note":"first"}' }]);
			await page.locator("td.data", { hasText: "first" }).waitFor();
			await page.locator("a.open").first().click();
			await page.locator("tr.inside").waitFor();
			expect(page.url()).toContain("open=3");
			await post(servers, "order-8", [{ eventType: "Noted", raw: '{"note":"second"}' }]);
			await page.locator("#live-new", { hasText: "1 new event" }).waitFor();
			expect(await page.locator("td.data", { hasText: "second" }).count()).toBe(0);
			await page.locator("#live-new").click();
			await page.locator("td.data", { hasText: "second" }).waitFor();
			await page.goBack();
			await page.locator("tr.inside").waitFor({ state: "detached" });
			expect(faults).toEqual([]);
		});

		test("a list is filtered while its field is typed in", async () => {
			const { page } = await browser.tab("/streams");
			await page.locator(".find").fill("mail-2");
			await page.locator("tbody .name", { hasText: "mail-29" }).waitFor();
			await page
				.locator("tbody .name", { hasText: "order-" })
				.first()
				.waitFor({ state: "detached" });
			expect(await page.locator("tr.row").count()).toBe(11);
			expect(page.url()).toContain("find=mail-2");
		});

		test("keys lead everywhere, stay quiet in fields, and can be turned off", async () => {
			const { page } = await browser.fresh("/");
			await page.keyboard.press("j");
			await page.keyboard.press("j");
			expect(await page.locator("tr.row.current").count()).toBe(1);
			await page.keyboard.press("/");
			await page.keyboard.type("order-7");
			expect(await page.locator("#go").inputValue()).toBe("order-7");
			await page.locator("#go-list a", { hasText: "order-7" }).waitFor();
			await page.keyboard.press("Enter");
			await page.waitForURL("**/streams/order-7");
			await page.keyboard.press("g");
			await page.keyboard.press("s");
			await page.waitForURL("**/streams");
			await page.keyboard.press("?");
			expect(await page.locator("#keys[open] dd").allInnerTexts()).toContain("next row");
			await page.locator("#letters").uncheck();
			await page.keyboard.press("Escape");
			await page.keyboard.press("/");
			expect(await page.evaluate("document.activeElement?.id")).not.toBe("go");
		});

		test("the theme is kept from page to page, before the first paint", async () => {
			const { page } = await browser.fresh("/", { colorScheme: "light" });
			await page.locator("#theme").click();
			expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
			await page.goto(`${base}/streams`);
			expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
		});

		test("the proof is checked in the browser, and one flipped bit is told", async () => {
			const { page, faults } = await browser.tab("/streams/order-7/2");
			await page.locator("#proof-state", { hasText: "checked in this browser" }).waitFor();
			await page.route("**/streams/order-7/2?format=bytes", async (route) => {
				const answer = await route.fetch();
				const body = await answer.body();
				body[0] = (body[0] ?? 0) ^ 1;
				await route.fulfill({ response: answer, body });
			});
			await page.reload();
			await page.locator("#proof-state", { hasText: "DOES NOT MATCH" }).waitFor();
			expect(await page.locator("#proof-said").innerText()).toContain("its data has another hash");
			expect(faults).toEqual([]);
		});

		test("an event is appended, a conflict shows what came between, and keeps the text", async () => {
			const { page, faults } = await browser.tab("/streams/order-9");
			await page.locator("[name=type]").fill("Counted");
			await page.locator("[name=data]").fill('{"count": 1.10,}');
			await page.locator("#data-hint", { hasText: "Line 1, column" }).waitFor();
			await page.locator("[name=data]").fill('{"count": 1.10}');
			await page.locator("#data-hint", { hasText: "Valid JSON, 15 bytes" }).waitFor();
			await post(servers, "order-9", [{ eventType: "Between", raw: "{}" }]);
			await page.locator("#append button.main").click();
			const said = page.locator("#append [role=alert]");
			expect(await said.innerText()).toContain("The stream is at 3 now, you expected 2");
			expect(await said.innerText()).toContain("Event 3 came between, and is marked.");
			expect(await page.locator("tr[data-between]").allInnerTexts()).toEqual([
				expect.stringContaining("Between"),
			]);
			expect(await page.locator("[name=data]").inputValue()).toBe('{"count": 1.10}');
			expect(await page.locator("tr.row").first().innerText()).toContain("Between");
			await page.locator("#append button.main").click();
			await page.waitForURL("**/streams/order-9?open=4");
			expect(await page.locator("tr.inside .tree").first().innerText()).toContain("1.10");
			expect(faults).toEqual([]);
		});

		test("a delete needs the name typed, and its stream can be brought back", async () => {
			const { page, faults } = await browser.tab("/streams/order-10");
			await page.locator("a[data-dialog]", { hasText: "Delete" }).click();
			const button = page.locator("dialog button.danger");
			await button.waitFor();
			expect(await violations(page)).toEqual([]);
			expect(await button.isDisabled()).toBe(true);
			await page.locator("dialog [name=confirm]").fill("order-1");
			expect(await page.locator("#deed-left").innerText()).toBe("1 character to go");
			await page.keyboard.press("Escape");
			await page.locator("dialog").first().waitFor({ state: "hidden" });
			await page.locator("a[data-dialog]", { hasText: "Delete" }).click();
			await page.locator("dialog [name=confirm]").fill("order-10");
			await button.click();
			await page.locator("h1 .badge", { hasText: "deleted" }).waitFor();
			expect((await servers.ask({ path: "/streams/order-10" })).status).toBe(404);
			await page.locator("button", { hasText: "Bring back" }).click();
			await page.locator("tr.row").first().waitFor();
			expect((await servers.ask({ path: "/streams/order-10" })).status).toBe(200);
			expect(faults).toEqual([]);
		});
	},
);
