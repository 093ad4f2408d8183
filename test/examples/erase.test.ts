/** What is deleted is gone from real proxies; where one is not installed, that is skipped by name. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ROOT, run } from "./processes.ts";

const MODULE = "/usr/lib/nginx/modules/ngx_http_cache_purge_module.so";
const PROXIES = [
	["varnish", spawnSync("varnishd", ["-V"]).status === 0],
	["nginx", spawnSync("nginx", ["-v"]).status === 0 && existsSync(MODULE)],
] as const;

for (const [name, isThere] of PROXIES) {
	const provesIt = isThere ? test : test.skip;
	const skipped = isThere ? "" : ` (SKIPPED: ${name} that can purge is not installed)`;
	provesIt(`pages that ${name} kept show nothing of a deleted stream${skipped}`, async () => {
		const { code, stdout, stderr } = await run(`${ROOT}examples/reverse-proxy/erase.js`, [name]);
		expect([code, stderr]).toEqual([0, ""]);
		expect(stdout).toMatch(/^410 .*\n200 .*\nanother stream's page: HIT\n$/);
	});
}
