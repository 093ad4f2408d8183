/**
 * How long a reader waits before it asks again. Pure: the caller brings the random number.
 *
 * After a fault: exponential with full jitter, `random × min(cap, base × 2^faults)`. If a server
 * restarts under a thousand readers, they return spread over the whole interval; with a fixed or
 * half-fixed delay, they would return in waves.
 */

export const BACKOFF_BASE_MS = 100;
/** Half a minute: after a night's outage, a reader finds the server again soon enough. */
export const BACKOFF_MAX_MS = 30_000;
/**
 * The longest accepted `Retry-After`; a typo in a proxy must not stop a reader for a year.
 */
export const RETRY_AFTER_MAX_MS = 300_000;

/**
 * The most answers in a row from something that is not Varve. While a server is deployed anew, its
 * ingress may say 404 for minutes; a wrong address or a login page says so for ever. With these
 * delays, the reader gives up after three to six minutes.
 */
export const FOREIGN_MAX = 20;

/** Faults in a row. */
export type Faults = {
	readonly all: number;
	/** Those in a row whose answer came from something that is not Varve. */
	readonly foreign: number;
};

export const NO_FAULTS: Faults = { all: 0, foreign: 0 };

/** One fault more. */
export function counted(faults: Faults, foreign: boolean): Faults {
	return { all: faults.all + 1, foreign: foreign ? faults.foreign + 1 : 0 };
}

/** Whether to give up after so many faults. */
export function isHopeless(faults: Faults, retriesMax: number): boolean {
	return faults.all > retriesMax || faults.foreign > FOREIGN_MAX;
}

/**
 * Milliseconds to wait after the `faults`-th fault in a row (1, 2, …).
 * @param random a number from 0 up to, not including, 1
 * @param retryAfterMs the server's request; jitter is added to it, never subtracted
 */
export function nextDelay(faults: number, random: number, retryAfterMs = 0): number {
	const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(faults - 1, 30));
	return Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) + random * ceiling;
}

/** A server that holds no more requests, since too many wait, is asked this much less often. */
const EARLY_FACTOR_MAX = 8;
/** Such a server is asked no more often than that, whatever the interval. */
export const EARLY_INTERVAL_MS = 100;

/**
 * Milliseconds to wait after an answer without new events. If a server (or proxy) does not hold
 * long polls, the reader asks it once an interval, give or take a quarter; if it does, the reader
 * asks again at once.
 * @param early how many tail pages before this one came back empty before their time, in a row
 */
export function pollDelay(
	elapsedMs: number,
	intervalMs: number,
	random: number,
	early = 0,
): number {
	const factor = Math.min(EARLY_FACTOR_MAX, 2 ** early);
	const oneMs = early > 0 ? Math.max(intervalMs, EARLY_INTERVAL_MS) : intervalMs;
	return Math.max(0, oneMs * factor * (0.75 + random / 2) - elapsedMs);
}

/** Reads `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3). 0 if there is none. */
export function parseRetryAfter(text: string | null, nowMs: number): number {
	if (text === null) return 0;
	if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
	// Date.parse reads "-5" as a date too; an HTTP date begins with the name of a day.
	const time = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(time) ? 0 : Math.max(0, time - nowMs);
}
