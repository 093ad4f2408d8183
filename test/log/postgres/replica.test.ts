/** Reads from a streaming replica, which is behind, stands still, goes away, or is another one. */
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openPostgres, type PostgresOptions } from "../../../src/log/postgres/open.ts";
import { append, events, ids, idsOf, name, read, refusal, until } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describeReplica, type PostgresServer, startPostgres, startReplica } from "./server.ts";

describeReplica("a node that reads from a replica", () => {
	let primary: PostgresServer;
	let replica: PostgresServer;
	beforeAll(async () => {
		primary = await startPostgres();
		replica = await startReplica(primary);
	});
	afterAll(() => {
		replica.remove();
		primary.remove();
	});

	const told: string[] = [];
	const open = (schema: string, options: PostgresOptions = {}) =>
		openPostgres(primary.store(schema), newDirectory(), DEFAULT_LOG_LIMITS, {
			...{ replica: replica.store(schema), connectionsMax: 2, ...options },
			tell: (_, text) => told.push(text),
		});
	/** The log is made by a node that reads from the primary; the replica has to have its tables. */
	const make = async (schema: string) => {
		await (
			await openPostgres(primary.store(schema), newDirectory(), DEFAULT_LOG_LIMITS)
		).log.close();
		await caughtUp();
	};
	const caughtUp = async () => {
		const [end] = await primary.sql("SELECT pg_current_wal_lsn()::text AS lsn");
		const passed = `SELECT pg_last_wal_replay_lsn() >= '${end?.lsn}'::pg_lsn AS passed`;
		await until(async () => (await replica.sql(passed))[0]?.passed === true);
	};
	/** Transactions that a server has run for reads of the log. */
	const readsOf = async (server: PostgresServer, schema: string) => {
		const [row] = await server.sql(`SELECT coalesce(sum(idx_scan), 0)::int AS count
			FROM pg_stat_user_indexes WHERE schemaname = '${schema}' AND relname = 'entries'`);
		return Number(row?.count);
	};

	test("answers from the replica, and shows what was acknowledged, at once", async () => {
		await make("near");
		const { log } = await open("near");
		for (let i = 0; i < 30; i++) {
			const batch = events(3);
			await append(log, "order-1", batch);
			const slice = await read(log, "order-1", { from: 3 * i });
			expect(ids(slice)).toEqual(idsOf(batch));
			expect(await log.last(name("$all"))).toBe(3 * i + 2);
		}
		// The counts are told when a connection is idle.
		await until(async () => (await readsOf(replica, "near")) > 20);
		await log.close();
	});

	test("shows no head that goes back while the replica stands still, and reads on when it goes on", async () => {
		await make("paused");
		const { log } = await open("paused");
		const other = await openPostgres(primary.store("paused"), newDirectory(), DEFAULT_LOG_LIMITS);
		await append(log, "a", events(5));
		expect((await read(log, "a")).last).toBe(4);
		await replica.sql("SELECT pg_wal_replay_pause()");
		await until(async () => {
			const [row] = await replica.sql("SELECT pg_get_wal_replay_pause_state() AS state");
			return row?.state === "paused";
		});
		const own = await append(log, "a", events(1));
		expect((await read(log, "a")).last).toBe(5);
		expect(await log.last(name("a"))).toBe(own.first);
		// What another node wrote is seen as soon as this node has heard of it, and stays seen.
		await append(other.log, "a", events(2));
		let last = 5;
		await until(async () => {
			const now = Number((await read(log, "a")).last);
			expect(now).toBeGreaterThanOrEqual(last);
			last = now;
			return now === 7;
		});
		await other.log.redact({ stream: name("a"), version: 0, metadata: false });
		await until(async () => (await read(log, "a")).entries[0]?.event.isRedacted === true);
		expect((await log.names({ from: "", before: undefined, limit: 10 })).length).toBeGreaterThan(2);
		await replica.sql("SELECT pg_wal_replay_resume()");
		await caughtUp();
		expect((await read(log, "a")).last).toBe(7);
		await other.log.close();
		await log.close();
	});

	test("does not show what waits for a standby, though the replica has it", async () => {
		await make("ahead");
		const { log } = await open("ahead");
		await append(log, "a", events(3));
		await caughtUp();
		await read(log, "a");
		await primary.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
		primary.reload();
		const waiting = append(log, "a", events(1));
		await until(async () => {
			const [row] = await replica.sql("SELECT next FROM ahead.store");
			return Number(row?.next) === 4;
		});
		for (let i = 0; i < 5; i++) expect((await read(log, "a")).last).toBe(2);
		await primary.sql("ALTER SYSTEM RESET synchronous_standby_names");
		primary.reload();
		await waiting;
		expect((await read(log, "a")).last).toBe(3);
		await log.close();
	});

	test("reads from the primary while the replica is gone, and says so", async () => {
		await make("gone");
		const { log } = await open("gone");
		await append(log, "a", events(2));
		replica.stop("fast");
		expect((await read(log, "a")).last).toBe(1);
		await append(log, "a", events(1));
		expect((await read(log, "a")).last).toBe(2);
		expect(told.join("\n")).toMatch(/reads go to the primary/);
		// A node starts without it, too.
		const started = await open("gone");
		expect((await read(started.log, "a")).last).toBe(2);
		replica.start();
		await until(() => told.includes("the replica is read from again"));
		expect((await read(log, "a")).last).toBe(2);
		await started.log.close();
		await log.close();
	});

	test("refuses what is no replica of its log, and reads no more from one that has become that", async () => {
		await make("strange");
		const stranger = await startPostgres();
		const opening = open("strange", { replica: stranger.store("strange") });
		expect(await refusal(opening)).toMatchObject(["database-unusable", {}]);
		stranger.remove();
		const elsewhere = open("strange", { replica: replica.store("near") });
		expect((await refusal(elsewhere))[0]).toBe("invalid-option");

		const own = await startReplica(primary);
		const { log } = await open("strange", { replica: own.store("strange") });
		await append(log, "a", events(3));
		await read(log, "a");
		await own.sql("SELECT pg_promote(true)");
		const split = await openPostgres(own.store("strange"), newDirectory(), DEFAULT_LOG_LIMITS);
		await append(split.log, "a", events(9));
		await append(log, "a", events(1));
		told.length = 0;
		await until(() => told.some((text) => text.includes("another history")));
		expect((await read(log, "a")).last).toBe(3);
		await append(log, "a", events(1));
		expect((await read(log, "a")).last).toBe(4);
		await split.log.close();
		await log.close();
		own.remove();
	});
});
