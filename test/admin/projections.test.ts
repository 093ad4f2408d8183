/** The pages of projections, without JavaScript: what they show, and what their forms do. */
import { createScreens } from "../../admin/index.ts";
import { type Servers, startServers, until } from "../http/harness.ts";
import { Asker } from "../http/projections/asker.ts";

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: true }, createScreens());
	admin = new Asker(servers);
});
afterEach(() => void servers.reported.splice(0));
afterAll(() => servers.close());

const QUERY = `fromStream('source').when({
	$init: () => ({ seen: '' }),
	A(state, event) { state.seen += event.data.by; },
})`;

/** A page, and the cookie that its forms belong to. */
async function page(path: string) {
	const { status, text, headers } = await servers.ask({ path, headers: { Accept: "text/html" } });
	const [cookie = ""] = (headers["set-cookie"] ?? []).map((one) => one.split(";")[0] ?? "");
	const [, token = ""] = /name="_token" value="([^"]+)"/.exec(text) ?? [];
	return { status, text, cookie, token };
}

async function submit(on: string, fields: object) {
	const { cookie, token } = await page(on);
	const body = String(new URLSearchParams({ _token: token, ...fields }));
	const headers = {
		Accept: "text/html",
		Cookie: cookie,
		"Content-Type": "application/x-www-form-urlencoded",
		Origin: servers.url,
	};
	return servers.ask({ method: "POST", path: "/ui/projections", headers, body });
}

test("a form makes a projection, which the list and its page then show", async () => {
	await admin.append("source", "A", { by: "<b>" }, { by: "&amp;" });
	const fields = { action: "create", name: "seen", mode: "Continuous", query: QUERY };
	const made = await submit("/projections", fields);
	expect([made.status, made.headers.location]).toEqual([303, `${servers.url}/projection/seen`]);
	await admin.atHead("seen");
	const list = await page("/projections");
	expect(list.text).toContain('href="/projection/seen"');
	expect(list.text).toContain("$by_category");
	const one = await page("/projection/seen");
	expect(one.text).toContain("&lt;b&gt;&amp;amp;");
	expect(one.text).not.toContain("<b>&");
	const steps = await page("/projection/seen/steps?from=0");
	expect(steps.text).toContain("0@source");
});

test("a query that cannot run is shown again, with what is wrong and where", async () => {
	const fields = { action: "create", name: "new", mode: "Continuous", query: "fromAll().when({" };
	const refused = await submit("/projections", fields);
	expect(refused.status).toBe(400);
	expect(refused.text).toContain("fromAll().when({</textarea>");
	expect(refused.text).toMatch(/role="alert">[^<]*line 1/);
});

test("forms stop, start, change, reset and delete it", async () => {
	await admin.made("other", QUERY);
	const statusOf = async () => (await admin.standing("other")).status;
	const on = "/projection/other";
	await submit(on, { action: "disable", name: "other" });
	expect(await statusOf()).toBe("Stopped");
	await submit(on, { action: "update", name: "other", query: QUERY.replaceAll("\n", "\r\n") });
	const { text } = await admin.ask("GET", "/projection/other/query");
	expect(text).toBe(QUERY);
	await submit(on, { action: "enable", name: "other" });
	await until(async () => (await statusOf()) === "Running");
	await submit(on, { action: "reset", name: "other" });
	expect(await admin.standing("other")).toMatchObject({ epoch: 1 });
	const running = await submit(on, { action: "delete", name: "other" });
	expect(running.status).toBe(409);
	await submit(on, { action: "disable", name: "other" });
	const deleted = await submit(on, { action: "delete", name: "other" });
	expect(deleted.headers.location).toBe(`${servers.url}/projections`);
	expect((await page(on)).status).toBe(404);
});

test("a fault is shown with its line and the event that caused it", async () => {
	const query = QUERY.replace("state.seen +=", "throw new Error('<i>'); state.seen +=");
	await admin.create("continuous", { name: "broken" }, query);
	await until(async () => (await admin.standing("broken")).status === "Faulted (Enabled)");
	const { text } = await page("/projection/broken");
	expect(text).toContain("line 3");
	expect(text).toContain('href="/streams/source/0"');
	expect(text).not.toContain("<i>");
	// It is one of the things that the overview says an operator has to look at.
	expect((await page("/")).text).toContain('<a href="/projections">1 projection faulted</a>');
});
