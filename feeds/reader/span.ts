/**
 * Reading a span of time. `created` never falls along a stream, so the events of a span stand
 * together: the server finds the first, and the reader ends at the first one beyond.
 */
import { ReadError } from "./error.ts";
import { atOf } from "./event.ts";
import { momentUrl, rangeOf } from "./links.ts";
import type { ReaderSettings } from "./options.ts";
import { fetchPage, type PageAnswer } from "./session.ts";
import type { NumberedEntry, ReaderPlan, Step } from "./step.ts";

/**
 * The number of the first event at or after a moment; the next number if there is none yet.
 * Undefined if the stream has no events.
 * @param time milliseconds since 1970
 * @throws ReadError
 */
export async function firstAt(
	settings: ReaderSettings,
	time: number,
	signal: AbortSignal,
): Promise<number | undefined> {
	const { server, stream } = settings;
	const url = momentUrl(server, stream, new Date(time).toISOString());
	const page = await fetchPage(url, settings, signal);
	if (page === undefined) return undefined;
	if ("damage" in page) throw new ReadError("damaged", url, `${url} is answered ${page.damage}`);
	const self = page.links.find(({ relation }) => relation === "self")?.uri;
	const range = self === undefined ? undefined : rangeOf(self, stream);
	if (range === undefined)
		throw new ReadError("not-varve", url, `${url} does not lead to a page of the stream`);
	// Newest first.
	const late = page.entries.filter((entry) => Date.parse(entry.updated) >= time);
	const numbers = late.map((entry) => atOf(entry, stream, url));
	return numbers.findLast((at) => at !== undefined) ?? range.from;
}

/** The entries of the span, and whether no later one can belong to it. */
export function inSpan(
	fresh: readonly NumberedEntry[],
	{ since, until }: ReaderPlan,
): { readonly wanted: readonly NumberedEntry[]; readonly isOver: boolean } {
	if (since === Number.NEGATIVE_INFINITY && until === Number.POSITIVE_INFINITY)
		return { wanted: fresh, isOver: false };
	const times = fresh.map(({ entry }) => Date.parse(entry.updated));
	const beyond = times.findIndex((time) => time >= until);
	const wanted = fresh.filter(
		(_, index) => (times[index] as number) >= since && (beyond < 0 || index < beyond),
	);
	return { wanted, isOver: beyond >= 0 };
}

/**
 * How far the server's clock must have passed the end of the span: an append that it took before
 * may still be on its way to the disk, and the clock of a proxy, which may write `Date`, be ahead.
 */
const GRACE_MS = 60_000;

/** Whether a reader that waits at the head waits in vain: its span has ended, says the server. */
export function hasPassed(
	{ outcome }: PageAnswer,
	{ state }: Step,
	{ until }: ReaderPlan,
): boolean {
	if (state.phase !== "at-head" || until === Number.POSITIVE_INFINITY) return false;
	const servedAt = "servedAt" in outcome ? outcome.servedAt : undefined;
	return servedAt !== undefined && servedAt >= until + GRACE_MS;
}
