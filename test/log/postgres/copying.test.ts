/** A store moved from SQLite to PostgreSQL and back: the same events, bytes and tree. */
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openLog } from "../../../src/log/open.ts";
import { newDirectory, removeDirectories, varve } from "../../cli/varve.ts";
import { append, event, events, name, scavenge } from "../asking.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("varve copy", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => {
		server.remove();
		removeDirectories();
	});

	const copy = (from: string, to: string) => varve(["copy"], { VARVE_FROM: from, VARVE_TO: to });
	/** All that a log keeps, and the root over it. */
	const contentsOf = async (directory: string, store?: string) => {
		const { log, tree, moves } = await openLog(directory, DEFAULT_LOG_LIMITS, { store });
		const all: unknown[] = [];
		for (let from = 0; ; ) {
			const page = await moves.events(from);
			if (page.length === 0) break;
			for (const { data, metadata, hash, digests, ...rest } of page) {
				const bytes = [data, metadata, hash, digests?.data, digests?.metadata];
				const texts = bytes.map((one) => one && Buffer.from(one).toString("hex"));
				all.push({ ...rest, bytes: texts });
			}
			from += page.length;
		}
		const [, size, root] = (await tree.signedHead()).split("\n");
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		tree.close();
		moves.close();
		await log.close();
		return { all, size, root };
	};

	test("keeps positions, ids, times, flags, erasures and hashes, both ways, and goes on later", async () => {
		const source = newDirectory();
		const opened = await openLog(source, DEFAULT_LOG_LIMITS);
		const { log } = opened;
		const correlated = { metadata: Buffer.from('{"$correlationId":"c-1"}') };
		await append(log, "order-1", events(300, correlated));
		await append(log, "user-7", [event({ isJson: false, data: Buffer.from([0, 255, 254, 1]) })]);
		await log.redact({ stream: name("order-1"), version: 2, metadata: true });
		await append(log, "$$order-1", [event({ type: "$metadata", data: Buffer.from('{"$tb":5}') })]);
		await append(log, "links", [event({ type: "$>", data: Buffer.from("7@order-1") })]);
		await log.delete({ stream: name("user-7"), expected: "any", hard: true });
		await append(log, "gone-1", events(3));
		await log.delete({ stream: name("gone-1"), expected: "any", hard: false });
		await append(log, "gone-1", events(2), "no-stream");
		await scavenge(log);
		opened.tree.close();
		opened.moves.close();
		await log.close();

		const store = server.store("copied");
		const first = await copy(source, store);
		// A machine that is busy shows the progress before the copy is through.
		const told = first.stderr.replaceAll(/^ .*%, .* events, .*\n/gm, "");
		expect([told, first.code]).toEqual(["", 0]);
		expect(first.stdout).toMatch(/^copied to postgres:.*: 311 events, 311 of them new; the trees/);
		const back = newDirectory();
		expect((await copy(store, back)).code).toBe(0);
		const [ofSource, ofStore, ofBack] = [
			await contentsOf(source),
			await contentsOf(newDirectory(), store),
			await contentsOf(back),
		];
		expect(ofStore).toEqual(ofSource);
		expect(ofBack).toEqual(ofSource);

		const again = await openLog(source, DEFAULT_LOG_LIMITS);
		await append(again.log, "order-2", events(7));
		again.tree.close();
		again.moves.close();
		await again.log.close();
		expect((await copy(source, store)).stdout).toContain("318 events, 7 of them new");
		expect((await copy(source, store)).stdout).toContain("318 events, 0 of them new");

		const other = newDirectory();
		const otherLog = await openLog(other, DEFAULT_LOG_LIMITS);
		await append(otherLog.log, "x", events(400));
		otherLog.tree.close();
		otherLog.moves.close();
		await otherLog.log.close();
		const conflict = await copy(other, store);
		expect([conflict.code, conflict.stderr]).toEqual([
			1,
			expect.stringMatching(/not those|another/),
		]);
	});

	test("takes no password on the command line", async () => {
		const address = "postgres://varve:hunter2@127.0.0.1/varve";
		const refused = await varve(["copy", "--from", address, "--to", newDirectory()]);
		expect(refused.code).toBe(2);
		expect(refused.stderr).toContain("VARVE_FROM");
		expect(refused.stderr + refused.stdout).not.toContain("hunter2");
	});
});
