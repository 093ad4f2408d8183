import { Worker } from "node:worker_threads";
import { DEFAULT_LOG_LIMITS } from "../../../src/log/log.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { AppendQueue } from "../../../src/log/sqlite/queue.ts";
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
