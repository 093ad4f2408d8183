/** What pages have for everyone: colours without the script, commands of deeds and refusals, sizes. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { post, screens } from "./browser.ts";

const STREAM = "it's-\u202e1";
const PATH = `/streams/${encodeURIComponent(STREAM)}`;

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({}, screens());
	await post(servers, STREAM, [
		{ eventType: "T", raw: "{}" },
		{ eventType: "U", raw: "{}" },
	]);
});
afterAll(() => servers.close());

const page = (path: string, headers = {}) => servers.ask(get(path, "text/html", headers));

/** Runs the command that a page shows. @returns what curl got */
async function pasted(text: string, id: string): Promise<string> {
	const shown = new RegExp(`id="${id}-line"[^>]*>([\\s\\S]*?)</pre>`).exec(text)?.[1] ?? "";
	const entities = { "&#39;": "'", "&quot;": '"', "&amp;": "&" };
	const command = Object.entries(entities).reduce((all, [a, b]) => all.replaceAll(a, b), shown);
	const { stdout } = await promisify(execFile)("sh", ["-c", command.replace("curl ", "curl -s ")]);
	return stdout;
}

test("a link chooses the colours, keeps them in a cookie, and leads back", async () => {
	const { text } = await page(`${PATH}?open=0`);
	const [dark = ""] = /\/\?theme=dark[^"]*/.exec(text) ?? [];
	const reply = await page(dark.replaceAll("&amp;", "&").replaceAll("&#39;", "'"));
	expect([reply.status, reply.headers.location]).toEqual([303, `${servers.url}${PATH}?open=0`]);
	const cookie = "varve-theme=dark; Path=/; Max-Age=31536000; SameSite=Strict";
	expect(reply.headers["set-cookie"]).toContain(cookie);
	const then = await page(PATH, { Cookie: "varve-theme=dark" });
	expect(then.text).toContain('<html lang="en" data-theme="dark"');
	expect(then.text).toMatch(/theme=dark[^>]* aria-current="true"/);
});

test("“as the system” forgets the choice; no link leads to another server", async () => {
	const reply = await page("/?theme=system");
	expect(reply.headers["set-cookie"]).toContain(
		"varve-theme=system; Path=/; Max-Age=0; SameSite=Strict",
	);
	for (const to of ["//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nX: 1"]) {
		const { headers } = await page(`/?theme=dark&to=${encodeURIComponent(to)}`);
		expect(headers.location).toBe(`${servers.url}/`);
	}
});

test("a search that is not filled in, one that is wrong, and the login have their commands", async () => {
	expect((await page("/search")).text).toContain("/search?type=OrderPlaced");
	const wrong = await page("/search?type=T&from=xx");
	expect(wrong.status).toBe(400);
	expect(await pasted(wrong.text, "curl")).toContain("urn:varve:problem:malformed-query");
	const login = await page("/login?to=%2Fusers");
	expect(login.text).toMatch(/id="curl-line"[^>]*>curl [^ ]*\/users \\\n {2}--user LOGIN</);
});

test("a refusal has the command that gets it", async () => {
	const { status, text } = await page(`${PATH}/99`);
	expect(status).toBe(404);
	expect(await pasted(text, "curl")).toContain("urn:varve:problem:event-not-found");
});

test("each deed has the command that does it, and a truncation keeps the rest of the document", async () => {
	const metadata = { "Content-Type": "application/json", "ES-EventType": "$metadata" };
	const id = { "ES-EventId": crypto.randomUUID() };
	await servers.ask({
		path: `${PATH}/metadata`,
		headers: { ...metadata, ...id },
		body: '{"a":1.10}',
	});
	const redact = await page(`${PATH}/0?deed=redact`);
	expect(await pasted(redact.text, "curl")).toMatch(/^HTTP\/1.1 204/);
	const truncate = await page(`${PATH}?deed=truncate`);
	expect(await pasted(truncate.text, "curl")).toMatch(/^HTTP\/1.1 201/);
	expect((await servers.ask(get(`${PATH}/metadata`, "application/json"))).text).toBe(
		'{"$tb":2,"a":1.10}',
	);
	await post(servers, STREAM, [{ eventType: "T", raw: "{}" }]);
	const { text } = await page(`${PATH}?deed=delete`);
	expect(await pasted(text, "curl")).toMatch(/^HTTP\/1.1 204/);
	expect(await pasted(text, "curl-hard")).toMatch(/^HTTP\/1.1 204/);
	expect((await page(PATH)).status).toBe(410);
});

test("an event leads to its stream as of it, and a list shows sizes", async () => {
	await post(servers, "order-1", [{ eventType: "T", raw: '{"n":1}' }]);
	expect((await page("/streams/order-1/0")).text).toContain(
		'href="/streams/order-1?as-of=0" data-key="t"',
	);
	expect((await page("/streams?prefix=order-1")).text).toMatch(/<td [^>]*bytes">\d+ B<\/td>/);
});

test("a layer of a long stream has the commonest type of its events", async () => {
	const types = Array.from({ length: 800 }, (_, at) => (at % 10 === 5 ? "Rare" : "Usual"));
	await post(
		servers,
		"long-1",
		types.map((eventType) => ({ eventType, raw: "{}" })),
	);
	const { text } = await page("/streams/long-1");
	const core = /<div class="core"[\s\S]*?<\/div>/.exec(text)?.[0] ?? "";
	// One run of layers, of the commonest type: the type in the middle of each is the other one.
	expect(core.match(/<rect class="f\d"/g)).toHaveLength(1);
});

test("of a large event a row shows the beginning, its whole size, and when it is open all of it", async () => {
	await servers.ask({
		path: "/streams/large-1",
		headers: {
			"Content-Type": "application/octet-stream",
			"ES-EventType": "Bytes",
			"ES-EventId": crypto.randomUUID(),
		},
		body: Uint8Array.from({ length: 9000 }, (_, at) => at),
	});
	const raw = `{"first":"é","rest":"${"é".repeat(3000)}","last":1.10}`;
	await post(servers, "large-1", [{ eventType: "Long", raw }]);
	const { text } = await page("/streams/large-1");
	expect(text).toContain("binary, 9.0 kB");
	expect(text).toMatch(/class="size">9\.0 kB</);
	expect(text).toMatch(/class="size">6\.0 kB</);
	const [, preview = ""] = /class="data"><span class="k">(first[\s\S]*?)<\/td>/.exec(text) ?? [];
	expect(preview).toContain("é");
	expect((await page("/streams/large-1?open=1")).text).toContain('<span class="n">1.10</span>');
});
