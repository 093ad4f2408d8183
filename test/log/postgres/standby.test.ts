/** What only the primary has: it is shown to nobody until a synchronous standby has it, too. */
import { createScreens } from "../../../admin/index.ts";
import { isRefusal } from "../../../src/errors.ts";
import { DEFAULT_LOG_LIMITS, type Log } from "../../../src/log/log.ts";
import { openPostgres, type PostgresOptions } from "../../../src/log/postgres/open.ts";
import { get } from "../../http/ask.ts";
import { startServers } from "../../http/harness.ts";
import { append, event, events, name, read, refusal, until } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describeReplica, type PostgresServer, startPostgres, startReplica } from "./server.ts";

describeReplica("a primary with a synchronous standby", () => {
	let primary: PostgresServer;
	let standby: PostgresServer;
	beforeAll(async () => {
		primary = await startPostgres();
		standby = await startReplica(primary);
		await primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
		primary.reload();
	});
	afterAll(() => {
		standby.remove();
		primary.remove();
	});

	const open = (schema: string, directory = newDirectory(), options: PostgresOptions = {}) =>
		openPostgres(primary.store(schema), directory, DEFAULT_LOG_LIMITS, {
			...{ connectionsMax: 2, ...options },
		});
	const waiting = () =>
		primary.sql("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
	const visible = async (schema: string) => {
		const [row] = await primary.sql(`SELECT next FROM ${schema}.store`);
		return Number(row?.next);
	};
	/** Sends an append that no standby gets; it is answered some time. */
	const appendAlone = async (log: Log) => {
		standby.stop();
		const sent = append(log, "order-1", [event()]).catch((error: unknown) => error);
		await until(async () => (await waiting()).length > 0);
		return sent;
	};
	/** Reads never show more than `last`; they end refused since no standby has the rest. */
	const refusesTheRest = async (log: Log, last: number) => {
		await until(async () => {
			try {
				expect((await read(log, "order-1")).last).toBe(last);
				return false;
			} catch (error) {
				if (!isRefusal(error)) throw error;
				expect(["database-unreachable", "no-standby"]).toContain(error.word);
				return error.word === "no-standby";
			}
		});
	};

	test("that crashes and starts again shows nobody what no standby has, until one has it", async () => {
		const known = newDirectory();
		const [first, second, third] = await Promise.all([
			open("crashed"),
			open("crashed"),
			open("crashed", known),
		]);
		await append(first.log, "order-1", events(3));
		await append(first.log, "other-1", events(2));
		for (const { log } of [second, third]) expect((await read(log, "order-1")).last).toBe(2);
		await third.log.close();
		const told: unknown[] = [];
		second.log.onCommit(({ last }) => told.push(last));

		const sent = appendAlone(first.log);
		await until(async () => (await waiting()).length > 0);
		primary.stop("immediate");
		primary.start();
		expect(await visible("crashed")).toBe(6);
		for (const { log, tree, moves } of [first, second]) {
			await refusesTheRest(log, 2);
			// What all have goes on to be read.
			expect((await read(log, "other-1")).last).toBe(1);
			expect((await refusal(read(log, "$all")))[0]).toBe("no-standby");
			expect((await refusal(log.last(name("order-1"))))[0]).toBe("no-standby");
			const names = log.names({ from: "", before: undefined, limit: 10 });
			expect((await refusal(names))[0]).toBe("no-standby");
			expect((await refusal(tree.signedHead()))[0]).toBe("no-standby");
			expect((await refusal(tree.leaf(5)))[0]).toBe("no-standby");
			const tile = tree.tile({ level: 0, number: 0, width: 6 });
			expect((await refusal(tile))[0]).toBe("no-standby");
			expect((await refusal(moves.events(5)))[0]).toBe("no-standby");
		}
		expect(told).toEqual([]);
		const early = open("crashed", newDirectory(), { answerMs: 300 });
		expect((await refusal(early))[0]).toBe("no-standby");
		const again = open("crashed", known, { answerMs: 300 });
		expect((await refusal(again))[0]).toBe("no-standby");

		standby.start();
		await sent;
		for (const { log } of [first, second]) {
			await until(async () => (await read(log, "order-1")).last === 3);
			expect((await read(log, "$all")).entries).toHaveLength(6);
		}
		expect(told.at(-1)).toBe(5);
		const late = await open("crashed");
		expect((await read(late.log, "order-1")).last).toBe(3);
		expect(await late.log.verify()).toMatchObject({ ok: true, events: 6 });
		await Promise.all([first, second, late].map(({ log }) => log.close()));
	});

	test("whose wait was cancelled shows no node what it has alone", async () => {
		const [first, second] = await Promise.all([open("cancelled"), open("cancelled")]);
		await append(first.log, "order-1", events(3));
		await until(async () => (await read(second.log, "order-1")).last === 2);
		const sent = appendAlone(first.log);
		await until(async () => (await waiting()).length > 0);
		await primary.sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity
			WHERE wait_event = 'SyncRep'`);
		await until(async () => (await visible("cancelled")) === 4);
		for (const { log } of [second, first]) await refusesTheRest(log, 2);
		expect(await sent).toMatchObject({ word: "request-timeout" });
		standby.start();
		for (const { log } of [first, second]) {
			await until(async () => (await read(log, "order-1")).last === 3);
		}
		await Promise.all([first, second].map(({ log }) => log.close()));
	});

	test("lets a node start without it that has seen all there is", async () => {
		const directory = newDirectory();
		const { log } = await open("known", directory);
		await append(log, "order-1", events(3));
		await log.close();
		standby.stop();
		const again = await open("known", directory, { answerMs: 2000 });
		expect((await read(again.log, "order-1")).last).toBe(2);
		await again.log.close();
		standby.start();
	});

	test("is shown by /info and the overview, and so is a standby that has gone", async () => {
		process.env.VARVE_TEST_STORE = `postgres://postgres@127.0.0.1:${primary.port}/postgres`;
		const servers = await startServers({}, createScreens());
		delete process.env.VARVE_TEST_STORE;
		const shown = async () =>
			(await servers.ask(get("/info"))).json.standby as Readonly<Record<string, unknown>>;
		const overview = async () => (await servers.ask(get("/", "text/html"))).text;
		await until(async () => (await shown()).connected === true);
		expect(await shown()).toEqual({ mode: "warn", awaited: true, connected: true, missing: false });
		expect((await servers.ask(get("/admin", "application/json"))).json.log).toMatchObject({
			standby: { mode: "warn", awaited: true },
		});
		expect(await overview()).toContain("commits wait for it");
		standby.stop();
		await until(async () => (await shown()).connected === false);
		expect(await overview()).toContain('<a href="/admin#log">standby not connected</a>');
		expect((await servers.ask(get("/admin", "text/html"))).text).toContain("appends wait for it");
		standby.start();
		await servers.close();
	});

	const names = async (value: string) => {
		await primary.sql(`ALTER SYSTEM SET synchronous_standby_names = '${value}'`);
		primary.reload();
	};

	test("that waits for none any more is told of, also by a node that starts then", async () => {
		const told: string[] = [];
		const tell = (level: string, text: string) => told.push(`${level} ${text}`);
		const directory = newDirectory();
		const { log } = await open("lost", directory, { tell });
		await append(log, "order-1", events(1));
		expect(log.standby()).toEqual({ mode: "warn", awaited: true, connected: true, missing: false });
		await names("");
		await until(() => !log.standby().awaited);
		expect(log.standby()).toEqual({ mode: "warn", awaited: false, missing: true });
		// It is as safe as the operator has it.
		await append(log, "order-1", events(1));
		await log.close();
		expect(told.filter((text) => text.includes("standby"))).toEqual([
			expect.stringMatching(/^warn commits wait for no standby any more/),
		]);
		told.length = 0;
		const again = await open("lost", directory, { tell });
		expect(again.log.standby().missing).toBe(true);
		expect(told).toContainEqual(
			expect.stringMatching(/^warn commits wait for no standby any more/),
		);
		await names("*");
		await until(() => again.log.standby().awaited);
		expect(told).toContain("info commits wait for a standby again");
		await again.log.close();
		await names("");
		// Who never had one has lost none, and who does not care is told nothing.
		const fresh = await open("lost");
		expect(fresh.log.standby()).toEqual({ mode: "warn", awaited: false, missing: false });
		await fresh.log.close();
		const ignoring = await open("lost", directory, { standby: "ignore" });
		expect(ignoring.log.standby()).toEqual({ mode: "ignore", awaited: false, missing: false });
		await ignoring.log.close();
		await names("*");
	});

	test("that waits for none any more takes no appends of a node that requires one", async () => {
		const { log } = await open("required", newDirectory(), { standby: "require" });
		await append(log, "order-1", events(2));
		await append(log, "order-1", events(1));
		await names("");
		await until(async () => {
			const word = await append(log, "order-1", events(1)).then(
				() => "written",
				(error) => error.word,
			);
			return word === "no-standby";
		});
		const { last } = await read(log, "order-1");
		expect((await refusal(append(log, "order-1", events(1))))[0]).toBe("no-standby");
		const redaction = { stream: name("order-1"), version: 0, metadata: false };
		expect((await refusal(log.redact(redaction)))[0]).toBe("no-standby");
		expect((await read(log, "order-1")).last).toBe(last);
		const other = await open("required", newDirectory(), { standby: "require" });
		expect(other.log.standby()).toEqual({ mode: "require", awaited: false, missing: true });
		expect((await refusal(append(other.log, "order-1", events(1))))[0]).toBe("no-standby");
		await other.log.close();
		await names("*");
		await until(async () => {
			await append(log, "order-1", events(1));
			return true;
		});
		await log.close();
	});
});
