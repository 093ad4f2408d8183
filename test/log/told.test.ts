import { Told } from "../../src/log/told.ts";

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<void> | undefined): Promise<boolean> {
	const waiting = Symbol("waiting");
	return (await Promise.race([promise, Promise.resolve(waiting)])) !== waiting;
}

test("what the listeners have heard of is shown at once", () => {
	const told = new Told(-1);
	told.answered(7);
	expect(told.of(7, 1)).toBeUndefined();
	expect(told.of(8, 0)).toBeUndefined();
});

test("what they have not heard of waits for the answer that tells of it", async () => {
	const told = new Told(3);
	const waiting = told.of(5, 2);
	expect(await isDone(waiting)).toBe(false);
	told.answered(4);
	expect(await isDone(waiting)).toBe(false);
	told.answered(5);
	expect(await isDone(waiting)).toBe(true);
});

test("nobody waits for a position that no request in flight can hold", async () => {
	const told = new Told(3);
	const waiting = told.of(900, 2);
	told.answered(4);
	told.answered(5);
	expect(await isDone(waiting)).toBe(true);
});

test("nobody waits for a writer that has stopped", async () => {
	const told = new Told(3);
	const waiting = told.of(5, 2);
	told.end();
	expect(await isDone(waiting)).toBe(true);
});
