/**
 * One request and its answer, the same for both lanes of the front door: whatever a handler returns
 * or throws ends as exactly one answer, within the request timeout.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "../errors.ts";
import { type Answer, send } from "./answer.ts";
import type { Context } from "./context.ts";
import { header } from "./headers.ts";
import { answerToError, problem } from "./problems.ts";

export type Exchange = {
	readonly context: Context;
	readonly req: IncomingMessage;
	readonly res: ServerResponse;
};

/** A handler: an answer at once where it can, else a promise of one. */
export type Handle = (exchange: Exchange) => Answer | Promise<Answer>;

export function respond(exchange: Exchange, handle: Handle): void {
	const { context, res } = exchange;
	try {
		const answer = handle(exchange);
		if (answer instanceof Promise) respondLater(exchange, answer);
		else send(res, answer);
	} catch (error) {
		send(res, answerToError(error, context.report));
	}
}

/** A late answer is dropped: `send` writes nothing once headers went out. */
function respondLater({ context, req, res }: Exchange, later: Promise<Answer>): void {
	const { requestTimeoutMs, longPollSecondsMax } = context.settings;
	const waits = header(req, "longpoll") === undefined ? 0 : longPollSecondsMax * 1000;
	const timer = setTimeout(() => {
		send(
			res,
			problem(req.complete ? timeout(requestTimeoutMs) : new Refusal("request-too-slow", {})),
		);
	}, requestTimeoutMs + waits);
	later
		.catch((error: unknown) => answerToError(error, context.report))
		.then((answer) => {
			clearTimeout(timer);
			send(res, answer);
		});
}

function timeout(timeoutMs: number): Refusal<"request-timeout"> {
	return new Refusal("request-timeout", { timeoutMs, retryAfterSeconds: 1 });
}

/** A signal that is aborted when the client goes away, or has its answer. */
export function clientGone({ res }: Exchange): AbortSignal {
	const gone = new AbortController();
	res.once("close", () => gone.abort());
	return gone.signal;
}
