/**
 * The search. A screen searches for half a second at most, the first one for less, and its link
 * goes on from there: the script follows that link, and adds the rows to those that are there.
 */
import type { Screen, Store, Visit } from "../../../src/screens.ts";
import { formatSearchQuery, type SearchQuery } from "../../../src/searching/query.ts";
import type { Hit, Progress } from "../../../src/searching/search.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { FILTER_KEY, GO_ON_KEY, ROW_KEYS, STOP_KEY } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, commandPanel, curlPanel } from "../../parts/curl.ts";
import { nameOf } from "../../parts/name.ts";
import { clockOf, grouped } from "../../parts/numbers.ts";
import { type Asked, readAsked } from "./asked.ts";
import { searchForm } from "./form.ts";
import { nothingFound } from "./none.ts";
import { foundTable } from "./rows.ts";
import { waysToSearch } from "./ways.ts";

const ROWS = 25;
/** The script adds rows up to so many: a page has some 1,500 elements at most. */
const SHOWN_MAX = 50;
const SLICE_MS = 500;
/** The first view is there at once, if it has looked at some events. */
const FIRST_MS = 100;
const FIRST_SEARCHED = 1000;

type Found = { readonly hits: readonly Hit[]; readonly progress: Progress };

/** @throws Refusal `overloaded`, and as a read of the stream that is searched */
export async function search(frame: Frame): Promise<Screen> {
	const { visit, now } = frame;
	const asked = readAsked(visit.query, now);
	const { query } = asked;
	const found = query && (await findIn(visit.store, query));
	return screenOf(frame, {
		title: "Search",
		place: "search",
		status: asked.wrong ? 400 : 200,
		heading: "Search",
		actions: html`${query && html`<a class="button" href="${pathTo(query, "format=ndjson")}" download="found.ndjson">Download NDJSON</a>`}${waysToSearch(false)}`,
		main: html`<section class="panel" aria-label="The search">${searchForm(asked)}${result(frame, asked, found)}</section>${commandOf(visit, asked)}`,
		keys: [...ROW_KEYS, FILTER_KEY, STOP_KEY, GO_ON_KEY],
	});
}

function commandOf(visit: Visit, { query, wrong }: Asked): Html {
	const { base, url } = visit;
	const ndjson = accepting("application/x-ndjson");
	if (wrong) return curlPanel(visit, base + url, "-i", ndjson);
	if (query) {
		const asked = formatSearchQuery({ ...query, limit: undefined });
		return curlPanel(visit, `${base}/search?${asked}`, ndjson);
	}
	const title = "A search with curl";
	return commandPanel(visit, { id: "curl", title }, `${base}/search?type=OrderPlaced`, ndjson);
}

async function findIn(store: Store, query: SearchQuery): Promise<Found> {
	const hits: Hit[] = [];
	const limit = Math.min(query.limit ?? ROWS, ROWS);
	const isFirst = query.before === undefined;
	for await (const { hits: more, progress } of store.search({ ...query, limit }, SLICE_MS)) {
		hits.push(...more);
		const { end, span, next, milliseconds } = progress;
		const isEnough = milliseconds >= FIRST_MS && span.high - next >= FIRST_SEARCHED;
		if (end !== undefined || (isFirst && isEnough)) return { hits, progress };
	}
	// A search says how it ended before it ends.
	throw new Error("a search ended without a last step");
}

function pathTo(query: SearchQuery, more = ""): string {
	const written = String(formatSearchQuery(query));
	return `/search?${written}${more && `&${more}`}`;
}

function result(frame: Frame, { query, wrong }: Asked, found: Found | undefined): Part {
	if (!query || !found) return wrong ? undefined : help();
	const { hits, progress } = found;
	const { end, next } = progress;
	const on = end === "all-searched" ? undefined : pathTo({ ...query, before: next + 1 });
	const body =
		hits.length === 0
			? html`${nothingFound(progress, query)}<div hidden id="search-table">${foundTable(frame, hits, query.value)}</div>`
			: html`<div id="search-table">${foundTable(frame, hits, query.value)}</div>`;
	const skeleton = html`<div class="skeleton" id="search-skeleton" hidden aria-hidden="true"></div>`;
	return html`${stateOf(frame, found, on)}${body}${skeleton}
<div class="foot"><span id="search-said" role="status">${saidOf(found)}</span><span class="pages"><a class="button" id="search-on" data-key="]"${on === undefined ? html` hidden` : html` href="${on}"`}>Go on <kbd class="wide needs-script">]</kbd></a></span></div>`;
}

/** The line that the script keeps true; its numbers are of this slice. */
function stateOf(frame: Frame, { progress }: Found, on: string | undefined): Html {
	const { span, next, reached, found, unreadable } = progress;
	const { searchFoundMax, searchMs } = frame.visit.store.facts();
	const shownMax = Math.min(searchFoundMax, SHOWN_MAX);
	const [searched, total] = [span.high - next, Math.max(0, span.high - span.low + 1)];
	const url = on === undefined ? "" : html` data-url="${on}"`;
	return html`<div id="search-found"${url} data-searched="${searched}" data-total="${total}" data-found="${found}" data-found-max="${shownMax}" data-ms-max="${searchMs}">
<progress value="${searched}" max="${Math.max(total, 1)}" aria-label="Searched"></progress>
<p><span><b data-is="found">${grouped(found)}</b> found · <span data-is="searched">${grouped(searched)}</span> of <span data-is="total">${grouped(total)}</span> events of ${nameOf(span.stream)} searched<span data-is="reached">${reached !== undefined && html`, back to ${clockOf(reached, frame.now)}`}</span>${unreadable > 0 && html` · <b class="wrong">${grouped(unreadable)} damaged, not searched</b>`}</span>
<span class="hint">${grouped(shownMax)} at a time, for at most ${grouped(Math.round(searchMs / 1000))} s <button type="button" class="needs-script" id="search-stop" hidden>Stop <kbd class="wide">Esc</kbd></button></span></p></div>`;
}

function saidOf({ progress }: Found): string {
	return progress.end === "all-searched" ? "All searched." : "There are older events to search.";
}

function help(): Html {
	return html`<div class="empty"><h2>Find events</h2>
<p>Fill in what you know of them; all that is filled in has to fit. The newest are found first.</p>
<ul><li><code>order-*</code> stands for all streams that begin with <code>order-</code></li>
<li><code>$.total</code>, <code>$.lines[0].sku</code>, <code>$.lines[*].sku</code> and <code>$['a name']</code> are places in the data</li>
<li>A type makes a search quick: the store has an index of each</li></ul></div>`;
}
