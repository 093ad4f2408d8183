/** What became of one attempt. */

/** One word for the log of attempts, metrics and pages; docs/webhooks.md has the same list. */
export const OUTCOMES = [
	"delivered",
	"gone",
	"slow-down",
	"redirect",
	"status",
	"timeout",
	"unresolved",
	"refused-address",
	"tls",
	"connection",
	"not-http",
	"stopped",
] as const;
export type OutcomeWord = (typeof OUTCOMES)[number];

export type Outcome = {
	readonly word: OutcomeWord;
	/** The status of the answer; undefined if none came. */
	readonly status: number | undefined;
	/** Why there was no good answer, in words for people; "" if there was one. */
	readonly reason: string;
	/** The beginning of the body of the answer, as text. */
	readonly answer: string;
	/** The address that was connected to; undefined if none was. */
	readonly address: string | undefined;
	/** How long the target asks to be left alone. */
	readonly retryAfterMs: number | undefined;
};

/** Statuses by which a target says that there is too much for it, or for what stands in front. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Only 2xx is success: a redirect is not followed, so nothing was delivered. */
export function wordOfStatus(status: number): OutcomeWord {
	if (status >= 200 && status < 300) return "delivered";
	if (status === 410) return "gone";
	if (SLOW_DOWN.has(status)) return "slow-down";
	return status >= 300 && status < 400 ? "redirect" : "status";
}

export function reasonOfStatus(status: number): string {
	switch (wordOfStatus(status)) {
		case "delivered":
			return "";
		case "gone":
			return "the target is gone (410)";
		case "slow-down":
			return `the target has too much to do (${status})`;
		case "redirect":
			return `the target redirects (${status}), which is not followed`;
		default:
			return `the target refused (${status})`;
	}
}

/** `Retry-After` may ask for so much at most. */
export const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000;

/**
 * Reads `Retry-After`, in seconds or as a date (RFC 9110 section 10.2.3).
 * @param nowMs since 1970
 */
export function retryAfterIn(text: string | undefined, nowMs: number): number | undefined {
	if (text === undefined) return undefined;
	if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MS_MAX);
	const at = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(text)
		? Date.parse(text)
		: Number.NaN;
	if (Number.isNaN(at)) return undefined;
	return Math.min(Math.max(0, at - nowMs), RETRY_AFTER_MS_MAX);
}
