/** A network that passes nothing on and says nothing of it: every wait has an end of its own. */
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openPostgres, type PostgresOptions } from "../../../src/log/postgres/open.ts";
import { append, event, events, name, read, refusal } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { Hop } from "./hop.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

describePostgres("a network that goes silent", () => {
	let server: PostgresServer;
	let hop: Hop;
	beforeAll(async () => {
		server = await startPostgres();
	});
	beforeEach(async () => {
		hop = await Hop.to(server.port);
	});
	afterEach(() => hop.close());
	afterAll(() => server.remove());

	const open = (schema: string, options: PostgresOptions = {}) =>
		openPostgres(hop.store(schema), newDirectory(), DEFAULT_LOG_LIMITS, {
			...{ connectionsMax: 2, ...options },
		});

	test("ends what waits: a commit as unknown, the rest as unreachable; and all goes on by itself", async () => {
		const { log } = await open("looked");
		await append(log, "a", events(3));
		const one = event();
		const silent = hop.silenceAfterCommit();
		const committing = refusal(append(log, "a", [one]));
		await silent;
		const waiting = refusal(append(log, "b", events(1)));
		const reading = ["a", "$all", "$ce-a", "b"].map((stream) => refusal(read(log, stream)));
		const probing = refusal(log.writerAnswers());
		expect((await committing)[0]).toBe("request-timeout");
		expect((await waiting)[0]).toBe("database-unreachable");
		expect((await probing)[0]).toBe("database-unreachable");
		for (const [word] of await Promise.all(reading)) expect(word).toBe("database-unreachable");
		hop.speak();
		await goesOn(() => read(log, "a"));
		// The commit had arrived; only its answer had not.
		expect(await goesOn(() => append(log, "a", [one]))).toMatchObject({ first: 3, repeated: true });
		await append(log, "b", events(1));
		expect((await read(log, "$all")).last).toBe(4);
		expect(await log.verify()).toMatchObject({ ok: true });
		await log.close();
	});

	test("ends what waits also if the looks at the log go another way", async () => {
		const { log } = await open("unseen", { session: server.store("unseen"), answerMs: 3000 });
		await append(log, "a", events(3));
		await Promise.all([read(log, "a"), read(log, "a")]);
		const silent = hop.silenceAfterCommit();
		const committing = refusal(append(log, "a", events(1)));
		await silent;
		const reading = [1, 2, 3].map(() => refusal(read(log, "a")));
		expect((await committing)[0]).toBe("request-timeout");
		for (const [word] of await Promise.all(reading)) expect(word).toBe("database-unreachable");
		hop.speak();
		await goesOn(() => read(log, "a"));
		await goesOn(() => append(log, "a", events(1)));
		await log.close();
	});

	test("makes nobody doubt what a new connection can tell", async () => {
		const { log } = await open("deaf");
		for (let i = 0; i < 4; i++) await append(log, "a", events(1));
		// The node knows the log, and writes without a look at it; the answer does not come.
		hop.deafen();
		const one = event();
		const writing = append(log, "a", [one]);
		// It was found where it had been put: nobody had sent it before.
		expect(await writing).toMatchObject({ first: 4, repeated: false });
		expect((await append(log, "a", [one])).repeated).toBe(true);
		expect((await goesOn(() => read(log, "a"))).last).toBe(4);
		expect(await log.verify()).toMatchObject({ ok: true });
		await log.close();
	});

	test("keeps no server from ending", async () => {
		const { log } = await open("closed");
		await append(log, "a", events(1));
		hop.silence();
		const outcomes = Promise.allSettled([append(log, "a", events(1)), read(log, "a")]);
		await log.close();
		for (const { status } of await outcomes) expect(status).toBe("rejected");
	});

	test("fills no queue with the probes of those who ask whether the server is ready", async () => {
		const { log } = await open("probed");
		await append(log, "a", events(2));
		const held = server.sql(`SET search_path TO probed; BEGIN;
			SELECT * FROM store FOR UPDATE; SELECT pg_sleep(1); COMMIT`);
		const probes = Array.from({ length: 1000 }, () => log.writerAnswers());
		const waiting = append(log, "a", events(1));
		await log.redact({ stream: name("a"), version: 0, metadata: false });
		await Promise.all([held, waiting, ...probes]);
		await log.close();
	});
});

/** Asks until the database is reached again. */
async function goesOn<T>(ask: () => Promise<T>): Promise<T> {
	for (;;) {
		try {
			return await ask();
		} catch (error) {
			expect(error).toMatchObject({ word: "database-unreachable" });
			await new Promise((resolve) => setTimeout(resolve, 50));
		}
	}
}
