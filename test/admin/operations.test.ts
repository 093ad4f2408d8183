/** The Operations page and the figures of the overview, in a real browser and without its script. */
import { Refusal } from "../../src/errors.ts";
import type { RecentRing } from "../../src/observe/numbers/recent.ts";
import { noteBackup } from "../../src/upkeep/backup-notes.ts";
import { get } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { HOSTILE, inBrowser, isTooWide, post, screens, violations } from "./browser.ts";

let servers: Servers;
let base: string;

beforeAll(async () => {
	servers = await startServers({}, screens());
	base = servers.url;
	for (const stream of ["order-1", "order-2"]) {
		await post(servers, stream, [{ eventType: "OrderPlaced", raw: "{}" }]);
	}
});
afterAll(() => servers?.close());

const page = (path: string) => get(path, "text/html");

describe("forms of the Operations page", () => {
	const headers = { "Content-Type": "application/x-www-form-urlencoded" };
	const send = (body: string, more = {}) =>
		servers.ask({ method: "POST", path: "/ui/operations", headers: { ...headers, ...more }, body });
	const given = async () => {
		const reply = await servers.ask(page("/admin"));
		const [cookie = ""] = String(reply.headers["set-cookie"]).split(";");
		const token = /name="_token" value="([\w-]+)"/.exec(reply.text)?.[1];
		return { cookie, token };
	};

	test("one without the token of its page does nothing", async () => {
		expect((await send("action=start-scavenge")).status).toBe(403);
		expect(servers.scavenger.last()).toBeUndefined();
	});

	test("one of no screen is refused, and so is a share of time that is none", async () => {
		const { cookie, token } = await given();
		const more = { Cookie: cookie };
		expect((await send(`_token=${token}&action=format-disk`, more)).status).toBe(400);
		const odd = `_token=${token}&action=start-verification&throttlePercent=0`;
		expect((await send(odd, more)).status).toBe(400);
		expect(servers.server.context.upkeep.verifications.state().runs).toEqual([]);
	});

	test("what is no form is refused", async () => {
		expect((await send("{}", { "Content-Type": "application/json" })).status).toBe(415);
	});

	test("a deed that is refused shows the page with the reason", async () => {
		const { cookie, token } = await given();
		const refused = await send(`_token=${token}&action=stop-scavenge`, { Cookie: cookie });
		expect(refused.status).toBe(404);
		expect(refused.text).toContain("No scavenge with the id");
		expect(refused.text).toContain("<h1>Operations</h1>");
	});
});

inBrowser(
	"in a browser",
	() => base,
	(browser) => {
		test("tiles show what happens now, and lead to a chart with its values as a table", async () => {
			const recent = servers.server.context.recent as RecentRing;
			await post(servers, "order-2", [{ eventType: "OrderPlaced", raw: "{}" }]);
			await recent.takeNow();
			const { page, faults } = await browser.tab("/");
			expect(await page.locator(".tile .figure").allInnerTexts()).toHaveLength(6);
			await page.locator(".tile a", { hasText: "Events written" }).click();
			await page.waitForURL(/chart=events/);
			const chart = page.locator("#chart-panel");
			expect(await chart.locator("svg").getAttribute("aria-label")).toMatch(/last hour, peak /);
			await chart.locator("summary").click();
			expect(await chart.locator("tbody tr").count()).toBe(1);
			expect(await violations(page)).toEqual([]);
			expect(faults).toEqual([]);
		});

		test("a verification is started by a button, and its result comes by itself", async () => {
			const { page, faults } = await browser.tab("/");
			await page.getByRole("button", { name: "Verify the log" }).click();
			await page.waitForURL(/\/admin#verification$/);
			const panel = page.locator("section", { has: page.locator("#verification") });
			await panel.locator("tr .badge", { hasText: "Sound" }).waitFor();
			expect(await panel.locator("tr.row").first().innerText()).toMatch(
				/\d+ events in \d+ streams/,
			);
			expect(faults).toEqual([]);
		});

		test("a scavenge says what is gone for ever before it starts; it works without the script", async () => {
			const { page } = await browser.fresh("/admin", { javaScriptEnabled: false });
			const start = page.getByRole("button", { name: "Erase for ever" });
			expect(await start.isVisible()).toBe(false);
			await page.locator("summary", { hasText: "Start a scavenge" }).click();
			expect(await page.locator("ul.says").innerText()).toContain("for ever");
			await start.click();
			await until(() => servers.scavenger.last()?.result === "Success");
			await page.goto(`${base}/admin`);
			const panel = page.locator("section", { has: page.locator("#scavenge") });
			expect(await panel.locator("tr.row").innerText()).toMatch(/Success[\s\S]*0 events erased/);
		});

		test("lines of the operator log and notes of backups are text, whatever is in them", async () => {
			const { lines } = servers.server.context;
			const line = { time: "2026-03-01T14:00:00.000Z", msg: HOSTILE.type };
			lines.add(JSON.stringify({ ...line, level: "warn", "<b>": `${HOSTILE.turned}\u001b[2J` }));
			lines.add(
				JSON.stringify({ ...line, level: "info", msg: "a quiet line", path: HOSTILE.long }),
			);
			const [finished, target] = [line.time, `/backup/${HOSTILE.stream}\u202e`];
			await noteBackup(servers.directory, {
				target,
				finished,
				events: 2,
				incarnation: 1,
				faults: 1,
			});
			const { page, faults } = await browser.tab("/admin?level=warn");
			const [shown = ""] = await page.locator(".lines tr.row").allInnerTexts();
			expect(shown).toContain(HOSTILE.type);
			expect(shown).toContain("<b>=order-U+202Etxt.exe");
			expect(shown).toContain("U+001B");
			expect(await page.locator(".lines tr.row").count()).toBe(1);
			const backups = page.locator("section", { has: page.locator("#backups") });
			expect(await backups.innerText()).toMatch(/<b>bold<\/b>-1U\+202E[\s\S]*1 fault/);
			await page.setViewportSize({ width: 360, height: 800 });
			expect(await isTooWide(page)).toBe(false);
			expect(await violations(page)).toEqual([]);
			expect(faults).toEqual([]);
		});

		test("all tabs of a browser hear of new events over one connection", async () => {
			const tabs = [];
			for (let tab = 0; tab < 7; tab++) {
				const path = tab % 2 === 0 ? "/" : `/streams/order-${tab % 4 === 1 ? 1 : 2}`;
				tabs.push(await browser.another(path));
			}
			for (const { page } of tabs) await page.locator("#live .dot.ok").waitFor();
			expect(servers.liveReaders.connected()).toBe(1);
			await post(servers, "order-1", [{ eventType: "OrderPaid", raw: "{}" }]);
			for (const { page } of tabs.filter((_, tab) => tab % 4 !== 3)) {
				await page.locator("tr.row", { hasText: "OrderPaid" }).first().waitFor();
			}
			for (const { page, faults } of tabs) {
				expect(faults).toEqual([]);
				await page.close();
			}
			await until(() => servers.liveReaders.connected() === 0);
		});

		test("without shared workers a page has a connection of its own", async () => {
			const { page, faults } = await browser.fresh("/login");
			await page.addInitScript("delete window.SharedWorker");
			await page.goto(`${base}/streams/order-1`);
			await page.locator("#live .dot.ok").waitFor();
			await post(servers, "order-1", [{ eventType: "OrderShipped", raw: "{}" }]);
			await page.locator("tr.row", { hasText: "OrderShipped" }).waitFor();
			expect(faults).toEqual([]);
		});

		test("the overview of a stopped writer says why, since when, and what to do", async () => {
			const other = await startServers({}, screens());
			await post(other, "order-1", [{ eventType: "OrderPlaced", raw: "{}" }]);
			await (other.server.context.recent as RecentRing).takeNow();
			const reason = "disk I/O error <b>\u202e";
			other.server.refuseWith(new Refusal("writer-stopped", { reason, retryAfterSeconds: 5 }));
			const { page, faults } = await browser.fresh(`${other.url}/`);
			const note = page.locator("#writer");
			expect(await note.getAttribute("role")).toBe("alert");
			expect(await note.innerText()).toMatch(/At \d\d:[\s\S]*disk I\/O error <b>U\+202E/);
			expect(await note.innerText()).toContain("varve verify");
			expect(await page.locator(".tile .still").count()).toBe(3);
			expect(await page.locator(".facts").innerText()).toContain("writer stopped");
			expect(await page.locator("tr.row").count()).toBeGreaterThan(0);
			for (const [colorScheme, width] of [
				["dark", 1400],
				["light", 360],
			] as const) {
				await page.setViewportSize({ width, height: 900 });
				await page.emulateMedia({ colorScheme });
				expect(await violations(page)).toEqual([]);
				expect(await isTooWide(page)).toBe(false);
				if (process.env.VARVE_SHOTS) {
					await page.screenshot({
						path: `${process.env.VARVE_SHOTS}/stopped-${width}.png`,
						fullPage: true,
					});
				}
			}
			expect(faults).toEqual([]);
			await other.close();
		});
	},
);
