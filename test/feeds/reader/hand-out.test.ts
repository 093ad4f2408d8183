import type { ReadEvent } from "../../../feeds/reader/event.ts";
import { handOut } from "../../../feeds/reader/pages/hand-out.ts";

test("calls that overlap get the events in their order, and the end", async () => {
	const events = handOut(pages([0, 1], [2]), new AbortController());
	const results = await Promise.all(Array.from({ length: 5 }, () => events.next()));
	expect(results.map(({ value }) => value?.at)).toEqual([0, 1, 2, undefined, undefined]);
	expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
});

test("a failure comes behind the events before it, once, and then the end", async () => {
	async function* failing() {
		yield [event(0)];
		throw new Error("torn");
	}
	const events = handOut(failing(), new AbortController());
	const [first, second, third] = await Promise.allSettled([
		events.next(),
		events.next(),
		events.next(),
	]);
	expect(first).toMatchObject({ value: { value: { at: 0 } } });
	expect(second).toMatchObject({ reason: new Error("torn") });
	expect(third).toMatchObject({ value: { done: true } });
});

test("nothing of a page is handed out once the reader is stopped", async () => {
	const stop = new AbortController();
	const events = handOut(pages([0, 1, 2], [3]), stop);
	expect(await events.next()).toMatchObject({ value: { at: 0 } });
	stop.abort();
	expect(await events.next()).toEqual({ done: true, value: undefined });
});

test("leaving the loop stops the reader, and the rest of the page is dropped", async () => {
	const stop = new AbortController();
	const events = handOut(pages([0, 1, 2]), stop);
	for await (const { at } of events) if (at === 1) break;
	expect(stop.signal.aborted).toBe(true);
	expect(await events.next()).toEqual({ done: true, value: undefined });
});

test("an error that is thrown in ends it as it ends a generator", async () => {
	const events = handOut(pages([0, 1]), new AbortController());
	await events.next();
	await expect(events.throw(new Error("enough"))).rejects.toThrow("enough");
	expect(await events.next()).toEqual({ done: true, value: undefined });
});

async function* pages(...numbers: readonly (readonly number[])[]) {
	for (const page of numbers) yield page.map(event);
}

function event(at: number): ReadEvent {
	const place = { stream: "a", version: at, position: at, at, id: "", type: "t" };
	const content = { isJson: false, data: new Uint8Array(0), metadata: new Uint8Array(0) };
	return { ...place, ...content, created: "", json: () => undefined };
}
