/**
 * One request and its answer, the same for both lanes of the front door: each result or error
 * of a handler becomes exactly one answer, within the request timeout.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../../access/principal.ts";
import { Refusal } from "../../errors.ts";
import type { StreamName, Version } from "../../event.ts";
import type { RunningRequest } from "../../observe/numbers/requests.ts";
import type { Context } from "../context.ts";
import type { Answer } from "./answer.ts";
import type { Cors } from "./cors.ts";
import { leaveInstead } from "./leave.ts";
import { answerToError, problem } from "./problems.ts";
import { pump } from "./pump.ts";
import { guarded, mayBeShown } from "./screens/guard.ts";
import { loginInstead } from "./screens/login.ts";
import { showRefusal } from "./screens/refused.ts";
import { send } from "./send.ts";

export type Exchange = {
	readonly context: Context;
	readonly req: IncomingMessage;
	readonly res: ServerResponse;
	/** The CORS headers of every answer of this route. */
	readonly cors: Cors;
	readonly running: RunningRequest;
	/** Anonymous until the door knows better. */
	principal: Principal;
	/** Whether a client without credentials would be let in with this request. */
	isAnonymousIn: boolean;
	/**
	 * Set by a handler whose answer took no read. It is no part of the answer: answers of one form
	 * are sent faster.
	 */
	recall: Recall | undefined;
};

/**
 * Answers a request in the same words as one before: the same in all that the answer depends on,
 * besides `If-None-Match`, the client's rights and the events.
 * @returns undefined if that takes a read by now
 */
export type Recall = (again: Exchange) => Answer | undefined;

/** A handler: an answer at once if it can, else a promise of one. */
export type Handler = (exchange: Exchange) => Answer | Promise<Answer>;

export function respond(exchange: Exchange, handle: Handler): void {
	try {
		const answer = handle(exchange);
		if (answer instanceof Promise) respondLater(exchange, answer);
		else deliver(exchange, answer);
	} catch (error) {
		const answer = refused(exchange, error);
		if (answer instanceof Promise) respondLater(exchange, answer);
		else sendNow(exchange, answer);
	}
}

/** The answer to an error: a page for a person's browser, else a problem document or a pause. */
function refused(exchange: Exchange, error: unknown): Answer | Promise<Answer> {
	const { context, req } = exchange;
	const answer = answerToError(error, (told) => {
		if (!isGivenUp(exchange, told)) context.report(told);
	});
	const instead = leaveInstead(req, error) ?? loginInstead(context, req, error);
	const shown = instead ?? showRefusal(exchange, answer) ?? answer;
	return mayBeShown(req) ? guarded(shown, context.settings) : shown;
}

/** Whether work ended because its client went away, as `clientGone` told it to: it is no fault. */
function isGivenUp(exchange: Exchange, error: unknown): boolean {
	return (error as Partial<Error> | undefined)?.name === "AbortError" && hasLeft(exchange);
}

/** A late answer is dropped: `send` writes nothing once headers went out. */
function respondLater(exchange: Exchange, later: Promise<Answer>): void {
	const { context, req } = exchange;
	const { requestTimeoutMs } = context.settings;
	let extraMs = 0;
	const end = () => {
		const leftMs = exchange.running.heldMs - extraMs;
		if (leftMs > 0) {
			extraMs += leftMs;
			timer = setTimeout(end, leftMs);
			return;
		}
		const late = req.complete ? timeout(requestTimeoutMs) : new Refusal("request-too-slow", {});
		sendNow(exchange, leaveInstead(req, late) ?? problem(late));
	};
	let timer = setTimeout(end, requestTimeoutMs);
	later
		.catch((error: unknown) => refused(exchange, error))
		.then((answer) => {
			clearTimeout(timer);
			deliver(exchange, answer);
		});
}

function deliver(exchange: Exchange, answer: Answer): void {
	const { chunks } = answer;
	if (chunks === undefined) {
		sendNow(exchange, answer);
		return;
	}
	const { context, res, cors, running } = exchange;
	pump(res, answer, cors.lines, chunks, context.report);
	// Its head is on its way; the rest can take hours.
	running.end(statusOf(res));
}

function sendNow({ res, cors, running }: Exchange, answer: Answer): void {
	send(res, answer, cors);
	running.end(statusOf(res));
}

/** Of the answer that went out; 0 if its client left before. */
function statusOf(res: ServerResponse): number {
	return res.headersSent ? res.statusCode : 0;
}

function timeout(timeoutMs: number): Refusal<"request-timeout"> {
	return new Refusal("request-timeout", { timeoutMs, retryAfterSeconds: 1 });
}

/**
 * A signal that is aborted when the client goes away, or has its answer. A client that went away
 * looks like one that only ended its half of the connection. So if one does, nobody waits for it:
 * it gets what is there.
 */
export function clientGone(exchange: Exchange): AbortSignal {
	const { req, res } = exchange;
	const { socket } = req;
	const gone = new AbortController();
	const abort = () => gone.abort();
	if (hasLeft(exchange)) abort();
	socket.once("end", abort);
	res.once("close", () => {
		socket.off("end", abort);
		abort();
	});
	return gone.signal;
}

/** Whether `clientGone` would be aborted by now. */
export function hasLeft({ req: { socket }, res }: Exchange): boolean {
	return res.destroyed || socket.readableEnded;
}

/** From now on the request counts as one that waits, for so long at most. */
export function hold({ running }: Exchange, waitMs: number): void {
	running.heldMs = Math.max(running.heldMs, waitMs);
}

/** As `LongPolls.waitBeyond`, for a request that is held. */
export function holdBeyond(
	exchange: Exchange,
	stream: StreamName,
	last: Version,
	waitMs: number,
	gone: AbortSignal,
): Promise<void> {
	hold(exchange, waitMs);
	return exchange.context.longPolls.waitBeyond(stream, last, waitMs, gone);
}
