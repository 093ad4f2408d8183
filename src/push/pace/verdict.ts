/** What follows from an attempt: a pure function of the outcome, the tries before and the rules. */
import type { Outcome } from "../sending/outcome.ts";

export type RetryRules = {
	/** Tries before a message is parked, the first one included. */
	readonly tries: number;
	/** The pause after the first try; each is four times as long as the one before. */
	readonly backoffMs: number;
	readonly backoffMsMax: number;
};

/** What becomes of a message after its last try. */
export type LastRule = { readonly onLast: "park" | "drop" };

export type Verdict =
	| { readonly is: "settle" }
	| { readonly is: "retry"; readonly afterMs: number }
	| { readonly is: "park"; readonly reason: string }
	| { readonly is: "drop" }
	/** The target is gone: nothing more is sent, and the messages wait. */
	| { readonly is: "stop"; readonly reason: string }
	/** It was no try: the server stopped. */
	| { readonly is: "void" };

const FACTOR = 4;
/** A pause is up to a quarter shorter or longer, so that targets are not asked in step. */
const JITTER = 0.25;

/**
 * @param tries how often the message was tried, this try included
 * @param luck from 0 to 1
 */
export function verdictOn(
	{ word, reason, retryAfterMs = 0 }: Outcome,
	tries: number,
	rules: RetryRules & LastRule,
	luck: number,
): Verdict {
	if (word === "delivered") return { is: "settle" };
	if (word === "stopped") return { is: "void" };
	if (word === "gone") return { is: "stop", reason };
	if (tries >= rules.tries && rules.onLast === "drop") return { is: "drop" };
	if (tries >= rules.tries) return { is: "park", reason: `${reason}; tried ${tries} times` };
	const pauseMs = Math.min(rules.backoffMs * FACTOR ** Math.min(tries - 1, 30), rules.backoffMsMax);
	const jittered = pauseMs * (1 - JITTER + 2 * JITTER * luck);
	return { is: "retry", afterMs: Math.round(Math.max(jittered, retryAfterMs)) };
}

/**
 * Says whether an outcome speaks of the target as a whole. One that refuses a message (4xx) is
 * well.
 */
export function isOfTarget({ word, status = 0 }: Outcome): boolean {
	if (word === "status") return status >= 500;
	return word !== "stopped" && word !== "gone";
}
