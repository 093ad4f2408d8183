/**
 * Sends a request for as long as it takes, if sending it twice does no harm.
 *
 *   send ──▶ the answer that was hoped for ──▶ done
 *        ──▶ a refusal of Varve            ──▶ WriteError
 *        ──▶ anything else                 ──▶ wait ──▶ send, up to `retriesMax` times
 */
import { type Answer, exchange, type NoAnswer, type Request } from "../exchange/exchange.ts";
import {
	describeAnswer,
	isAbout,
	isPassing,
	type Problem,
	problemIn,
} from "../exchange/problem.ts";
import { counted, isHopeless, NO_FAULTS, nextDelay, parseRetryAfter } from "../reader/backoff.ts";
import type { ReaderSettings } from "../reader/options.ts";
import { refusedBy, WriteError } from "./error.ts";

export type Attempt = Pick<Request, "method" | "url" | "headers" | "body"> & {
	/** Whether Varve itself answered so; a hop may answer 201, too. */
	readonly isDone: (answer: Answer) => boolean;
	readonly ids?: readonly string[];
};

export type Sent = { readonly answer: Answer; readonly attempts: number };

/** An answer to a write is short; to a read of metadata, as long as an event may be, escaped. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * @throws WriteError
 * @throws the reason of `signal` if it ended the request, which may have been carried out
 */
export async function send(
	attempt: Attempt,
	settings: ReaderSettings,
	signal: AbortSignal = new AbortController().signal,
): Promise<Sent> {
	const { url, ids = [] } = attempt;
	const request = requestOf(attempt, settings);
	for (let faults = NO_FAULTS; ; ) {
		const answer = await exchange(request, settings.fetch, signal);
		const problem = problemOf(answer, url);
		if (problem && !isPassing(problem) && problem.status < 500) throw refusedBy(problem, url, ids);
		if (!("unanswered" in answer) && attempt.isDone(answer))
			return { answer, attempts: faults.all + 1 };

		if ("unanswered" in answer && answer.unreachable !== undefined) {
			// An attempt before this one may have arrived.
			const failure = faults.all === 0 ? "refused" : "unanswered";
			throw new WriteError(failure, answer.unreachable, { url, ids, cause: answer.cause });
		}
		faults = counted(faults, isForeign(answer, problem));
		const reason = reasonOf(answer, problem);
		if (isHopeless(faults, settings.retriesMax)) {
			const message = `${url} failed ${faults.all} times; the last reason: ${reason}`;
			const cause = "unanswered" in answer ? answer.cause : undefined;
			throw new WriteError("unanswered", message, { url, ids, cause });
		}
		const delayMs = nextDelay(faults.all, settings.random(), retryAfterMsOf(answer));
		settings.onRetry({ url, reason, faults: faults.all, delayMs });
		await settings.sleep(delayMs, signal);
	}
}

function requestOf({ method, url, headers, body }: Attempt, settings: ReaderSettings): Request {
	const { origin, timeoutMs } = settings;
	return {
		...(method === undefined ? {} : { method }),
		url,
		headers,
		own: { origin, headers: settings.headers },
		...(body === undefined ? {} : { body }),
		limits: { answerMs: timeoutMs, silenceMs: timeoutMs, bodyBytesMax: ANSWER_BYTES_MAX },
	};
}

function problemOf(answer: Answer | NoAnswer, url: string): Problem | undefined {
	if ("unanswered" in answer) return undefined;
	const { status, headers, body = NOTHING } = answer;
	const problem = problemIn(status, headers.get("content-type"), body);
	const names = problem !== undefined && "stream" in problem.facts && /\/streams\//.test(url);
	return names && !isAbout(problem, url) ? undefined : problem;
}

function isForeign(answer: Answer | NoAnswer, problem: Problem | undefined): boolean {
	if ("unanswered" in answer) return answer.hidden;
	return problem === undefined && answer.status < 500 && answer.status !== 429;
}

function reasonOf(answer: Answer | NoAnswer, problem: Problem | undefined): string {
	if ("unanswered" in answer) return answer.unanswered;
	if (problem) return `${problem.status} ${problem.detail}`;
	const { status, statusText, headers, body = NOTHING } = answer;
	const seen = describeAnswer(status, statusText, headers.get("content-type"), body);
	return status >= 500 ? seen : `not an answer of Varve: ${seen}`;
}

function retryAfterMsOf(answer: Answer | NoAnswer): number {
	if ("unanswered" in answer) return 0;
	return parseRetryAfter(answer.headers.get("retry-after"), Date.now());
}
