/**
 * Why something was not written.
 *
 * - `wrong-expected-version`  the stream is at `current`: read it, and decide again
 * - `stream-deleted`  the stream was deleted for ever, or was expected to exist and does not
 * - `refused`     the server refused for another reason, which `problem` has; or, without one, no
 *   connection to the URL can come about. Nothing was written
 * - `unanswered`  too many faults in a row: **it may have been written**. Send it again with the
 *   same `ids` to learn that: the server answers what the first answer was
 */
import type { Problem } from "../exchange/problem.ts";

export type WriteFailure = "wrong-expected-version" | "stream-deleted" | "refused" | "unanswered";

type Facts = {
	readonly url: string;
	/** What the server said, word for word; undefined if it said nothing. */
	readonly problem?: Problem;
	/** The ids of the events, also of those that were made up. */
	readonly ids?: readonly string[];
	/** What `fetch` threw the last time. */
	readonly cause?: unknown;
};

export class WriteError extends Error {
	readonly failure: WriteFailure;
	readonly url: string;
	readonly problem: Problem | undefined;
	readonly ids: readonly string[];

	constructor(failure: WriteFailure, message: string, { url, problem, ids = [], cause }: Facts) {
		super(message, cause === undefined ? undefined : { cause });
		this.name = "WriteError";
		this.failure = failure;
		this.url = url;
		this.problem = problem;
		this.ids = ids;
	}

	/** For `wrong-expected-version`: the stream's last version; -1 if it has no events. */
	get current(): number | undefined {
		const { current } = this.problem?.facts ?? {};
		return typeof current === "number" ? current : undefined;
	}
}

/** The error for a refusal. */
export function refusedBy(problem: Problem, url: string, ids: readonly string[]): WriteError {
	const failure = FAILURES[problem.word] ?? "refused";
	return new WriteError(failure, `${problem.status} ${problem.detail}`, { url, problem, ids });
}

const FAILURES: Readonly<Record<string, WriteFailure>> = {
	"wrong-expected-version": "wrong-expected-version",
	"precondition-failed": "wrong-expected-version",
	"stream-deleted": "stream-deleted",
};
