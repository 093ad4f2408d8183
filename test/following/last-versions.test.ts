import type { StreamName } from "../../src/event.ts";
import { LastVersions } from "../../src/following/last-versions.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";

const ORDER = "order-1" as StreamName;

describe("the last versions of polled streams", () => {
	test("are unknown until they are asked for, and follow every commit from then on", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		await append(log);
		expect(lasts.known(ORDER)).toBeUndefined();
		expect((await lasts.learn(ORDER)).last).toBe(0);
		await append(log);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("follow the whole log by its position", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		await append(log);
		await lasts.learn("$all" as StreamName);
		await append(log);
		expect(lasts.known("$all" as StreamName)).toBe(1);
	});

	test("do not fall back where a commit overtakes the log's answer", async () => {
		const log = createMemoryLog();
		await append(log);
		const late = { ...log, read: answerLate(log, () => append(log)) };
		const lasts = new LastVersions(late);
		expect((await lasts.learn(ORDER)).last).toBe(0);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("are not known of a stream that metadata or a delete has its say in", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		const category = "$ce-order" as StreamName;
		await append(log);
		await lasts.learn(ORDER);
		await lasts.learn(category);
		await log.delete({ stream: ORDER, expected: "any", hard: false });
		expect([lasts.known(ORDER), lasts.known(category)]).toEqual([undefined, undefined]);
		await append(log);
		expect((await lasts.learn(ORDER)).last).toBe(1);
		await lasts.learn(category);
		expect([lasts.known(ORDER), lasts.known(category)]).toEqual([undefined, undefined]);
	});

	test("of a stream without events stay unknown, also when it has some: it may hide them", async () => {
		const log = createMemoryLog();
		const lasts = new LastVersions(log);
		expect((await lasts.learn(ORDER)).last).toBe(-1);
		expect(lasts.known(ORDER)).toBeUndefined();
		await append(log);
		expect(lasts.known(ORDER)).toBeUndefined();
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

async function append(log: Log): Promise<void> {
	const event = {
		id: crypto.randomUUID(),
		type: "OrderPlaced",
		isJson: true,
		data: Buffer.from("{}"),
		metadata: Buffer.alloc(0),
	};
	await log.append({ stream: ORDER, expected: "any", events: [event] });
}
