/** Sends an answer whose body is complete. */
import type { ServerResponse } from "node:http";
import { Refusal } from "../../errors.ts";
import { answered } from "../sockets/connections.ts";
import { writeHead } from "../sockets/head.ts";
import { enterAnswer, outgoingMaxOf } from "../sockets/slow.ts";
import type { Answer } from "./answer.ts";
import type { Cors } from "./cors.ts";
import { problem } from "./problems.ts";

/** Answers given before any handler saw the resource: nothing is allowed there (contract 0.4). */
const BEFORE_HANDLERS: ReadonlySet<number> = new Set([406, 415, 500]);

const RETRY_AFTER_SECONDS = 1;

/**
 * Writes an answer; a large one only if the answers of other readers leave room for it. Node leaves
 * out the body of a HEAD answer by itself, and keeps its length.
 */
export function send(res: ServerResponse, answer: Answer, cors: Cors): void {
	if (res.destroyed || res.headersSent) return;
	const { body } = answer;
	const hasRoom = typeof body !== "object" || enterAnswer(res, body);
	write(res, hasRoom ? answer : tooManyWait(res), cors);
	answered(res);
}

function write(res: ServerResponse, answer: Answer, cors: Cors): void {
	const shared = BEFORE_HANDLERS.has(answer.status) ? cors.refused : cors.lines;
	const { body } = answer;
	const text = typeof body === "string" ? body : "";
	writeHead(res, answer, answer.isForOwnOrigin ? "" : shared, text);
	res.end(typeof body === "string" ? undefined : body);
}

function tooManyWait(res: ServerResponse): Answer {
	const limit = outgoingMaxOf(res);
	const retryAfterSeconds = RETRY_AFTER_SECONDS;
	return problem(new Refusal("overloaded", { queue: "answer", limit, retryAfterSeconds }));
}
