/** A primary that crashes, a standby that does not answer, and another history in its place. */
import { cpSync, rmSync } from "node:fs";
import { isRefusal } from "../../../src/errors.ts";
import { DEFAULT_LOG_LIMITS, type Log, type Slice } from "../../../src/log/log.ts";
import { openPostgres, type PostgresOptions } from "../../../src/log/postgres/open.ts";
import {
	raiseStoreIncarnation,
	readStoreIncarnation,
	verifyStore,
} from "../../../src/log/postgres/tools.ts";
import { append, event, events, ids, read, refusal } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const open = (server: PostgresServer, directory: string, options: PostgresOptions = {}) =>
	openPostgres(server.store(), directory, DEFAULT_LOG_LIMITS, { connectionsMax: 2, ...options });

describePostgres("a primary that crashes", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	test("loses nothing that was answered, and what was not is written once when it is sent again", async () => {
		const { log } = await open(server, newDirectory());
		const sent = new Map<string, "written" | "refused" | "unknown">();
		let isOver = false;
		const client = async (stream: string) => {
			while (!isOver) {
				const one = event();
				sent.set(one.id, "unknown");
				try {
					await append(log, stream, [one]);
					sent.set(one.id, "written");
				} catch (error) {
					if (!isRefusal(error)) throw error;
					expect(["database-unreachable", "request-timeout"]).toContain(error.word);
					if (error.word === "database-unreachable") sent.set(one.id, "refused");
				}
			}
		};
		const clients = Array.from({ length: 16 }, (_, i) => client(`order-${i}`));
		await until(() => [...sent.values()].filter((state) => state === "written").length > 50);
		server.stop("immediate");
		expect((await refusal(read(log, "order-0")))[0]).toBe("database-unreachable");
		expect((await refusal(log.writerAnswers()))[0]).toBe("database-unreachable");
		server.start();
		const before = [...sent.values()].filter((state) => state === "written").length;
		await until(() => {
			return [...sent.values()].filter((state) => state === "written").length > before + 50;
		});
		isOver = true;
		await Promise.all(clients);
		const there = await allIds(log);
		expect(new Set(there).size).toBe(there.length);
		const missing = [...sent].filter(([id, state]) => state === "written" && !there.includes(id));
		expect(missing).toEqual([]);
		const phantoms = [...sent].filter(([id, state]) => state === "refused" && there.includes(id));
		expect(phantoms).toEqual([]);
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		await log.close();
	});
});

describePostgres("a standby that does not answer", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	const waiting = () =>
		server.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND pid > 0");

	test("makes appends wait; if an administrator ends the wait, the answer is that nobody knows", async () => {
		const { log } = await open(server, newDirectory());
		await append(log, "a", events(1));
		await server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
		server.reload();
		const one = event();
		const sent = refusal(append(log, "a", [one]));
		await until(async () => (await waiting()).length > 0);
		// What other transactions see, they see once the standby has it, or nobody waits any more.
		expect((await read(log, "a")).last).toBe(0);
		await server.sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity
			WHERE wait_event = 'SyncRep'`);
		expect((await sent)[0]).toBe("request-timeout");
		// It is visible, and no standby has it.
		expect(await server.sql("SELECT next FROM varve.store")).toEqual([{ next: "2" }]);
		expect((await refusal(read(log, "a")))[0]).toBe("no-standby");
		// A repeat is no proof of a standby either: it waits as well.
		const again = append(log, "a", [one]);
		await until(async () => (await waiting()).length > 0);
		await server.sql("ALTER SYSTEM RESET synchronous_standby_names");
		server.reload();
		expect(await again).toMatchObject({ first: 1, repeated: true });
		await log.close();
	});
});

describePostgres("a gap hunt", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	test("finds no position before all below it, while commits of three nodes are held back at random", async () => {
		const nodes = await Promise.all([1, 2, 3].map(() => open(server, newDirectory())));
		const logs = nodes.map(({ log }) => log);
		let isOver = false;
		// A commit that waits for a standby is durable, and visible to nobody.
		const holding = (async () => {
			while (!isOver) {
				for (const names of ["nobody", ""]) {
					await server.sql(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`);
					server.reload();
				}
			}
		})();
		const writing = logs.map(async (log, node) => {
			while (!isOver) await append(log, `order-${node}`, events(1 + (node % 2)));
		});
		const seen = new Map<string, number>();
		const reading = logs.map(async (log) => {
			while (!isOver) {
				for (const stream of ["$all", "$ce-order", "order-0"]) {
					const page = await shown(read(log, stream, { limit: 4096, content: false }));
					if (page === undefined) continue;
					const { entries, last } = page;
					expect(entries.map(({ version }) => version)).toEqual(entries.map((_, index) => index));
					if (entries.length < 4096) expect(entries.length).toBe(last + 1);
					const positions = entries.map(({ event }) => Number(event.position));
					expect(positions).toEqual(positions.toSorted((a, b) => a - b));
					if (stream === "$all") expect(positions.at(-1) ?? -1).toBe(entries.length - 1);
					seen.set(stream, entries.length);
				}
			}
		});
		const all = Promise.all([holding, ...writing, ...reading]);
		await Promise.race([until(() => (seen.get("$all") ?? 0) > 250), all]);
		isOver = true;
		await all;
		expect(await logs[0]?.verify()).toMatchObject({ ok: true, faults: [] });
		await Promise.all(logs.map((log) => log.close()));
	});
});

describePostgres("another history in the place of a log", () => {
	let server: PostgresServer;
	let copy: string;
	beforeAll(async () => {
		server = await startPostgres();
		copy = `${newDirectory()}/data`;
	});
	afterAll(() => server.remove());

	const replace = () => {
		server.stop("fast");
		rmSync(server.data, { recursive: true });
		cpSync(copy, server.data, { recursive: true, preserveTimestamps: true });
		server.own();
		server.start();
	};

	test("is served by no node that has seen more, until its number is raised", async () => {
		const [directory, other] = [newDirectory(), newDirectory()];
		const first = await open(server, directory);
		await append(first.log, "a", events(300));
		await first.tree.signedHead();
		await first.log.close();
		server.stop("fast");
		cpSync(server.data, copy, { recursive: true });
		server.start();

		let stopped = "";
		const onStop = ({ facts }: { facts: { reason: string } }) => {
			stopped = facts.reason;
		};
		const running = await open(server, other, { onStop });
		const lost = events(5);
		await append(running.log, "a", lost);
		const told = await open(server, directory);
		expect(ids(await read(told.log, "a", { from: 300 }))).toHaveLength(5);
		await told.tree.signedHead();
		await told.log.close();
		replace();
		await until(async () => {
			return (
				(await refusal(read(running.log, "a")))[0] === "database-unreachable" && stopped !== ""
			);
		});
		expect(stopped).toMatch(/another history has taken its place/);
		// Also once the lower end has grown beyond what was seen.
		expect((await refusal(append(running.log, "a", events(1))))[0]).toBe("database-unreachable");
		await running.log.close();
		expect((await refusal(open(server, directory)))[0]).toBe("history-rewound");
		const fresh = await open(server, newDirectory());
		await append(fresh.log, "a", events(50));
		await fresh.log.close();
		expect((await refusal(open(server, directory)))[0]).toBe("history-rewound");

		expect(await readStoreIncarnation(server.store())).toBe(1);
		expect(await raiseStoreIncarnation(server.store(), directory)).toBe(2);
		const again = await open(server, directory);
		expect(again.log.incarnation).toBe(2);
		expect([again.log.incarnationAt(349), again.log.incarnationAt(350)]).toEqual([1, 2]);
		await append(again.log, "a", lost);
		await (await open(server, other)).log.close();
		await again.log.close();
		expect(await verifyStore(server.store())).toMatchObject({ ok: true, events: 355 });
	});
});

/** Undefined if no standby had it in time. */
async function shown(reading: Promise<Slice>): Promise<Slice | undefined> {
	try {
		return await reading;
	} catch (error) {
		if (isRefusal(error, "no-standby")) return undefined;
		throw error;
	}
}

async function allIds(log: Log): Promise<string[]> {
	const all: string[] = [];
	for (let from = 0; ; from += 1000) {
		const page = ids(await read(log, "$all", { from, limit: 1000, content: false }));
		if (page.length === 0) return all;
		all.push(...page);
	}
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
