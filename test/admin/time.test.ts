/** The page of a stream at a moment: what programs get, drawn, and a slider through its life. */
import { ticksOf } from "../../admin/screens/time/ticks.ts";
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { HOSTILE, inBrowser, post, screens } from "./browser.ts";

const ORDER = [
	{ eventType: "OrderPlaced", raw: '{"total":86.80000000000001,"status":"placed","lines":[1,2]}' },
	{ eventType: "OrderPaid", raw: '{"status":"paid","by":"card"}' },
	{ eventType: "Noted", raw: "[1]" },
	{ eventType: "OrderPaid", raw: '{"status":"paid","total":1.10}' },
];

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({}, screens());
	for (const event of ORDER) await post(servers, "order-1", [event]);
	const long = Array.from({ length: 1500 }, (_, at) => ({ eventType: "T", raw: `{"n":${at}}` }));
	await post(servers, "long-1", long);
	const raw = '{"<b>k</b>":"<script>alert(1)</script>","\\u202e":1}';
	await post(servers, HOSTILE.turned, [{ eventType: HOSTILE.type, raw }]);
});
afterAll(() => servers.close());

const page = (path: string) => servers.ask(get(path, "text/html"));
const textOf = async (path: string) => (await page(path)).text;

test("shows what programs get: the object, the event that set each key, what it was before", async () => {
	const text = await textOf("/streams/order-1?as-of=1");
	const rows = [...text.matchAll(/<th scope="row" class="mono k">(\w+)<\/th>(.*?)<\/tr>/g)].map(
		([, key, rest = ""]) => `${key}${rest.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ")}`.trim(),
	);
	expect(rows).toEqual([
		"total 86.80000000000001 0",
		"status &quot;paid&quot; was &quot;placed&quot; 1",
		"lines [2] 1 … 0",
		"by &quot;card&quot; new 1",
	]);
	expect(text).toContain("2 to 3 came later, and are left out");
});

test("an event that is no object is said to be left out, and the same value is no change", async () => {
	const text = await textOf("/streams/order-1?as-of=3");
	expect(text).toContain("Event 2 is not a JSON object, and is left out.");
	expect(text).toContain("same as before");
	expect(text).toContain("This is the newest event");
});

test.each([
	["09:55", /as-of=\d{4}-\d\d-\d\dT09:55:00\.000Z$/],
	["2026-03-01 09:55", /as-of=2026-03-01T09:55:00\.000Z$/],
	["-5m", /as-of=\d{4}-.*Z$/],
	["", /\/streams\/order-1$/],
])("“%s” in the field leads to that moment", async (typed, place) => {
	const reply = await page(`/streams/order-1?as-of=${encodeURIComponent(typed)}`);
	expect([reply.status, reply.headers.location]).toEqual([303, expect.stringMatching(place)]);
});

test.each([
	["order-1?as-of=soon", 400, "RFC 3339"],
	["order-1?as-of=4", 404, "has no event 4"],
	["nowhere-1?as-of=4", 404, "The first append makes the stream"],
])("%s is refused by a page with status %d", async (path, status, said) => {
	const reply = await page(`/streams/${path}`);
	expect(reply.status).toBe(status);
	expect(reply.text).toContain(said);
});

test("before its first event, a stream says when that came; a hidden event says so", async () => {
	const before = await textOf("/streams/order-1?as-of=2020-01-01T00:00:00Z");
	expect(before).toContain("Nothing had happened by then.");
	await post(servers, "cut-1", ORDER);
	const headers = { "Content-Type": "application/json", "ES-EventId": crypto.randomUUID() };
	await servers.ask({ path: "/streams/cut-1/metadata", headers, body: '{"$tb":2}' });
	expect(await textOf("/streams/cut-1?as-of=3")).toContain("Events before 2 are hidden now");
	expect(await textOf("/streams/cut-1?as-of=0")).toContain("No event is shown");
});

test("a long stream is drawn in parts, merged in part, and says both", async () => {
	const reply = await page("/streams/long-1?as-of=1400");
	expect(reply.text).toContain("All 1,500 events in 80 parts.");
	expect(reply.text).toContain("Made of the newest 1,000 events up to here, 401 to 1,400.");
	expect([...reply.text.matchAll(/class="mk /g)].length).toBe(100);
});

test("the log at a moment leads to each stream as of its event there", async () => {
	const text = await textOf("/streams/%24all?as-of=@1");
	expect(text).toContain("as of position 1");
	expect(text).toContain('href="/streams/order-1?as-of=1"');
	expect(text).not.toContain("The object they make");
});

test("what clients sent stands as text", async () => {
	const text = await textOf(`/streams/${encodeURIComponent(HOSTILE.turned)}?as-of=0`);
	expect(text).not.toMatch(/<script>alert|<b>k<|<svg onload/);
	expect(text).toContain("&lt;b&gt;k&lt;/b&gt;");
});

test("below the rail of a narrow screen, times with milliseconds leave each other room", () => {
	const marks = [0, 100].map((time, version) => ({ at: version, time, version, type: "T" }));
	const ticks = ticksOf(marks, true);
	const narrow = ticks.filter(({ isNarrow }) => isNarrow).map(({ text }) => text);
	expect(ticks.map(({ text }) => text.slice(-3))).toEqual(["020", "040", "060", "080"]);
	expect(narrow).toEqual(["00:00:00.020", "00:00:00.060"]);
});

inBrowser(
	"the slider, in a browser",
	() => servers.url,
	(browser) => {
		test("snaps to the events by keys and by pointer, and shows the object as of each", async () => {
			const { page: tab, faults } = await browser.tab("/streams/order-1");
			await tab.keyboard.press("t");
			await tab.waitForURL("**/streams/order-1?as-of=3");
			await tab.keyboard.press("ArrowLeft");
			await tab.waitForURL("**/streams/order-1?as-of=2");
			const title = tab.locator("h1", { hasText: "as of event 2" });
			await title.waitFor();
			await tab.locator("#moment").focus();
			await tab.keyboard.press("ArrowLeft");
			await tab.waitForURL("**/streams/order-1?as-of=1");
			await tab.locator("tr.changed", { hasText: "was" }).waitFor();
			const said = await tab.locator("#moment").getAttribute("aria-valuetext");
			expect(said).toMatch(/^event 1, OrderPaid, \d{4}-/);
			// The focus is still on the slider, so that the next key goes on.
			expect(await tab.evaluate("document.activeElement?.id")).toBe("moment");
			await tab.locator("a", { hasText: "By number" }).click();
			await tab.waitForURL("**/streams/order-1?as-of=1&by=number");
			const mark = await tab.locator(".mk[data-v='0']").boundingBox();
			if (!mark) throw new Error("no mark");
			await tab.mouse.click(mark.x + 20, mark.y + 5);
			await tab.waitForURL("**/streams/order-1?as-of=0&by=number");
			await tab.locator("h1", { hasText: "as of event 0" }).waitFor();
			expect(faults).toEqual([]);
		});

		test("without JavaScript links step, and the field leads anywhere", async () => {
			const { page: tab } = await browser.fresh("/streams/order-1?as-of=1", {
				javaScriptEnabled: false,
			});
			await tab.locator("a", { hasText: "After" }).click();
			await tab.waitForURL("**/streams/order-1?as-of=2");
			await tab.locator("[name=as-of]").fill("@0");
			await tab.locator("button", { hasText: "Go" }).click();
			await tab.locator("h1", { hasText: "as of event 0" }).waitFor();
		});
	},
);
