/** Readers that stay connected, whatever they are connected by. */
import { LiveReaders } from "../../src/following/live-readers.ts";
import { append, listenedLog, ORDER } from "./listened.ts";

const FOR_EVER_MS = 600_000;

test("as many readers enter as may, and one that leaves makes room", () => {
	const readers = new LiveReaders(listenedLog().log, 2);
	const first = new AbortController();
	readers.enter(first.signal);
	readers.enter(new AbortController().signal);
	const third = new AbortController();
	expect(() => readers.enter(third.signal)).toThrow(
		expect.objectContaining({ word: "overloaded", facts: expect.objectContaining({ limit: 2 }) }),
	);
	first.abort();
	readers.enter(third.signal);
	expect(() => readers.enter(first.signal)).toThrow();
});

test("a reader that has left already takes no room", () => {
	const readers = new LiveReaders(listenedLog().log, 1);
	readers.enter(AbortSignal.abort());
	readers.enter(new AbortController().signal);
});

test("readers wait for commits; closing wakes them, lets none enter and leaves the log", async () => {
	const { log, listeners } = listenedLog();
	const readers = new LiveReaders(log, 2);
	const { signal } = new AbortController();
	readers.enter(signal);
	const waits = readers.waitBeyond(ORDER, -1, FOR_EVER_MS, signal);
	await append(log, ORDER);
	await waits;
	expect(readers.isClosed()).toBe(false);

	const last = readers.waitBeyond(ORDER, 0, FOR_EVER_MS, signal);
	readers.close();
	await last;
	expect([readers.isClosed(), listeners()]).toEqual([true, 0]);
	expect(() => readers.enter(signal)).toThrow(expect.objectContaining({ word: "shutting-down" }));
});
