import type { StreamName } from "../../src/event.ts";
import { createLasts } from "../../src/http/lasts.ts";
import type { Log } from "../../src/log/log.ts";
import { createMemoryLog } from "../../src/log/memory.ts";

const ORDER = "order-1" as StreamName;

describe("the last versions of polled streams", () => {
	test("are unknown until they are asked for, and follow every commit from then on", async () => {
		const log = createMemoryLog();
		const lasts = createLasts(log);
		await append(log);
		expect(lasts.known(ORDER)).toBeUndefined();
		expect(await lasts.learn(ORDER)).toBe(0);
		await append(log);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("follow the whole log by its position", async () => {
		const log = createMemoryLog();
		const lasts = createLasts(log);
		await append(log);
		await lasts.learn("$all" as StreamName);
		await append(log);
		expect(lasts.known("$all" as StreamName)).toBe(1);
	});

	test("do not fall back where a commit overtakes the log's answer", async () => {
		const log = createMemoryLog();
		await append(log);
		const late = { ...log, last: answerLate(log, () => append(log)) };
		const lasts = createLasts(late);
		expect(await lasts.learn(ORDER)).toBe(0);
		expect(lasts.known(ORDER)).toBe(1);
	});

	test("of a stream without events stay unknown", async () => {
		const lasts = createLasts(createMemoryLog());
		expect(await lasts.learn(ORDER)).toBe(-1);
		expect(lasts.known(ORDER)).toBeUndefined();
	});
});

/** The answer is found first and given only after `meanwhile`. */
function answerLate(log: Log, meanwhile: () => Promise<unknown>): Log["last"] {
	return async (stream) => {
		const last = await log.last(stream);
		await meanwhile();
		return last;
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
