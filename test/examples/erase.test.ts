/** What is deleted is gone from real proxies; where one is not installed, that is skipped by name. */
import { spawnSync } from "node:child_process";
import { ROOT, run } from "./processes.ts";

const { lacksForPurging } = await import(`${ROOT}examples/reverse-proxy/nginx.js`);
const hasNginx = spawnSync("nginx", ["-v"]).status === 0;
const PROXIES = [
	["varnish", spawnSync("varnishd", ["-V"]).status === 0],
	["nginx", lacksForPurging() === undefined],
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

const lacksModule = hasNginx && lacksForPurging() !== undefined;
(lacksModule ? test : test.skip)("nginx without its module is not called absent", async () => {
	const { code, stderr } = await run(`${ROOT}examples/reverse-proxy/erase.js`, ["nginx"]);
	expect([code, stderr]).toEqual([2, `${lacksForPurging()}\n`]);
	expect(stderr).toContain("nginx is installed, but not its module");
	expect(stderr).toContain("libnginx-mod-http-cache-purge");
});
