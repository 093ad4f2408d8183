/** The commands of docs/operations.md that anyone can run are run, in a store of the test's own. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LOG_LIMITS } from "../../src/log/log.ts";
import { migrationsFor } from "../../src/log/migrate.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { newDirectory, removeDirectories, startServer, varve } from "../cli/varve.ts";
import { append, events } from "../log/asking.ts";
import { ROOT } from "../structure/source.ts";

const page = readFileSync(join(ROOT, "docs/operations.md"), "utf8");

afterAll(removeDirectories);

test("the commands for backup, restore and drill do what the text says", async () => {
	const { folder, run } = newMachine();
	const server = await startServer(join(folder, "varve"));
	const appended = ["append", "order-1", "--type", "OrderPlaced", "--url", server.url];
	expect((await varve(appended)).code).toBe(0);
	const [backup = "", restore = "", drill = ""] = runnable();
	expect(run(backup)).toMatch(/1 events, 1 of them new, .* verified\n$/);
	expect(run(restore)).toMatch(/history number \d{10}, 1 events, verified\n$/);
	expect(run(drill)).toMatch(/0 of them new.*\nrestored to .*\nok: 1 events in 1 streams\n$/);
	await server.stop();
});

test("the command for a store that was put back by other means gives it a number of its own", async () => {
	const { folder, run } = newMachine();
	const data = join(folder, "varve");
	await (await openSqliteLog(data)).close();
	const [, , , raise = ""] = runnable();
	const before = Math.floor(Date.now() / 1000);
	expect(Number(run(raise))).toBeGreaterThanOrEqual(before);
	expect((await varve(["incarnation", "--data", data])).stdout).toBe(
		run(raise.replace(/ --r.*"/, "")),
	);
});

test("the commands of an upgrade and of the way back lead to the log as it was", async () => {
	const { folder, run } = newMachine();
	const data = join(folder, "varve");
	const log = await openSqliteLog(data);
	await append(log, "order-1", events(3));
	await log.close();
	const [, , , , before = "", back = ""] = runnable();
	expect(run(before)).toMatch(/3 events, 3 of them new, .* verified\n$/);
	// The newer version has one more migration, and takes one more event.
	const known = migrationsFor("sqlite");
	const migrations = [...known, { number: known.length + 1, sql: "CREATE TABLE later (a)" }];
	const newer = await openSqliteLog(data, DEFAULT_LOG_LIMITS, { migrations });
	await append(newer, "order-1", events(1));
	await newer.close();
	expect((await varve(["serve", "--port", "0", "--data", data])).stderr).toMatch(/newer varve/);

	run(back.replace("log.schema-2.sqlite", `log.schema-${known.length}.sqlite`));
	const server = await startServer(data);
	const read = await varve(["read", "order-1", "--url", server.url]);
	expect(read.stdout.match(/"version":\d+/g)).toEqual(["0", "1", "2"].map((n) => `"version":${n}`));
	const number = await varve(["incarnation", "--data", data]);
	expect(Number(number.stdout)).toBeGreaterThan(1_700_000_000);
	await server.stop();
	expect(readdirSync(join(data, "newer"))).toEqual(["log.sqlite"]);
});

test("the commands that move a store make an equal one", async () => {
	const { run } = newMachine();
	const [old, other] = [await startServer(), await startServer()];
	await varve(["append", "order-1", "--type", "OrderPlaced", "--url", old.url]);
	await varve(["append", "order-1", "--type", "OrderPaid", "--url", old.url]);
	await varve(["redact", "order-1", "0", "--url", old.url]);
	const [, , , , , , move = ""] = runnable();
	const here = move.replaceAll("http://old:2113", old.url).replaceAll("http://new:2113", other.url);
	expect(run(here)).toMatch(/^imported 2 events .*\nequal: 2 events, 1 of them erased; /);
	await Promise.all([old.stop(), other.stop()]);
});

test("the commands of a recovery carry over what came after the backup", async () => {
	const { folder, run } = newMachine();
	const damaged = await startServer(join(folder, "varve"));
	const append = (stream: string, type: string) =>
		varve(["append", stream, "--type", type, "--url", damaged.url]);
	const erase = (path: string) =>
		fetch(damaged.url + path, { method: "DELETE", headers: { "ES-HardDelete": "true" } });
	for (const stream of ["order-1", "order-2", "order-3"]) await append(stream, "OrderPlaced");
	await fetch(`${damaged.url}/streams/order-3`, { method: "DELETE" });
	const [backup = "", restore = ""] = runnable();
	run(backup);
	await append("order-1", "OrderPaid");
	await append("order-3", "OrderPlacedAgain");
	await erase("/streams/order-2");
	run(restore);
	const restored = await startServer(join(folder, "varve-restored"));
	const [, , , , , , , recover = ""] = runnable();
	const here = recover
		.replace(/--from \d+/, "--from 4")
		.replaceAll("http://damaged:2114", damaged.url)
		.replaceAll("http://restored:2113", restored.url);
	expect(run(here)).toMatch(/^imported 3 events/);
	const shown = async (url: string, stream: string) => {
		const headers = { Accept: "application/x-ndjson" };
		const answer = await fetch(`${url}/streams/${encodeURIComponent(stream)}`, { headers });
		// That the log was restored is noted in it, behind the first of these events.
		return (await answer.text()).replace(/"(?:created|id)":"[^"]*"|"position":\d+/g, "");
	};
	for (const stream of ["order-1", "order-2", "order-3", "$$order-3"])
		expect(await shown(restored.url, stream)).toBe(await shown(damaged.url, stream));
	await Promise.all([damaged.stop(), restored.stop()]);
});

test("every option of the command line it names exists", async () => {
	const { OPTIONS } = await import("../../src/config.ts");
	const { VERBS } = await import("../../src/cli/main.ts");
	const known = [...OPTIONS, ...VERBS.flatMap(({ options }) => options)].map(({ flag }) => flag);
	for (const [, flag] of page.matchAll(/--([a-z][a-z-]+)/g)) expect(known).toContain(flag);
});

/** The blocks that are marked as such: ```sh run */
function runnable(): string[] {
	return [...page.matchAll(/^ *```sh run\n([\s\S]*?)^ *```$/gm)].map(([, block]) => block ?? "");
}

/** A folder that stands for the machine's, and the way to run the page's commands there. */
function newMachine() {
	const folder = newDirectory();
	const bin = join(folder, "bin");
	mkdirSync(bin);
	symlinkSync(join(ROOT, "bin/varve"), join(bin, "varve"));
	// Starting and stopping is the test's part.
	writeFileSync(join(bin, "systemctl"), "#!/bin/sh\n", { mode: 0o755 });
	const run = (block: string) => {
		const script = block.replaceAll(/\/(?:var\/lib|mnt|tmp)\/(?=\w)/g, `${folder}/`);
		const env = { PATH: `${bin}:${process.env.PATH}` };
		const done = spawnSync("bash", ["-euc", script], { env, encoding: "utf8" });
		expect([script, done.status, done.stdout]).toEqual([script, 0, expect.any(String)]);
		return done.stdout;
	};
	return { folder, run };
}
