/**
 * Decides what a reader does next after an answer. Pure: no clock, no socket.
 *
 *          page reaches on                     page ends at the head
 *              ╭───╮   ╭──────────────────────────────────────────╮  ╭───╮ nothing new, or less
 *              │   ▼   │                                          ▼  │   ▼ than a page: wait on
 *   start ──▶ CATCHING-UP ◀─── bulk page reaches on ──────────── AT-HEAD
 *              │                                                  │   ▲
 *              │ the head, and not to follow            page of   ▼   │ page ends at the head
 *              ▼                                    20 reaches on NEAR-HEAD
 *            ENDED                                                └───┘ page of 20 reaches on
 *
 * A fault leaves the state, with one fault more. A reader that is to follow starts NEAR-HEAD.
 *
 * **Waiting.** At the head and near it, the reader asks for tail pages (`?wait=`): the server holds
 * the request until there is an event, and all readers ask for the same URLs. So a full page of 20
 * is no reason to ask without a wait, as long as the reader is less than a bulk page behind. A
 * server that does not know tail pages answers at once, and its empty page leads nowhere. From then
 * on, the reader asks conditionally, with `ES-LongPoll`.
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
 * 48/forward/952 and then 1000/forward/1000, as all others do. A reader that falls far behind reads
 * at most 49 small pages before it is fast again.
 *
 * **Lines or feeds.** A reader asks for pages of lines. If the server does not know them, it asks
 * the same URL for a feed, and goes on with feeds.
 */
import { alignedForward, GRID } from "../geometry.ts";
import type { ReadEvent } from "../model.ts";
import { counted, type Faults, NO_FAULTS } from "./backoff.ts";
import { damagedAt, ReadError } from "./error.ts";
import { historyOf, pageUrl, rangeOf, withCount, withoutWait } from "./links.ts";
import type { PageForm, ReaderPage } from "./pages/page.ts";
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
	readonly phase: "catching-up" | "at-head" | "near-head" | "ended";
	/** The page to ask for; meaningless once ended. */
	readonly url: string;
	readonly form: PageForm;
	/** Whether the server knows tail pages, as far as it has shown. */
	readonly knowsTails: boolean;
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
			readonly page: ReaderPage;
			readonly etag: string | undefined;
	  })
	| (Served & { readonly kind: "not-modified" })
	| (Served & { readonly kind: "missing" })
	| { readonly kind: "not-offered" }
	| { readonly kind: "too-large" }
	| { readonly kind: "damaged"; readonly reason: string }
	| Fault;

export type Step = {
	readonly state: State;
	/** New events, oldest first. */
	readonly fresh: readonly ReadEvent[];
	/** What to wait for before asking again: nothing, the poll interval, or the back-off. */
	readonly pause: "none" | "poll" | "back-off";
};

export function start(plan: ReaderPlan): State {
	const url = pageUrl(plan.server, plan.stream, alignedForward(plan.from, plan.pageSize));
	const unknown = { etag: undefined, faults: NO_FAULTS, history: undefined };
	const asked = { form: "lines", knowsTails: true } as const;
	// Followers that start at the head ask for one URL from their first question on. A reader whose
	// span may have ended must not wait to hear of it.
	const isEndless = plan.follow && plan.until === Number.POSITIVE_INFINITY;
	const phase = isEndless ? "near-head" : "catching-up";
	return { phase, url, ...asked, nextAt: plan.from, ...unknown };
}

/** @throws ReadError `too-large`, `damaged`, `not-varve`, `history-replaced` */
export function step(state: State, outcome: Outcome, plan: ReaderPlan): Step {
	const calm = { ...state, faults: NO_FAULTS };
	switch (outcome.kind) {
		case "page":
			return onPage(ofOneHistory(calm, outcome.page), outcome.page, outcome.etag, plan);
		case "not-modified":
			return atHead(calm, plan);
		case "missing":
			return atHead({ ...calm, etag: undefined }, plan);
		case "not-offered":
			return {
				state: { ...calm, ...WITHOUT_TAILS, form: "feed" },
				fresh: [],
				pause: "none",
			};
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

function onPage(state: State, page: ReaderPage, etag: string | undefined, plan: ReaderPlan): Step {
	const fresh = freshEvents(page, state);
	const nextAt = (fresh.at(-1)?.at ?? state.nextAt - 1) + 1;
	const link = page.links.find(({ relation }) => relation === "previous")?.uri;
	if (link === undefined && fresh.length === 0) return atEnd({ ...state, etag }, plan);

	const asked = rangeOf(state.url, plan.stream);
	const offered = link === undefined ? undefined : rangeOf(link, plan.stream);
	if (link === undefined && asked && nextAt >= asked.from + asked.count) {
		throw new ReadError("not-varve", state.url, `${state.url} is full and has no previous link`);
	}
	const head = !asked || !offered || offered.from < asked.from + asked.count;
	if (head && !plan.follow)
		return { state: { ...state, phase: "ended", nextAt }, fresh, pause: "none" };
	const bulk = !head && offered.from % plan.pageSize === 0;
	const leads = link === undefined ? state.url : bulk ? withCount(link, plan.pageSize) : link;
	const phase = head ? "at-head" : phaseBelow(state, asked?.count);
	const url = phase === "catching-up" ? withoutWait(leads) : leads;
	const same = url === state.url;
	const next: State = { ...state, phase, url, nextAt, etag: same ? etag : undefined };
	// Links to pages without new events must not become a loop without a pause.
	const onward = fresh.length > 0 || (asked && offered && offered.from > asked.from);
	return { state: next, fresh, pause: onward || !isWaiting(state) ? "none" : "poll" };
}

/** The first question without tail pages does not wait: caches keep the answer to that. */
const WITHOUT_TAILS = { phase: "catching-up", knowsTails: false, etag: undefined } as const;

/** Where a full page leaves the reader. */
function phaseBelow(state: State, count: number | undefined): State["phase"] {
	const isNear = isWaiting(state) && state.knowsTails && count !== undefined && count <= GRID;
	return isNear ? "near-head" : "catching-up";
}

/** Whether the reader wants its request to be held. */
export function isWaiting({ phase }: State): boolean {
	return phase === "at-head" || phase === "near-head";
}

/** The page is empty, and leads nowhere: a tail page would lead to itself. */
function atEnd(state: State, plan: ReaderPlan): Step {
	const wasTail = isWaiting(state) && state.knowsTails;
	if (!wasTail) return atHead(state, plan);
	// It was not held, so there is nothing to pause for.
	return { state: { ...state, ...WITHOUT_TAILS }, fresh: [], pause: "none" };
}

/**
 * The state, with the history of the page's links. The first history has no number. If a reader
 * waits at its end and a restored history replaces it, the reader learns that here, not from a 410.
 */
function ofOneHistory(state: State, { links }: ReaderPage): State {
	const history = historyOf(links.map(({ uri }) => uri));
	if (history === undefined || history === state.history) return state;
	if (state.history === undefined) return { ...state, history };
	throw historyReplaced(state.url);
}

function atHead(state: State, plan: ReaderPlan): Step {
	const phase = plan.follow ? "at-head" : "ended";
	// The pause is for servers that do not hold what they should: the next question is the first one.
	const pause = plan.follow && isWaiting(state) ? "poll" : "none";
	return { state: { ...state, phase }, fresh: [], pause };
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

/** The events not yet handed out. An answer may overlap pages that were read before. */
function freshEvents({ events }: ReaderPage, { nextAt }: State): readonly ReadEvent[] {
	const first = events[0];
	if (first === undefined || first.at >= nextAt) return events;
	return events.filter(({ at }) => at >= nextAt);
}
