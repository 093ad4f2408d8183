/**
 * Why a reader gave up. What may pass by itself (most 5xx, cut connections, time-outs) is
 * retried and never seen here, except as `unanswered` where `retriesMax` was set and used up.
 *
 * - `stream-deleted`  the stream was deleted for ever (410)
 * - `history-replaced`  the server was restored to another history (410): what was read may never
 *   have been; start again from nothing
 * - `refused`         the server understood and says no: credentials, rights, a bad name, a wrong
 *   path
 * - `too-large`       one grid page or one event exceeds the bound on a body
 * - `damaged`         the server cannot read the event `at` from its disk; all before it were
 *   handed out, and reading goes on behind it with `from: at + 1`
 * - `unanswered`      `retriesMax` faults in a row
 * - `not-varve`       the feed lacks what a reader needs, such as positions
 */
export type ReadFailure =
	| "stream-deleted"
	| "history-replaced"
	| "refused"
	| "too-large"
	| "damaged"
	| "unanswered"
	| "not-varve";

export class ReadError extends Error {
	readonly failure: ReadFailure;
	readonly url: string;
	/** The HTTP status, where there was one. */
	readonly status: number | undefined;
	/** Of `damaged`: the number of the event in the stream that is read. */
	readonly at: number | undefined;

	constructor(failure: ReadFailure, url: string, message: string, status?: number, at?: number) {
		super(message);
		this.name = "ReadError";
		this.failure = failure;
		this.url = url;
		this.status = status;
		this.at = at;
	}
}

export function damagedAt(at: number, url: string, reason: string): ReadError {
	return new ReadError("damaged", url, `${url} is answered ${reason}`, 500, at);
}
