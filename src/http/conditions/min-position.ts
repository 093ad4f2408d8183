/**
 * Reading one's own writes: an append answers `ES-Position`, and a read that carries it as
 * `ES-MinPosition` sees that append, on whichever node it arrives.
 */
import { Refusal } from "../../errors.ts";
import { ALL } from "../../event.ts";
import type { Answer } from "../answering/answer.ts";
import { clientGone, type Exchange, holdBeyond } from "../answering/exchange.ts";
import { header } from "../request/headers.ts";

/** The share of the request's time that the wait may take; the read gets the rest. */
const SHARE = 3 / 4;
const RETRY_AFTER_SECONDS = 1;

/**
 * Answers a read once this node has the position it asks for; at once if it asks for none.
 * @throws Refusal `malformed-header`; `position-not-reached` if it does not come in time
 */
export function afterMinPosition(
	exchange: Exchange,
	read: () => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
	const value = header(exchange.req, "minposition");
	if (value === undefined) return read();
	return waitFor(exchange, parsePosition(value)).then(read);
}

/**
 * The position that a request asks for; undefined if it asks for none.
 * @throws Refusal `malformed-header`
 */
export function minPositionIn({ req }: Exchange): number | undefined {
	const value = header(req, "minposition");
	return value === undefined ? undefined : parsePosition(value);
}

/** How long a request that waits for a position may wait. */
export function minPositionWaitMs({ context }: Exchange): number {
	return context.settings.requestTimeoutMs * SHARE;
}

async function waitFor(exchange: Exchange, position: number): Promise<void> {
	const { log, settings } = exchange.context;
	if ((await log.last(ALL)) >= position) return;
	const waitMs = settings.requestTimeoutMs * SHARE;
	await holdBeyond(exchange, ALL, position - 1, waitMs, clientGone(exchange));
	const last = await log.last(ALL);
	if (last >= position) return;
	const retryAfterSeconds = RETRY_AFTER_SECONDS;
	throw new Refusal("position-not-reached", { position, last, retryAfterSeconds });
}

function parsePosition(value: string): number {
	const position = /^\d{1,16}$/.test(value.trim()) ? Number(value) : -1;
	if (position >= 0 && position <= Number.MAX_SAFE_INTEGER) return position;
	throw new Refusal("malformed-header", {
		header: "ES-MinPosition",
		value: value.slice(0, 128),
		reason: "It takes a position, as in ES-Position: a whole number from 0.",
	});
}
