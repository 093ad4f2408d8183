/**
 * Why a reader gave up. Everything that may pass by itself (5xx, cut connections, time-outs) is
 * retried and never seen here, except as `unanswered` where `retriesMax` was set and used up.
 *
 * - `stream-deleted`  the stream was deleted for ever (410)
 * - `history-replaced`  the server was restored to another history (410): what was read may never
 *   have been; start again from nothing
 * - `refused`         the server understood and says no: credentials, rights, a bad name, a wrong
 *   path
 * - `too-large`       one grid page or one event exceeds the bound on a body
 * - `unanswered`      `retriesMax` faults in a row
 * - `not-varve`       the feed lacks what a reader needs, such as positions
 */
export type ReadFailure =
	| "stream-deleted"
	| "history-replaced"
	| "refused"
	| "too-large"
	| "unanswered"
	| "not-varve";

export class ReadError extends Error {
	readonly failure: ReadFailure;
	readonly url: string;
	/** The HTTP status, where there was one. */
	readonly status: number | undefined;

	constructor(failure: ReadFailure, url: string, message: string, status?: number) {
		super(message);
		this.name = "ReadError";
		this.failure = failure;
		this.url = url;
		this.status = status;
	}
}
