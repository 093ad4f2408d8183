/**
 * How long a reader waits before it asks again. Pure: the caller brings the random number.
 *
 * After a fault: exponential with full jitter, `random × min(cap, base × 2^faults)`. A server that
 * restarts under a thousand readers then sees them spread over the whole interval, where a fixed or
 * half-fixed delay would bring them back in waves.
 */

export const BACKOFF_BASE_MS = 100;
/** Half a minute: a reader finds a server that came back after a night's outage soon enough. */
export const BACKOFF_MAX_MS = 30_000;
/**
 * A `Retry-After` is believed up to here; a typo in a proxy must not silence a reader for a year.
 */
export const RETRY_AFTER_MAX_MS = 300_000;

/**
 * Milliseconds to wait after the `faults`-th fault in a row (1, 2, …).
 * @param random a number from 0 up to, not including, 1
 * @param retryAfterMs what the server asked for; jitter is added to it, never taken off
 */
export function nextDelay(faults: number, random: number, retryAfterMs = 0): number {
	const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(faults - 1, 30));
	return Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) + random * ceiling;
}

/**
 * Milliseconds to wait after an answer that brought nothing new, so that a server (or proxy) that
 * does not hold long polls is asked once an interval, give or take a quarter, and one that does
 * hold them is asked again at once.
 */
export function pollDelay(elapsedMs: number, intervalMs: number, random: number): number {
	return Math.max(0, intervalMs * (0.75 + random / 2) - elapsedMs);
}

/** Reads `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3). 0 where it is none. */
export function parseRetryAfter(text: string | null, nowMs: number): number {
	if (text === null) return 0;
	if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
	// Date.parse reads "-5" as a date, too; an HTTP date begins with the name of a day.
	const time = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN;
	return Number.isNaN(time) ? 0 : Math.max(0, time - nowMs);
}
