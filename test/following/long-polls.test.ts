/** Waiting for commits, on the log itself. */
import { LongPolls } from "../../src/following/long-polls.ts";
import { ALL, append, listenedLog, ORDER, OTHER } from "./listened.ts";

/** Longer than a test may take: nothing here is woken by its time. */
const FOR_EVER_MS = 600_000;
const { signal: STAYS } = new AbortController();

test("a commit wakes those it brings past what they know, and nobody else", async () => {
	const { log } = listenedLog();
	const polls = new LongPolls(log, 10);
	const woken: string[] = [];
	const wait = (name: string, ...[stream, last]: [typeof ORDER, number]) =>
		polls.waitBeyond(stream, last, FOR_EVER_MS, STAYS).then(() => woken.push(name));
	const next = wait("next", ORDER, -1);
	const later = wait("later", ORDER, 1);
	const all = wait("all", ALL, 1);
	const category = wait("category", "$ce-order" as never, -1);
	const other = wait("other", OTHER, -1);
	expect(polls.waiting()).toBe(5);

	await append(log, ORDER);
	await Promise.all([next, category]);
	expect([woken.sort(), polls.waiting()]).toEqual([["category", "next"], 3]);
	await append(log, ORDER);
	await append(log, ORDER);
	await Promise.all([later, all]);
	expect(polls.waiting()).toBe(1);
	polls.close();
	await other;
});

test("a commit between the caller's read and the wait is not missed", async () => {
	const { log } = listenedLog();
	const polls = new LongPolls(log, 10);
	await append(log, ORDER);
	await polls.waitBeyond(ORDER, -1, FOR_EVER_MS, STAYS);
	expect(polls.waiting()).toBe(0);
});

test("a wait ends with its time, and with its reader", async () => {
	const { log } = listenedLog();
	const polls = new LongPolls(log, 10);
	await polls.waitBeyond(ORDER, -1, 1, STAYS);
	const reader = new AbortController();
	const left = polls.waitBeyond(ORDER, -1, FOR_EVER_MS, reader.signal);
	expect(polls.waiting()).toBe(1);
	reader.abort();
	await left;
	expect(polls.waiting()).toBe(0);
	await polls.waitBeyond(ORDER, -1, FOR_EVER_MS, reader.signal);
});

test("no more wait than may: the next one is answered at once", async () => {
	const { log } = listenedLog();
	const polls = new LongPolls(log, 1);
	const waits = polls.waitBeyond(ORDER, -1, FOR_EVER_MS, STAYS);
	await polls.waitBeyond(ORDER, -1, FOR_EVER_MS, STAYS);
	expect(polls.waiting()).toBe(1);
	polls.close();
	await waits;
});

test("closing wakes everyone, ends later waits at once, and leaves the log", async () => {
	const { log, listeners } = listenedLog();
	const polls = new LongPolls(log, 10);
	const waits = [ORDER, OTHER].map((stream) => polls.waitBeyond(stream, -1, FOR_EVER_MS, STAYS));
	expect(listeners()).toBe(1);
	polls.close();
	await Promise.all(waits);
	await polls.waitBeyond(ORDER, -1, FOR_EVER_MS, STAYS);
	expect([polls.waiting(), listeners()]).toEqual([0, 0]);
});

test("a delete for ever wakes whoever waits for the stream, however far ahead", async () => {
	const { log } = listenedLog();
	const polls = new LongPolls(log, 10);
	await append(log, ORDER);
	const far = polls.waitBeyond(ORDER, 100, FOR_EVER_MS, STAYS);
	const other = polls.waitBeyond(OTHER, -1, FOR_EVER_MS, STAYS);
	await log.delete({ stream: ORDER, expected: "any", hard: true });
	await far;
	expect(polls.waiting()).toBe(1);
	polls.close();
	await other;
});
