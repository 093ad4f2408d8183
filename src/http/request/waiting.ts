/**
 * How long a client is willing to wait for an event: `?wait=` of a tail page, or `ES-LongPoll`.
 *
 * The URL counts before the header. A cache has the URL in its key, so it can answer all that wait
 * at one place with one answer; a header makes the wait a private conversation.
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../errors.ts";
import { longPollMs } from "./headers.ts";

/** The most that `?wait=` may say: the most that `--long-poll-seconds-max` can be. */
const WAIT_SECONDS_MAX = 3600;
const SECONDS = /^\d{1,4}$/;
const SLOT = /^\d{1,16}$/;

export type Wait = {
	/** 0 for not at all. */
	readonly ms: number;
	/** Whether the URL asks for it: then the page is a tail page. */
	readonly isTail: boolean;
};

export const NO_WAIT: Wait = { ms: 0, isTail: false };

/**
 * The wait that a request for a forward page asks for.
 * @param query the URL's query without its `?`
 * @param secondsMax what longer waits are cut to
 * @throws Refusal `malformed-query`, `malformed-header`
 */
export function waitOf(req: IncomingMessage, query: string, secondsMax: number): Wait {
	const tailMs = tailWaitMs(query, secondsMax);
	if (tailMs !== undefined) return { ms: tailMs, isTail: true };
	return { ms: longPollMs(req, secondsMax), isTail: false };
}

/** `slot` only makes another URL of it. */
function tailWaitMs(query: string, secondsMax: number): number | undefined {
	if (!query.includes("wait=")) return undefined;
	const parameters = new URLSearchParams(query);
	const wait = onlyOne(parameters, "wait");
	if (wait === undefined) return undefined;
	const seconds = SECONDS.test(wait) ? Number(wait) : 0;
	if (seconds < 1 || seconds > WAIT_SECONDS_MAX) {
		const reason = `it takes a whole number of seconds from 1 to ${WAIT_SECONDS_MAX}, such as 20.`;
		throw malformed("wait", wait, reason);
	}
	const slot = onlyOne(parameters, "slot");
	if (slot !== undefined && !SLOT.test(slot)) {
		throw malformed("slot", slot, "it takes the number that a link of the server has.");
	}
	return Math.min(seconds, secondsMax) * 1000;
}

/** Two of them would make a URL of its own in every cache, and only one could count. */
function onlyOne(parameters: URLSearchParams, name: string): string | undefined {
	const [value, ...others] = parameters.getAll(name);
	if (others.length === 0) return value;
	throw malformed(name, others.join(","), "it is there more than once.");
}

function malformed(parameter: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
