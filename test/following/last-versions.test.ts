import type { StreamName } from "../../src/event.ts";
import { LastVersions } from "../../src/following/last-versions.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";
import { replacing } from "../log/asking.ts";
import { append, listenedLog, ORDER } from "./listened.ts";

describe("the last versions of polled streams", () => {
	test("are unknown until they are asked for, and follow every commit from then on", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		await append(log, ORDER);
		expect(lasts.known(ORDER)).toBeUndefined();
		expect((await lasts.learn(ORDER)).last).toBe(0);
		await append(log, ORDER);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("follow the whole log by its position", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		await append(log, ORDER);
		await lasts.learn("$all" as StreamName);
		await append(log, ORDER);
		expect(lasts.known("$all" as StreamName)).toBe(1);
	});

	test("do not fall back where a commit overtakes the log's answer", async () => {
		const log = createMemoryLog();
		await append(log, ORDER);
		const late = replacing(log, { read: answerLate(log, () => append(log, ORDER)) });
		const lasts = new LastVersions(late);
		expect((await lasts.learn(ORDER)).last).toBe(0);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("are not known of a stream that metadata or a delete has its say in", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		const category = "$ce-order" as StreamName;
		await append(log, ORDER);
		await lasts.learn(ORDER);
		await lasts.learn(category);
		await log.delete({ stream: ORDER, expected: "any", hard: false });
		expect([lasts.known(ORDER), lasts.known(category)]).toEqual([undefined, undefined]);
		await append(log, ORDER);
		expect((await lasts.learn(ORDER)).last).toBe(1);
		await lasts.learn(category);
		expect([lasts.known(ORDER), lasts.known(category)]).toEqual([undefined, undefined]);
	});

	test("of a stream without events stay unknown, also when it has some: it may hide them", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		expect((await lasts.learn(ORDER)).last).toBe(-1);
		expect(lasts.known(ORDER)).toBeUndefined();
		await append(log, ORDER);
		expect(lasts.known(ORDER)).toBeUndefined();
	});

	test("of a log that others append to are lower bounds, and no more", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log, true);
		expect(lasts.least(ORDER)).toBe(-1);
		await append(log, ORDER);
		await lasts.learn(ORDER);
		await append(log, ORDER);
		expect([lasts.known(ORDER), lasts.least(ORDER)]).toEqual([undefined, 1]);
		await log.delete({ stream: ORDER, expected: "any", hard: false });
		expect(lasts.least(ORDER)).toBe(-1);
	});

	test("are not known once it is closed, as it hears of no commit any more", async () => {
		const { log, listeners } = listenedLog();
		const lasts = new LastVersions(log);
		await append(log, ORDER);
		await lasts.learn(ORDER);
		expect(lasts.known(ORDER)).toBe(0);
		lasts.close();
		expect((await lasts.learn(ORDER)).last).toBe(0);
		expect([lasts.known(ORDER), listeners()]).toEqual([undefined, 0]);
	});
});

/** The answer is found first and given only after `meanwhile`. */
function answerLate(log: Log, meanwhile: () => Promise<unknown>): Log["read"] {
	return async (range) => {
		const slice = await log.read(range);
		await meanwhile();
		return slice;
	};
}
