/**
 * From the core's words to HTTP: the only place that knows statuses.
 *
 * Every error has a body of RFC 9457 (problem details): `type` names the refusal, `detail` says it
 * in a sentence, and the refusal's facts stand beside them. Status and reason phrase are those that
 * clients of the contract recognise an outcome by.
 */
import { Refusal } from "../../errors.ts";
import type { ShownProblem } from "../../screens.ts";
import { type Answer, textAnswer } from "./answer.ts";
import { ACCOUNT_PROBLEMS } from "./problems/accounts.ts";
import { APPEND_PROBLEMS } from "./problems/append.ts";
import { ERASURE_PROBLEMS } from "./problems/erasure.ts";
import type { Problem, Words } from "./problems/problem.ts";
import { PROJECTION_PROBLEMS } from "./problems/projection.ts";
import { PUSH_PROBLEMS } from "./problems/push.ts";
import { READ_PROBLEMS } from "./problems/read.ts";
import { READER_PROBLEMS } from "./problems/readers.ts";
import { REQUEST_PROBLEMS } from "./problems/request.ts";
import { SQL_PROBLEMS } from "./problems/sql.ts";
import { STATE_PROBLEMS } from "./problems/state.ts";
import { SUBSCRIPTION_PROBLEMS } from "./problems/subscription.ts";

const PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	...REQUEST_PROBLEMS,
	...APPEND_PROBLEMS,
	...ACCOUNT_PROBLEMS,
	...READ_PROBLEMS,
	...ERASURE_PROBLEMS,
	...STATE_PROBLEMS,
	...SQL_PROBLEMS,
	...SUBSCRIPTION_PROBLEMS,
	...READER_PROBLEMS,
	...PROJECTION_PROBLEMS,
	...PUSH_PROBLEMS,
};
const NO_STORE = ["Cache-Control", "no-store"];

/** The answer to a refusal. */
export function problem<W extends Words>(refusal: Refusal<W>): Answer {
	const entry: Problem<W> = PROBLEMS[refusal.word];
	const body = bodyOf(refusal);
	// A proxy may keep a 404 or 410 by its own judgement (RFC 9111 section 4.2.2), and a stream that
	// is not there now may be there in a second.
	const headers = [...(entry.headers?.(refusal.facts) ?? []), ...NO_STORE];
	const answer = textAnswer(
		entry.status,
		"application/problem+json",
		JSON.stringify(body),
		headers,
	);
	return entry.reason === undefined ? answer : { ...answer, reason: entry.reason(refusal.facts) };
}

/** How a client is told of an error; undefined for a fault of the server. */
export function problemOf(error: unknown): ShownProblem | undefined {
	return isRequestRefusal(error) ? bodyOf(error) : undefined;
}

function bodyOf<W extends Words>(refusal: Refusal<W>): ShownProblem {
	const entry: Problem<W> = PROBLEMS[refusal.word];
	return {
		type: `urn:varve:problem:${refusal.word}`,
		title: entry.title,
		status: entry.status,
		detail: entry.detail(refusal.facts),
		...(entry.shown ?? all)(refusal.facts),
	};
}

/**
 * The answer to an error that a handler threw. If it is a fault of the server, the answer gives no
 * details.
 * @param report called with every error; it decides which ones the operator sees
 */
export function answerToError(error: unknown, report: (error: unknown) => void): Answer {
	report(error);
	if (isRequestRefusal(error)) return problem(error);
	const body = {
		type: "urn:varve:problem:internal-error",
		title: "Internal server error",
		status: 500,
		detail: "The server failed to answer. Its log has the cause.",
	};
	return textAnswer(500, "application/problem+json", JSON.stringify(body), NO_STORE);
}

/** What the answer to a refusal says in a sentence; undefined for an error that is none. */
export function problemDetail(error: unknown): string | undefined {
	return isRequestRefusal(error) ? detailOf(error) : undefined;
}

function detailOf<W extends Words>({ word, facts }: Refusal<W>): string {
	const entry: Problem<W> = PROBLEMS[word];
	return entry.detail(facts);
}

/** Whether a request may be refused in these words; anything else thrown is a fault of ours. */
export function isRequestRefusal(error: unknown): error is Refusal<Words> {
	return error instanceof Refusal && Object.hasOwn(PROBLEMS, error.word);
}

function all<F>(facts: F): F {
	return facts;
}
