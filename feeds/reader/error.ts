/**
 * Why a reader gave up. The reader retries faults that may pass by themselves (most 5xx, cut
 * connections, time-outs). They appear here only as `unanswered`, if `retriesMax` is used up.
 *
 * - `stream-deleted`  the stream was deleted for ever (410)
 * - `history-replaced`  the server was restored to another history (410): events that were read may
 *   not exist in it; start again from nothing
 * - `refused`         the server understood the request and refused it: credentials, rights, a bad
 *   name, a wrong path. Or, without a status, no connection to the URL can come about: a
 *   certificate that is not trusted, `https` for a server without TLS
 * - `too-large`       one grid page or one event exceeds the bound on a body
 * - `damaged`         the server cannot read the event `at` from its disk. The reader has handed
 *   out all events before it; to continue after it, read with `from: at + 1`
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
	/** The HTTP status, if there was one. */
	readonly status: number | undefined;
	/** For `damaged`: the number of the event in the stream that is read. */
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
