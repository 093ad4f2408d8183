/** `varve backup` and `varve restore` of a store in a database. */
import { existsSync } from "node:fs";
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openLog } from "../../../src/log/open.ts";
import { newDirectory, removeDirectories, varve } from "../../cli/varve.ts";
import { append, events, name, read } from "../asking.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("varve backup of a database", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => {
		server.remove();
		removeDirectories();
	});

	const open = (directory: string, store?: string) =>
		openLog(directory, DEFAULT_LOG_LIMITS, { store });
	const run = (verb: string, place: string, store: string, ...flags: string[]) =>
		varve([verb, place, "--data", newDirectory(), ...flags], { VARVE_STORE: store });
	const contentsOf = async (directory: string, store?: string) => {
		const { log, tree, moves } = await open(directory, store);
		const { entries } = await read(log, "$all");
		const [, size, root] = (await tree.signedHead()).split("\n");
		const all = entries.map(({ event }) => ({ ...event, data: String(event.data) }));
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		tree.close();
		moves.close();
		await log.close();
		return { all, size, root };
	};

	test("brings a backup up to date, keeps nothing that was erased, and can be put back", async () => {
		const store = server.store("kept");
		const target = `${newDirectory()}/backup`;
		const { log } = await open(newDirectory(), store);
		await append(log, "a", events(20));
		const first = await run("backup", target, store);
		expect([first.code, first.stdout]).toEqual([
			0,
			`backed up to ${target}: 20 events, 20 of them copied now; verified\n`,
		]);
		// The server runs on.
		await append(log, "b", events(5));
		const second = await run("backup", target, store);
		expect(second.stdout).toContain("25 events, 5 of them copied now; verified");
		await log.redact({ stream: name("a"), version: 3, metadata: true });
		const third = await run("backup", target, store);
		expect(third.stdout).toContain("25 events, 25 of them copied now; verified");
		expect(existsSync(`${target}.old`) || existsSync(`${target}.new`)).toBe(false);
		await log.close();
		const kept = await contentsOf(newDirectory(), store);
		expect(await contentsOf(target)).toEqual(kept);

		const other = server.store("restored");
		const restored = await run("restore", target, other, "--incarnation", "7");
		expect([restored.code, restored.stdout]).toEqual([
			0,
			expect.stringMatching(/^restored to postgres:.*: history number 7, verified\n$/),
		]);
		const same = server.store("moved");
		expect((await run("restore", target, same, "--same-history")).code).toBe(0);
		expect(await contentsOf(newDirectory(), same)).toEqual(kept);
		const again = await open(newDirectory(), other);
		expect(again.log.incarnation).toBe(7);
		await append(again.log, "a", events(1));
		await again.log.close();
	});

	test("leaves alone what is no such backup", async () => {
		const directory = newDirectory();
		const { log } = await open(directory);
		await append(log, "a", events(1));
		await log.close();
		const store = server.store("other");
		await (await open(newDirectory(), store)).log.close();
		const refused = await run("backup", directory, store);
		expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("is not empty")]);
		expect((await contentsOf(directory)).all).toHaveLength(1);
	});
});
