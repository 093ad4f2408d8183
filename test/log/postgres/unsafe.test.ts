/** What a database must be before a log is written to it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { DEFAULT_LOG_LIMITS, type Log } from "../../../src/log/log.ts";
import { migrationsFor } from "../../../src/log/migrate.ts";
import { openPostgres, type PostgresOptions } from "../../../src/log/postgres/open.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const GRANTS = "../../../migrations/postgres/grants.sql";

describePostgres("a database", () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	});
	afterAll(() => server.remove());

	const open = (store: string, options: PostgresOptions = {}) =>
		openPostgres(store, newDirectory(), DEFAULT_LOG_LIMITS, { connectionsMax: 2, ...options });
	const refused = async (store: string, options?: PostgresOptions) => {
		const [word, facts] = await refusal(open(store, options));
		return `${word}: ${(facts as { reason?: string }).reason}`;
	};
	const as = (role: string, query = "") =>
		server.store("unsafe", query).replace("postgres://postgres@", `postgres://${role}@`);

	test("that may lose commits is refused, whoever set it so, and taken if told", async () => {
		await server.sql(`
			CREATE ROLE weak LOGIN SUPERUSER; ALTER ROLE weak SET synchronous_commit = off;
			CREATE ROLE local LOGIN SUPERUSER; ALTER ROLE local SET synchronous_commit = local`);
		expect(await refused(as("weak"))).toMatch(
			/^database-unusable: synchronous_commit is off: .* \(set for this role\); --store-unsafe/,
		);
		await server.sql("ALTER DATABASE postgres SET synchronous_commit = off");
		expect(await refused(server.store())).toMatch(/off: .* \(set for this database\)/);
		await server.sql("ALTER DATABASE postgres RESET synchronous_commit");
		for (const setting of ["fsync", "full_page_writes"]) {
			await server.sql(`ALTER SYSTEM SET ${setting} = off`);
			server.reload();
			expect(await refused(server.store())).toMatch(
				new RegExp(`^database-unusable: ${setting} is off`),
			);
			await server.sql(`ALTER SYSTEM RESET ${setting}`);
			server.reload();
		}
		// Without standbys a local flush is all there is.
		await (await open(as("local"))).log.close();
		await server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
		server.reload();
		expect(await refused(as("local"))).toMatch(/synchronous_commit is local: .* standby|standbys/);
		await server.sql("ALTER SYSTEM RESET synchronous_standby_names");
		server.reload();
		const told: string[] = [];
		const tell = (level: string, text: string) => told.push(`${level} ${text}`);
		const { log } = await open(as("weak"), { allowsUnsafe: true, tell });
		await append(log, "a", events(1));
		await log.close();
		expect(told.join("\n")).toMatch(/^warn the database may lose acknowledged events/m);
	});

	test("whose settings become weak by a reload takes no more appends until they are mended", async () => {
		const { log } = await open(server.store("weakened"));
		await append(log, "a", events(1));
		await server.sql("ALTER SYSTEM SET full_page_writes = off");
		server.reload();
		let word = "";
		while (word === "") {
			word = await append(log, "a", events(1)).then(
				() => "",
				(error) => error.word,
			);
		}
		expect(word).toBe("database-unreachable");
		await server.sql("ALTER SYSTEM RESET full_page_writes");
		server.reload();
		for (let isWritten = false; !isWritten; ) {
			isWritten = await append(log, "a", events(1)).then(
				() => true,
				() => false,
			);
		}
		await log.close();
	});

	test("holds up no append or read while others hold transactions open, and the lock of NOTIFY", async () => {
		await server.sql("CREATE DATABASE others");
		const others = new pg.Client(server.store().replace("/postgres?", "/others?"));
		await others.connect();
		// Whoever goes by the oldest transaction that is open would wait for this one.
		await others.query("BEGIN; CREATE TABLE held (one int)");
		const options = { allowsUnsafe: true, connectionsMax: 2 };
		const nodes = await Promise.all([1, 2].map(() => open(as("local"), options)));
		await server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
		server.reload();
		// It waits for a standby, and every NOTIFY in the cluster waits for it.
		const notifying = server.sql("BEGIN; CREATE TABLE told (one int); NOTIFY told; COMMIT");
		const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
		while ((await server.sql(waiting)).length === 0);
		for (let i = 0; i < 6; i++) {
			const { first } = await append(nodes[i % 2]?.log as Log, "told-1", events(2));
			expect((await read(nodes[(i + 1) % 2]?.log as Log, "told-1")).last).toBe(first + 1);
		}
		expect((await server.sql(waiting)).length).toBeGreaterThan(0);
		await server.sql("ALTER SYSTEM RESET synchronous_standby_names");
		server.reload();
		await notifying;
		await Promise.all([others.end(), ...nodes.map(({ log }) => log.close())]);
	});

	test("that takes no writes, or no names of streams, is refused", async () => {
		await server.sql(`
			CREATE ROLE reading LOGIN; ALTER ROLE reading SET default_transaction_read_only = on`);
		await server.sql("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
		expect(await refused(as("reading"))).toMatch(/^database-unusable: .*read-only/);
		const ascii = server.store().replace("/postgres?", "/ascii?");
		expect(await refused(ascii)).toMatch(/^database-unusable: its encoding is SQL_ASCII/);
		const missing = server.store().replace("/postgres?", "/missing?");
		expect(await refused(missing)).toMatch(/^database-unusable: .*does not exist/);
	});

	test("of a newer schema is refused, and an upgrade while older nodes run", async () => {
		const store = server.store("schemas");
		const known = migrationsFor("postgres");
		const newer = [...known, { number: known.length + 1, sql: "CREATE TABLE more (one int)" }];
		const { log } = await open(store);
		expect(await refused(store, { migrations: newer })).toMatch(/nodes of an older version run/);
		await append(log, "a", events(1));
		await log.close();
		const upgraded = await open(store, { migrations: newer });
		await append(upgraded.log, "a", events(1), 0);
		await upgraded.log.close();
		expect((await refusal(open(store)))[0]).toBe("newer-schema");
	});

	test("is brought to its schema once, however many nodes begin at a time", async () => {
		const store = server.store("together");
		const opened = await Promise.all([open(store), open(store), open(store)]);
		await Promise.all(opened.map(({ log }, i) => append(log, `s-${i}`, events(5))));
		expect(await opened[0]?.log.verify()).toMatchObject({ ok: true, events: 15 });
		expect(new Set(opened.map(({ tree }) => tree.key)).size).toBe(1);
		await Promise.all(opened.map(({ log }) => log.close()));
	});

	test("refuses to change or delete what is in the log, whoever asks", async () => {
		const { log } = await open(server.store("kept"));
		await append(log, "a", events(300));
		await log.close();
		for (const statement of [
			"UPDATE kept.events SET data = 'x'",
			"UPDATE kept.events SET data = '', flags = flags | 8",
			"DELETE FROM kept.events",
			"TRUNCATE kept.events",
			"UPDATE kept.entries SET version = version + 1",
			"DELETE FROM kept.entries",
			"DELETE FROM kept.streams",
			"UPDATE kept.streams SET name = 'b'",
			"UPDATE kept.store SET next = next - 1",
			"DELETE FROM kept.store",
			"DELETE FROM kept.nodes",
			"DELETE FROM kept.signing",
		]) {
			await expect(server.sql(statement)).rejects.toThrow(/never|only rises/);
		}
	});

	test("lets the role of grants.sql append and erase, and change nothing else", async () => {
		await server.sql("CREATE ROLE owner LOGIN; CREATE ROLE server LOGIN");
		await server.sql("GRANT CREATE ON DATABASE postgres TO owner");
		const asRole = (role: string) =>
			server.store("granted").replace("postgres://postgres@", `postgres://${role}@`);
		expect(await refused(asRole("server"))).toMatch(/^database-unusable: .*may not change it/);
		await (await open(asRole("owner"))).log.close();
		const grants = readFileSync(new URL(GRANTS, import.meta.url), "utf8");
		const named = grants.replaceAll(':"schema"', "granted").replaceAll(':"role"', "server");
		await server.sql(`SET ROLE owner; ${named}`);

		const { log, moves } = await open(asRole("server"));
		await append(log, "a", events(300));
		await append(log, "$$a", [event({ type: "$metadata", data: Buffer.from('{"$tb":9}') })]);
		await append(log, "l", [event({ type: "$>", data: Buffer.from("20@a") })]);
		await log.redact({ stream: name("a"), version: 20, metadata: true });
		await scavenge(log);
		await log.delete({ stream: name("a"), expected: "any", hard: true });
		await scavenge(log);
		expect(await moves.size()).toBe(303);
		expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		await log.close();

		for (const statement of [
			"UPDATE granted.events SET created = 0",
			"UPDATE granted.events SET data = 'x' WHERE position = 301",
			"DELETE FROM granted.events",
			"TRUNCATE granted.events",
			"ALTER TABLE granted.events DISABLE TRIGGER ALL",
			"SET session_replication_role = replica",
			"UPDATE granted.entries SET position = 0",
			"DELETE FROM granted.streams",
			"UPDATE granted.digests SET data = data",
			"UPDATE granted.nodes SET hash = hash",
			"UPDATE granted.store SET next = 0",
			"DROP TABLE granted.events",
			"CREATE TABLE granted.more (one int)",
		]) {
			const attempt = server.sql(`SET ROLE server; ${statement}`);
			await expect(attempt).rejects.toThrow(/permission denied|must be owner|never|only rises/);
		}
	});

	test("has its password in no refusal, no line and no file of ours", async () => {
		const store = server.store("secret").replace("postgres@", "postgres:hunter2@");
		const [, facts] = await refusal(open(store.replace("/postgres?", "/missing?")));
		expect(JSON.stringify(facts)).not.toContain("hunter2");
		expect(JSON.stringify(facts)).toContain("postgres:***@");
		const directory = newDirectory();
		const { log } = await openPostgres(store, directory, DEFAULT_LOG_LIMITS);
		await append(log, "a", events(1));
		await log.close();
		const file = join(directory, "postgres-secret.seen.json");
		expect(existsSync(file)).toBe(true);
		expect(readFileSync(file, "utf8")).not.toContain("hunter2");
	});
});
