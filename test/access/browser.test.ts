/** What a person's browser gets where a program gets 401. */
import { createScreens } from "../../admin/index.ts";
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { as, BY_ROLE, type Role, setAcl, write } from "./roles.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecure: false }, createScreens(), BY_ROLE);
	await setAcl(servers, "s", { $r: "una", $mr: [] });
	await write(servers, { stream: "s", type: "T", data: { of: "words-of-una" } });
	await setAcl(servers, "$all", { $r: [] });
});
afterAll(() => servers.close());

const open = (role: Role, path: string) =>
	servers.ask(as(role, get(path, "text/html,application/xhtml+xml,*/*;q=0.8")));

test("a browser without credentials is sent to the page where people log in", async () => {
	for (const path of ["/streams/s", "/streams/s/0?embed=body", "/admin/scavenge/last"]) {
		const { status, headers } = await open("anonymous", path);
		expect([status, headers.location]).toEqual([
			303,
			`${servers.url}/login?to=${encodeURIComponent(path)}`,
		]);
		expect(headers).not.toHaveProperty("www-authenticate");
	}
	const program = await servers.ask(get("/streams/s", "*/*"));
	expect([program.status, program.headers.location]).toEqual([401, undefined]);
});

test("one that is logged in and may not do this is told so, and not sent in a circle", async () => {
	const { status, headers, text } = await open("mel", "/streams/s");
	expect([status, headers.location]).toEqual([403, undefined]);
	expect(headers).not.toHaveProperty("www-authenticate");
	expect(headers["content-type"]).toContain("text/html");
	expect(text).not.toContain("words-of-una");
	expect((await servers.ask(as("mel", get("/streams/s", "*/*")))).status).toBe(401);
});

test("a page shows what its visitor may read, if the rest is not theirs", async () => {
	// una may read the stream, and neither its metadata nor `$all`.
	for (const path of ["/streams/s", "/streams/s/0", "/", "/streams"]) {
		const { status, text } = await open("una", path);
		expect([path, status]).toEqual([path, 200]);
		expect(text).not.toContain("$acl");
	}
	expect((await open("una", "/streams/s/0")).text).toContain("words-of-una");
	expect((await open("una", "/streams/$all")).status).toBe(403);
});
