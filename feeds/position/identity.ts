/**
 * What a reader position belongs to: a stream of one log. The server's URL says nothing about that:
 * it may change, and another log may answer there. The name of the log's key does. It comes with
 * the data directory, and changes if a restore replaces the history.
 */
import { ReadError } from "../reader/error.ts";
import { lastPageUrl, rangeOf } from "../reader/links.ts";
import { type ReadOptions, settingsOf } from "../reader/options.ts";
import { fetchKey, fetchPage } from "../reader/session.ts";

export type StreamIdentity = {
	readonly stream: string;
	/** The log's name: `varve/1f0c6e6a3f2b9d71`; `varve/1f0c6e6a3f2b9d71/2` is history 2. */
	readonly log: string;
	/** Number of the stream's newest event when the server was asked; -1 if it had none. */
	readonly last: number;
};

/**
 * Asks the server which log it has, and where the stream ends.
 * @throws RangeError, TypeError if an option makes no sense
 * @throws ReadError; see `error.ts`
 */
export async function identify(address: ReadOptions): Promise<StreamIdentity> {
	const settings = settingsOf(address);
	const { server, stream } = settings;
	const signal = address.signal ?? new AbortController().signal;
	const log = nameOf(await fetchKey(settings, signal));
	const url = lastPageUrl(server, stream);
	const page = await fetchPage(url, settings, signal);
	if (page === undefined) return { stream, log, last: -1 };
	// A page above the head is empty, and links to the next event.
	const links = "damage" in page ? [] : page.links;
	const next = links.find(({ relation }) => relation === "previous")?.uri;
	const from = next === undefined ? undefined : rangeOf(next, stream)?.from;
	if (from === undefined)
		throw new ReadError("not-varve", url, `${url} does not say where the stream ends`);
	return { stream, log, last: from - 1 };
}

/** A key is written `NAME+HASH+KEY`; the last part may hold a +, the name cannot. */
function nameOf(key: string): string {
	return key.slice(0, key.indexOf("+"));
}

/** What is said of a position or a reader, in messages. */
export function describeIdentity({ stream, log }: Pick<StreamIdentity, "stream" | "log">): string {
	return `stream '${stream}' of the log ${log}`;
}

/** Whether two names are those of one log that was restored in between. */
export function isOtherHistory(log: string, other: string): boolean {
	const key = (name: string) => name.split("/").slice(0, 2).join("/");
	return log !== other && key(log) === key(other);
}
