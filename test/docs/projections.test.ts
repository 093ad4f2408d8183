/** docs/projections.md: its first example is run as it stands there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Servers, startServers, until } from "../http/harness.ts";
import { Asker } from "../http/projections/asker.ts";
import { ROOT } from "../structure/source.ts";

let servers: Servers;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false });
});
afterAll(() => servers.close());

const PAGE = readFileSync(join(ROOT, "docs/projections.md"), "utf8");

async function run(script: string): Promise<string> {
	const here = script
		.replaceAll("http://127.0.0.1:2113", servers.url)
		.replaceAll("admin:…", "admin:changeit")
		.replaceAll("curl ", "curl -sSf ");
	const child = spawn("bash", ["-euc", here], { stdio: ["ignore", "pipe", "inherit"] });
	let text = "";
	child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
		text += chunk;
	});
	const [code] = await once(child, "close");
	expect(code).toBe(0);
	return text;
}

test("the first projection has the state that the page says", async () => {
	const [, script = ""] = /```sh\n([\s\S]*?)```/.exec(PAGE) ?? [];
	const [, answer = ""] = /The answer is `([^`]+)`/.exec(PAGE) ?? [];
	const last = script.lastIndexOf("curl ");
	await run(script.slice(0, last));
	const admin = new Asker(servers);
	await admin.atHead("by-customer");
	expect(await run(script.slice(last))).toBe(answer);
	const results = "$projections-by-customer-ann-result";
	await until(async () => (await admin.events(results)).length === 3);
	expect(PAGE).toContain(encodeURIComponent(results));
});
