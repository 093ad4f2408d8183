/**
 * A run outlasts the locks of other programs on the log: a backup tool may hold one for minutes,
 * and what the log refuses meanwhile has changed nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal } from "../../errors.ts";

/**
 * Does `work` again until no other program has locked the log.
 * @param signal ends the waiting: the refusal is thrown then
 * @throws what `work` throws
 */
export async function untilUnlocked<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
	for (;;) {
		try {
			return await work();
		} catch (error) {
			if (!isRefusal(error, "log-locked") || signal.aborted) throw error;
			await rest(error.facts.retryAfterSeconds * 1000, signal);
		}
	}
}

/** Sleeps; the signal wakes it. */
export async function rest(forMs: number, signal: AbortSignal): Promise<void> {
	if (forMs > 0) await sleep(forMs, undefined, { signal }).catch(() => undefined);
}
