/**
 * Requests that wait for an event.
 *
 * A waiter is woken by the commit that brings its stream past the version it knows, by its own time
 * running out, by its client going away, or by the server's shutdown; each way takes it out of the
 * list.
 */
import { ALL, type StreamName, type Version } from "../event.ts";
import type { Commit, Log } from "../log/log.ts";

export type LongPolls = {
	/**
	 * Waits until `stream` has a version beyond `last`. Returns at once where too many wait already.
	 * @param signal aborted when the client goes away
	 */
	beyond(stream: StreamName, last: Version, timeoutMs: number, signal: AbortSignal): Promise<void>;
	/** How many wait. */
	waiting(): number;
	/** Wakes every waiter, now and from now on. */
	close(): void;
};

type Waiter = { readonly last: Version; wake(): void };

export function createLongPolls(log: Log, waitersMax: number): LongPolls {
	const waiting = new Map<StreamName, Set<Waiter>>();
	let count = 0;
	let closed = false;

	const wakeStream = (stream: StreamName, last: Version) => {
		for (const waiter of waiting.get(stream) ?? []) if (waiter.last < last) waiter.wake();
	};
	const stop = log.onCommit((commit: Commit) => {
		if (count === 0) return;
		for (const [stream, last] of commit.streams) wakeStream(stream, last);
		// On `$all` the version is the position.
		wakeStream(ALL, commit.last as number);
	});

	const add = (stream: StreamName, waiter: Waiter) => {
		const waiters = waiting.get(stream) ?? new Set();
		waiting.set(stream, waiters.add(waiter));
		count++;
	};
	const remove = (stream: StreamName, waiter: Waiter) => {
		const waiters = waiting.get(stream);
		if (!waiters?.delete(waiter)) return;
		count--;
		if (waiters.size === 0) waiting.delete(stream);
	};

	return {
		async beyond(stream, last, timeoutMs, signal) {
			if (closed || count >= waitersMax || signal.aborted) return;
			await new Promise<void>((resolve) => {
				const waiter: Waiter = {
					last,
					wake() {
						clearTimeout(timer);
						signal.removeEventListener("abort", waiter.wake);
						remove(stream, waiter);
						resolve();
					},
				};
				const timer = setTimeout(waiter.wake, timeoutMs);
				signal.addEventListener("abort", waiter.wake);
				add(stream, waiter);
				// What was committed between the caller's read and now woke nobody.
				log.last(stream).then((now) => now > last && waiter.wake(), waiter.wake);
			});
		},
		waiting: () => count,
		close() {
			closed = true;
			stop();
			for (const waiters of waiting.values()) for (const waiter of waiters) waiter.wake();
		},
	};
}
