/**
 * Decides what a reader does next after an answer. Pure: no clock, no socket.
 *
 *          page reaches on                     page ends at the head
 *              ╭───╮   ╭──────────────────────────────────────────╮  ╭───╮ nothing new: ask that
 *              │   ▼   │                                          ▼  │   ▼ URL again, conditional,
 *   start ──▶ CATCHING-UP ◀──── page reaches on ───────────────── AT-HEAD    with ES-LongPoll
 *              ╰───────────── the head, and not to follow ───────╯
 *                                      ▼
 *                                    ENDED           a fault leaves the state, one fault more
 *
 * **Is this the head?** A page of versions from … from+count−1 links to from+count if it is full,
 * or if only retention made holes in it. It links to a lower version if the stream ends within it;
 * the page after the last event has no link. So the link answers exactly, even if events are
 * missing. `headOfStream` does not: if a full page was the head when a cache stored it, it says so
 * for a year.
 *
 * **Bulk pages.** The server's links keep a count, or lead to the grid of 20 after the head. If a
 * reader is not at the head, and its place is a multiple of its own page size, it goes (back) to
 * pages of that size: it changes the count in the link. So a reader that starts at 48 reads
 * 48/forward/452 and then 500/forward/500, as all others do. A reader that falls far behind reads
 * at most 24 small pages before it is fast again.
 */
import { alignedForward, GRID } from "../geometry.ts";
import type { DecodedEntry, DecodedFeed } from "../model.ts";
import { counted, type Faults, NO_FAULTS } from "./backoff.ts";
import { damagedAt, ReadError } from "./error.ts";
import { atOf } from "./event.ts";
import { historyOf, pageUrl, rangeOf, withCount } from "./links.ts";
import { type Fault, historyReplaced, type Served } from "./reply.ts";

/** The stream, and how to read it; fixed for the life of a reader. */
export type ReaderPlan = {
	readonly server: string;
	readonly stream: string;
	readonly from: number;
	/** Milliseconds since 1970; infinite if there is no bound. */
	readonly since: number;
	readonly until: number;
	readonly follow: boolean;
	readonly pageSize: number;
};

export type State = {
	readonly phase: "catching-up" | "at-head" | "ended";
	/** The page to ask for; meaningless once ended. */
	readonly url: string;
	/** The lowest number not yet handed out. */
	readonly nextAt: number;
	/** The ETag of this URL, if it had nothing new. */
	readonly etag: string | undefined;
	readonly faults: Faults;
	/** The history of the links so far; undefined before the first page. */
	readonly history: string | undefined;
};

export type Outcome =
	| (Served & {
			readonly kind: "page";
			readonly feed: DecodedFeed;
			readonly etag: string | undefined;
	  })
	| (Served & { readonly kind: "not-modified" })
	| (Served & { readonly kind: "missing" })
	| { readonly kind: "too-large" }
	| { readonly kind: "damaged"; readonly reason: string }
	| Fault;

export type NumberedEntry = { readonly at: number; readonly entry: DecodedEntry };

export type Step = {
	readonly state: State;
	/** New events, oldest first. */
	readonly fresh: readonly NumberedEntry[];
	/** What to wait for before asking again: nothing, the poll interval, or the back-off. */
	readonly pause: "none" | "poll" | "back-off";
};

export function start(plan: ReaderPlan): State {
	const url = pageUrl(plan.server, plan.stream, alignedForward(plan.from, plan.pageSize));
	const unknown = { etag: undefined, faults: NO_FAULTS, history: undefined };
	return { phase: "catching-up", url, nextAt: plan.from, ...unknown };
}

/** @throws ReadError `too-large`, `damaged`, `not-varve`, `history-replaced` */
export function step(state: State, outcome: Outcome, plan: ReaderPlan): Step {
	const calm = { ...state, faults: NO_FAULTS };
	switch (outcome.kind) {
		case "page":
			return onPage(ofOneHistory(calm, outcome.feed), outcome.feed, outcome.etag, plan);
		case "not-modified":
			return atHead(calm, plan);
		case "missing":
			return atHead({ ...calm, etag: undefined }, plan);
		case "too-large":
			return { state: onGrid(calm, plan), fresh: [], pause: "none" };
		case "damaged":
			return { state: closerTo(calm, outcome.reason, plan), fresh: [], pause: "none" };
		case "fault":
			return {
				state: { ...state, faults: counted(state.faults, outcome.foreign) },
				fresh: [],
				pause: "back-off",
			};
	}
}

function onPage(state: State, feed: DecodedFeed, etag: string | undefined, plan: ReaderPlan): Step {
	const fresh = freshEntries(feed, state, plan);
	const nextAt = (fresh.at(-1)?.at ?? state.nextAt - 1) + 1;
	const link = feed.links.find(({ relation }) => relation === "previous")?.uri;
	if (link === undefined && fresh.length === 0) return atHead({ ...state, etag }, plan);

	const asked = rangeOf(state.url, plan.stream);
	const offered = link === undefined ? undefined : rangeOf(link, plan.stream);
	if (link === undefined && asked && nextAt >= asked.from + asked.count) {
		throw new ReadError("not-varve", state.url, `${state.url} is full and has no previous link`);
	}
	const head = !asked || !offered || offered.from < asked.from + asked.count;
	if (head && !plan.follow)
		return { state: { ...state, phase: "ended", nextAt }, fresh, pause: "none" };
	const bulk = !head && offered.from % plan.pageSize === 0;
	const url = link === undefined ? state.url : bulk ? withCount(link, plan.pageSize) : link;
	const same = url === state.url;
	const next: State = {
		phase: head ? "at-head" : "catching-up",
		url,
		nextAt,
		etag: same ? etag : undefined,
		faults: NO_FAULTS,
		history: state.history,
	};
	// Links to pages without new events must not become a loop without a pause.
	const onward = fresh.length > 0 || (asked && offered && offered.from > asked.from);
	return { state: next, fresh, pause: onward ? "none" : "poll" };
}

/**
 * The state, with the history of the feed's links. The first history has no number. If a reader
 * waits at its end and a restored history replaces it, the reader learns that here, not from a 410.
 */
function ofOneHistory(state: State, { links }: DecodedFeed): State {
	const history = historyOf(links.map(({ uri }) => uri));
	if (history === undefined || history === state.history) return state;
	if (state.history === undefined) return { ...state, history };
	throw historyReplaced(state.url);
}

function atHead(state: State, plan: ReaderPlan): Step {
	const phase = plan.follow ? "at-head" : "ended";
	return { state: { ...state, phase }, fresh: [], pause: plan.follow ? "poll" : "none" };
}

/**
 * Bulk pages of very large events may exceed the limit of server or reader; a grid page always
 * fits.
 */
function onGrid(state: State, plan: ReaderPlan): State {
	const asked = rangeOf(state.url, plan.stream);
	if (asked && asked.count > GRID) {
		return { ...state, url: withCount(state.url, alignedForward(asked.from).count) };
	}
	throw new ReadError("too-large", state.url, `${state.url} is larger than a page may be`);
}

/**
 * One damaged event makes its whole page fail. So the reader asks for a page of the grid, then for
 * single events up to the damaged one. The links keep the count of one until the next bulk page, so
 * the reader does this once.
 */
function closerTo(state: State, reason: string, plan: ReaderPlan): State {
	const asked = rangeOf(state.url, plan.stream);
	if (asked && asked.count > GRID) return onGrid(state, plan);
	if (asked && asked.count > 1) return { ...state, url: withCount(state.url, 1) };
	throw damagedAt(asked?.from ?? state.nextAt, state.url, reason);
}

/**
 * The entries not yet handed out, oldest first. An answer may overlap pages that were read before.
 * Entries that show no event (see `atOf`) are left out.
 */
function freshEntries(feed: DecodedFeed, state: State, plan: ReaderPlan): readonly NumberedEntry[] {
	const fresh: NumberedEntry[] = [];
	let lowest = Number.POSITIVE_INFINITY;
	for (const entry of feed.entries) {
		const at = atOf(entry, plan.stream, state.url);
		if (at === undefined) continue;
		if (at >= lowest) throw new ReadError("not-varve", state.url, `${state.url} is out of order`);
		lowest = at;
		if (at >= state.nextAt) fresh.push({ at, entry });
	}
	return fresh.reverse();
}
