/** The page of a search: without JavaScript part by part, with it rows come until somebody stops. */
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { HOSTILE, inBrowser, post, screens } from "./browser.ts";

const EVENTS = 120;
/** On one page, which the script fills with a second part. */
const SHOWN = 50;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({}, screens());
	const events = Array.from({ length: EVENTS }, (_, at) => {
		return { eventType: "Counted", raw: `{"exact":1.${at}0,"of":{"at":${at}}}` };
	});
	await post(servers, "count-1", events);
	const html = "<img src=x onerror=alert(1)>\u202e";
	await post(servers, HOSTILE.stream, [
		{ eventType: HOSTILE.type, raw: JSON.stringify({ [html]: html }) },
	]);
});
afterAll(() => servers.close());

async function textOf(path: string, status = 200): Promise<string> {
	const reply = await servers.ask(get(path, "text/html"));
	expect(reply.status).toBe(status);
	return reply.text;
}

const rowsIn = (text: string) => text.match(/<tr role="row" class="row"/g)?.length ?? 0;
const onIn = (text: string) =>
	/id="search-on" data-key="\]" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");

test("without JavaScript each part has a link to the next one, and no event is there twice", async () => {
	const seen: string[] = [];
	let path: string | undefined = "/search?stream=count-*";
	while (path !== undefined) {
		const text: string = await textOf(path);
		seen.push(...[...text.matchAll(/data-page="([^"]+)"/g)].map(([, page = ""]) => page));
		path = onIn(text);
	}
	expect(seen).toHaveLength(EVENTS);
	expect(new Set(seen).size).toBe(EVENTS);
	expect(seen[0]).toBe("/streams/count-1/119");
});

test("the value that was asked for stands first, as it was sent", async () => {
	const text = await textOf("/search?path=%24.exact&is=eq&value=1.7");
	expect(rowsIn(text)).toBe(2);
	expect(text).toContain('<span class="k">exact</span>:<mark>1.70</mark>');
});

test("times are taken as people write them", async () => {
	expect(rowsIn(await textOf("/search?from=-1h&type=Counted"))).toBe(SHOWN / 2);
	expect(await textOf("/search?until=-1h&type=Counted")).toContain("in this time");
	expect(await textOf("/search?from=soon&type=Counted", 400)).toContain("2026-11-29 09:55 or -5m");
});

test("a path that is wrong keeps the form, marks its field, and shows the place", async () => {
	const text = await textOf("/search?path=%24.a%5Bb&value=%22%3E%3Cu%3E", 400);
	expect(text).toMatch(/name="path" value="\$\.a\[b"[^>]*aria-invalid="true"/);
	expect(text).toContain("$.a<mark>[</mark>b");
	expect(text).toContain("$.lines[0].sku");
	expect(text).not.toContain("<u>");
});

test("what was not found is told condition by condition", async () => {
	const text = await textOf("/search?stream=count-*&path=%24.exact&is=gt&value=7");
	expect(text).toContain("No event found");
	expect(text).toMatch(/data-sum="path" data-count="120"/);
	expect(text).toMatch(/data-sum="value" data-count="0"/);
	expect(await textOf("/search?type=%3Cb%3E")).toContain("No event has the type “&lt;b&gt;”");
});

test("the field in the bar leads from an id to the search for it", async () => {
	const { json } = await servers.ask(
		get("/streams/count-1/3", "application/vnd.eventstore.atom+json"),
	);
	const id = String((json.content as Record<string, unknown>).eventId);
	const reply = await servers.ask(get(`/?go=${id}`, "text/html"));
	expect([reply.status, new URL(String(reply.headers.location)).pathname]).toEqual([
		303,
		"/search",
	]);
	expect(reply.headers.location).toContain(`id=${id}`);
	expect(await textOf(`/search?id=${id}`)).toContain('data-page="/streams/count-1/3"');
});

inBrowser(
	"in a browser",
	() => servers.url,
	(browser) => {
		test("rows come until a page is full; Stop keeps what is there, and goes on later", async () => {
			const { page, faults } = await browser.tab("/search?stream=count-*");
			await page.locator("#search-said", { hasText: "So many are shown at a time" }).waitFor();
			expect(await page.locator("tr.row").count()).toBe(SHOWN);
			expect(await page.locator("#search-found").innerText()).toContain("50 found · 50 of 120");
			expect(await page.locator("#search-stop").isVisible()).toBe(false);
			expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(1500);

			// The next part never comes, so that there is something to stop.
			await page.route("**/search?*before=*", () => undefined);
			await page.reload();
			await page.locator("#search-stop").waitFor();
			await page.keyboard.press("Escape");
			await page.locator("#search-said", { hasText: "Stopped" }).waitFor();
			expect(await page.locator("tr.row").count()).toBe(SHOWN / 2);
			await page.unroute("**/search?*before=*");
			await page.locator("#search-on").click();
			await page.locator("#search-said", { hasText: "So many are shown at a time" }).waitFor();
			expect(await page.locator("tr.row").first().innerText()).toMatch(/^94\D/);
			await page.locator("#search-on").click();
			await page.locator("#search-said", { hasText: "All searched" }).waitFor();
			expect(await page.locator("tr.row").count()).toBe(EVENTS - 1.5 * SHOWN);
			expect(faults).toEqual([]);
		});
	},
);
