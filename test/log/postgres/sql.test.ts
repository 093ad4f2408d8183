/** Questions in SQL about a log in PostgreSQL: SQLite answers them, out of reads of the server. */
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { type OpenedLog, openLog } from "../../../src/log/open.ts";
import { DEFAULT_SQL_LIMITS, type SqlParameter } from "../../../src/log/questions/question.ts";
import { append, event, name, refusal } from "../asking.ts";
import { newDirectory } from "../sqlite/directory.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const QUESTIONS: readonly (readonly [string, ...SqlParameter[]])[] = [
	[`SELECT position, number, stream, version, id, type, data, metadata FROM events`],
	[
		`SELECT stream, count(*), sum(data ->> '$.amount') FROM events
		WHERE type = 'Placed' AND stream LIKE 'order-%' GROUP BY stream ORDER BY 1`,
	],
	[`SELECT number, stream, version, data FROM events WHERE in_stream = ?`, "$ce-order"],
	[
		`SELECT number FROM events WHERE in_stream = 'order-0' AND from_number = 600 AND to_number = 601`,
	],
	[`SELECT count(*), (SELECT count(*) FROM events WHERE in_stream = 'gone-1') FROM streams`],
	[
		`SELECT s.*, c.events, t.events FROM streams s LEFT JOIN categories c ON c.name = s.category
		LEFT JOIN types t ON t.name = 'Placed' ORDER BY s.name`,
	],
];

describePostgres("a question in SQL about a log in a database", () => {
	let server: PostgresServer;
	let stored: OpenedLog;
	let filed: OpenedLog;
	beforeAll(async () => {
		server = await startPostgres({ fsync: "off", full_page_writes: "off" });
		const limits = { ...DEFAULT_LOG_LIMITS, pageBytesMax: 64 * 1024 };
		const options = { storeUnsafe: true, clock: () => 0 };
		stored = await openLog(newDirectory(), limits, { ...options, store: server.store() });
		filed = await openLog(newDirectory(), limits, options);
		const batches = [
			// More than one read takes, and more than a page may hold.
			Array.from({ length: 700 }, (_, amount) => placed(amount, "x".repeat(300))),
			[placed(1, "é"), event({ type: "Paid", data: Buffer.from([0, 255]), isJson: false })],
		];
		for (const { log } of [stored, filed]) {
			for (const [index, batch] of batches.entries()) await append(log, `order-${index}`, batch);
			await append(log, "gone-1", [placedAlone]);
			await log.delete({ stream: name("gone-1"), expected: "any", hard: false });
			await append(log, "order-1", [link]);
			await append(log, "$user-ann", [placedAlone]);
		}
	});
	afterAll(async () => {
		await Promise.all([stored.log.close(), filed.log.close()]);
		server.remove();
	});

	const ask = (
		{ questions }: OpenedLog,
		[sql, ...parameters]: (typeof QUESTIONS)[number],
		limits = {},
	) => questions.ask({ sql, parameters }, { ...DEFAULT_SQL_LIMITS, timeMs: 60_000, ...limits });

	test("has the same answer as about one in a file", async () => {
		for (const question of QUESTIONS) {
			const answer = await ask(stored, question);
			expect([question, answer]).toEqual([question, await ask(filed, question)]);
			expect(answer.rows.length).toBeGreaterThan(0);
		}
	});

	test("is bounded while it reads", async () => {
		const everything = "SELECT a.number FROM events a, events b, events c WHERE a.data = c.type";
		expect(await refusal(ask(stored, [everything], { timeMs: 1000 }))).toEqual([
			"sql-too-slow",
			{ timeMs: 1000 },
		]);
		const cut = await ask(stored, ["SELECT number FROM events"], { rowsMax: 2 });
		expect(cut).toMatchObject({ rows: [["0"], ["1"]], cutBy: "rows" });
		const leaving = new AbortController();
		const left = stored.questions.ask(
			{ sql: everything, parameters: [] },
			DEFAULT_SQL_LIMITS,
			leaving.signal,
		);
		leaving.abort(new Error("gone"));
		await expect(left).rejects.toThrow("gone");
	});

	test("is refused with the reason that a read had", async () => {
		const closed = await openLog(newDirectory(), DEFAULT_LOG_LIMITS, {
			...{ storeUnsafe: true, store: server.store("closed") },
		});
		await closed.log.close();
		expect((await refusal(ask(closed, ["SELECT count(*) FROM events"])))[0]).toBe("shutting-down");
	});
});

const placed = (amount: number, text: string) =>
	event({ type: "Placed", data: Buffer.from(JSON.stringify({ amount, text })) });
const placedAlone = placed(5, "alone");
const link = event({ type: "$>", isJson: false, data: Buffer.from("3@order-0") });
