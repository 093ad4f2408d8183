import { setImmediate } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import { type Appended, DEFAULT_LOG_LIMITS, type Log } from "../../../src/log/log.ts";
import { Appender } from "../../../src/log/sqlite/appending/appender.ts";
import { Arrivals } from "../../../src/log/sqlite/appending/arrivals.ts";
import { AppendQueue } from "../../../src/log/sqlite/appending/queue.ts";
import { logFile, openForWriting } from "../../../src/log/sqlite/files/directory.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { type Batch, pack, packedBytes } from "../../../src/log/sqlite/protocol.ts";
import { append, event, events, name, read, refusal } from "../asking.ts";
import { newDirectory } from "./directory.ts";

const overloaded = (limit: number) => [
	"overloaded",
	{ queue: "append", limit, retryAfterSeconds: 1 },
];

describe("the append queue", () => {
	test("refuses more appends than may wait, and takes more once those are written", async () => {
		const log = await openSqliteLog(newDirectory(), { ...DEFAULT_LOG_LIMITS, appendQueueMax: 3 });
		const taken = [1, 2, 3].map(() => append(log, "a", events(1)));
		expect(await refusal(append(log, "a", events(1)))).toEqual(overloaded(3));
		await Promise.all(taken);
		expect((await append(log, "a", events(1))).first).toBe(3);
		expect(await log.verify()).toMatchObject({ ok: true, events: 4 });
		await log.close();
	});

	test("refuses more bytes than may wait, but never one append alone", async () => {
		const limits = { ...DEFAULT_LOG_LIMITS, appendQueueBytesMax: 50_000 };
		const log = await openSqliteLog(newDirectory(), limits);
		const large = () => event({ data: Buffer.alloc(30_000) });
		const taken = append(log, "a", [large()]);
		expect(await refusal(append(log, "a", [large()]))).toEqual(overloaded(50_000));
		await taken;
		expect((await append(log, "a", [large(), large(), large()])).first).toBe(1);
		await log.close();
	});

	test("writes more than one commit holds in the order it came", async () => {
		const log = await openSqliteLog(newDirectory());
		const large = () => event({ data: Buffer.alloc(3 * 1024 * 1024) });
		const appended = await Promise.all(
			[1, 2, 3, 4, 5, 6, 7].map(() => append(log, "a", [large()])),
		);
		expect(appended.map(({ first }) => first)).toEqual([0, 1, 2, 3, 4, 5, 6]);
		expect((await read(log, "a", { content: false })).entries).toHaveLength(7);
		await log.close();
	});

	test("rejects all that wait when its thread dies, and all that come after", async () => {
		const dying = new Worker(
			`require("node:worker_threads").parentPort.once("message", () => process.exit(3))`,
			{ eval: true },
		);
		const told: string[] = [];
		const exited = new Promise<number>((resolve) => dying.once("exit", resolve));
		const thread = { writer: dying, exited, last: -1 };
		const queue = new AppendQueue(thread, DEFAULT_LOG_LIMITS, Date.now, {
			onCommit: () => {},
			onStop: ({ facts }) => told.push(facts.reason),
			onEnd: () => {},
		});
		const one = { stream: name("a"), expected: "any", events: events(1) } as const;
		const waiting = [queue.write(one), queue.write(one)];
		for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe("rejected");
		const reason = "its thread ended with code 3";
		const stopped = ["writer-stopped", { reason, retryAfterSeconds: 30 }];
		expect(await refusal(queue.write(one))).toEqual(stopped);
		expect(told).toEqual([reason]);
		await queue.close();
		expect((await refusal(queue.write(one)))[0]).toBe("shutting-down");
	});
});

/** Keeps the writer from beginning a commit until the connection is closed. */
function lock(directory: string): Database.Database {
	const other = new Database(logFile(directory));
	other.exec("BEGIN IMMEDIATE");
	return other;
}

/** Appends an event to each stream, each in a turn of the event loop of its own. */
async function inTurns(log: Log, streams: readonly string[]): Promise<Promise<Appended>[]> {
	const appended: Promise<Appended>[] = [];
	for (const stream of streams) {
		appended.push(append(log, stream, events(1)));
		await setImmediate();
	}
	return appended;
}

describe("appends that come while the writer is busy", () => {
	const TURNS = 12;

	test("share its next commit, in the order they came", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		const heard: number[] = [];
		log.onCommit(({ last }) => heard.push(last));
		const locked = lock(directory);
		const appended = await inTurns(log, new Array(TURNS).fill("a"));
		locked.close();
		const firsts = (await Promise.all(appended)).map(({ first }) => first);
		expect(firsts).toEqual(Array.from({ length: TURNS }, (_, i) => i));
		expect(heard).toEqual([TURNS - 1]);
		expect(log.activity.commitAppends).toMatchObject({ total: 1, sum: TURNS });
		expect(log.activity.waiting).toEqual({ appends: 0, bytes: 0 });
		await log.close();
	});

	test("are written although the log is closed before it is free", async () => {
		const directory = newDirectory();
		const log = await openSqliteLog(directory);
		const locked = lock(directory);
		const appended = await inTurns(log, new Array(TURNS).fill("a"));
		const closed = log.close();
		locked.close();
		await Promise.all(appended);
		await closed;
		const again = await openSqliteLog(directory);
		expect(await again.verify()).toMatchObject({ ok: true, events: TURNS });
		await again.close();
	});

	test("do not fail with the one of them that meets damage", async () => {
		const directory = newDirectory();
		const first = await openSqliteLog(directory);
		for (const stream of ["damaged", "a"]) await append(first, stream, events(1));
		await first.close();
		const other = new Database(logFile(directory));
		other.exec("DROP TRIGGER places_are_never_updated");
		other.exec("UPDATE places SET position = 1000 WHERE stream = 1 AND key = 0");
		other.close();
		const log = await openSqliteLog(directory);
		const locked = lock(directory);
		const streams = ["a", "b", "a", "damaged", "a", "b", "b"];
		const appended = await inTurns(log, streams);
		locked.close();
		const settled = await Promise.allSettled(appended);
		expect(settled.map(({ status }) => status === "fulfilled")).toEqual(
			streams.map((stream) => stream !== "damaged"),
		);
		expect((await read(log, "a")).last).toBe(3);
		expect((await read(log, "b")).last).toBe(2);
		await log.close();
	});

	test("wait for the lock of another program only once, all together", async () => {
		const directory = newDirectory();
		await (await openSqliteLog(directory)).close();
		const database = openForWriting(logFile(directory));
		database.pragma("busy_timeout = 0");
		const locked = lock(directory);
		const left = [batchOf("a"), batchOf("b", "c"), batchOf("d")];
		const { denied } = new Appender(database).commit(() => left.splice(0));
		const words = [...denied.values()].map((why) => "word" in why && why.word);
		expect(words).toEqual(new Array(4).fill("log-locked"));
		locked.close();
		database.close();
	});

	test("are taken up to what must have a commit of its own, which comes next", async () => {
		const { port1, port2 } = new MessageChannel();
		const arrivals = new Arrivals(port2);
		const alone: Batch = { ...batchOf("c"), isAlone: true };
		for (const message of [batchOf("b"), alone, batchOf("d"), "close"]) port1.postMessage(message);
		const first = arrivals.from(batchOf("a"));
		const streams = (batches: readonly Batch[]) => batches.flatMap((batch) => batch.streams);
		expect([streams(first()), first()]).toEqual([["a", "b"], []]);
		expect(arrivals.held()).toMatchObject({ streams: ["c"] });
		expect(streams(arrivals.from(alone)())).toEqual(["c"]);
		expect(arrivals.held()).toBeUndefined();
		expect(streams(arrivals.from(batchOf("e"))())).toEqual(["e", "d"]);
		expect(arrivals.held()).toBe("close");
		port1.close();
	});
});

/** An event for each stream. */
function batchOf(...streams: string[]): Batch {
	const writes = streams.map((stream) => {
		return { stream: name(stream), expected: "any", events: events(1) } as const;
	});
	const bytes = writes.reduce((sum, write) => sum + packedBytes(write), 0);
	return pack(writes, bytes, { now: Date.now(), isAlone: false });
}
