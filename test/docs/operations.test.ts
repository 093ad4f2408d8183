/** The commands of docs/operations.md that anyone can run are run, in a store of the test's own. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, removeDirectories, startServer, varve } from "../cli/varve.ts";
import { ROOT } from "../structure/source.ts";

afterAll(removeDirectories);

test("the commands for backup, restore and drill do what the text says", async () => {
	const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
	const blocks = [...page.matchAll(/^```sh run\n([\s\S]*?)^```$/gm)].map(
		([, block]) => block ?? "",
	);
	const folder = newDirectory();
	const bin = join(folder, "bin");
	mkdirSync(bin);
	symlinkSync(join(ROOT, "bin/varve"), join(bin, "varve"));
	const run = (block: string) => {
		const script = block.replaceAll(/\/(?:var\/lib|mnt|tmp)\/(?=\w)/g, `${folder}/`);
		const env = { PATH: `${bin}:${process.env.PATH}` };
		const done = spawnSync("bash", ["-euc", script], { env, encoding: "utf8" });
		expect([script, done.status, done.stdout]).toEqual([script, 0, expect.any(String)]);
		return done.stdout;
	};

	const server = await startServer(join(folder, "varve"));
	const appended = ["append", "order-1", "--type", "OrderPlaced", "--url", server.url];
	expect((await varve(appended)).code).toBe(0);
	const [backup = "", restore = "", drill = ""] = blocks;
	expect(run(backup)).toMatch(/1 events, 1 of them new, .* verified\n$/);
	expect(run(restore)).toMatch(/history number \d{10}, 1 events, verified\n$/);
	expect(run(drill)).toMatch(/0 of them new.*\nrestored to .*\nok: 1 events in 1 streams\n$/);
	await server.stop();
});

test("every option of the command line it names exists", async () => {
	const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");
	const { OPTIONS } = await import("../../src/config.ts");
	const { VERBS } = await import("../../src/cli/main.ts");
	const known = [...OPTIONS, ...VERBS.flatMap(({ options }) => options)].map(({ flag }) => flag);
	for (const [, flag] of page.matchAll(/--([a-z][a-z-]+)/g)) expect(known).toContain(flag);
});
