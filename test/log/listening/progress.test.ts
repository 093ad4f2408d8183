import { setImmediate } from "node:timers/promises";
import { ListenerProgress } from "../../../src/log/listening/progress.ts";

/** Whether a promise has resolved by now. */
/** Whether it resolves within this turn of the event loop. */
async function isDone(promise: Promise<void> | undefined): Promise<boolean> {
	const waiting = Symbol("waiting");
	return (await Promise.race([promise, setImmediate(waiting)])) !== waiting;
}

test("what the listeners have heard of is shown at once", () => {
	const progress = new ListenerProgress(-1);
	progress.answered(7);
	expect(progress.reached(7, 1)).toBeUndefined();
	expect(progress.reached(8, 0)).toBeUndefined();
});

test("what they have not heard of waits for the answer that tells of it", async () => {
	const progress = new ListenerProgress(3);
	const waiting = progress.reached(5, 2);
	expect(await isDone(waiting)).toBe(false);
	progress.answered(4);
	expect(await isDone(waiting)).toBe(false);
	progress.answered(5);
	expect(await isDone(waiting)).toBe(true);
});

test("an answer to several requests counts as that many", async () => {
	const progress = new ListenerProgress(3);
	const waiting = progress.reached(900, 3);
	progress.answered(4, 2);
	expect(await isDone(waiting)).toBe(false);
	progress.answered(5, 4);
	expect(await isDone(waiting)).toBe(true);
});

test("nobody waits for a position that no request in flight can hold", async () => {
	const progress = new ListenerProgress(3);
	const waiting = progress.reached(900, 2);
	progress.answered(4);
	progress.answered(5);
	expect(await isDone(waiting)).toBe(true);
});

test("nobody waits for a writer that has stopped", async () => {
	const progress = new ListenerProgress(3);
	const waiting = progress.reached(5, 2);
	progress.end();
	expect(await isDone(waiting)).toBe(true);
	expect(progress.reached(5, 2)).toBeUndefined();
});
