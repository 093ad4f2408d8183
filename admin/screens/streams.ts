/** The lists of streams; categories, event types and correlations are lists of the same form. */
import type { ListedStream, Listing } from "../../src/listing/list.ts";
import {
	formatListQuery,
	type ListOrder,
	type ListQuery,
	parseListQuery,
} from "../../src/listing/query.ts";
import type { Screen } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { FILTER_KEY, LIST_KEYS, ROW_KEYS } from "../frame/keys.ts";
import { type Html, html, type Part } from "../html.ts";
import { accepting, curlPanel } from "../parts/curl.ts";
import { nameOf, shortened, streamLink, streamPath, typeOf } from "../parts/name.ts";
import { agoOf, counted, grouped, sizeOf, spanOf } from "../parts/numbers.ts";
import { visible, visibleText } from "../parts/visible.ts";

const ORDERS: readonly (readonly [ListOrder, string])[] = [
	["name", "name"],
	["changed", "recently changed"],
	["created", "recently created"],
	["largest", "most events"],
	["bytes", "most bytes"],
];
/** The lists of index streams, by the beginning of their names. */
const KINDS = [
	{ prefix: "$ce-", title: "Categories", how: "A stream named order-1 makes the category order." },
	{ prefix: "$et-", title: "Event types", how: "The first event of a type makes its list." },
	{
		prefix: "$bc-",
		title: "Correlations",
		how: "An event whose metadata has a $correlationId makes its list.",
	},
] as const;
const FACET_ROWS = 10;
const FACET_READ = 200;

type Kind = (typeof KINDS)[number];
type Search = { readonly query: ListQuery; readonly kind: Kind | undefined };

/** @throws Refusal `malformed-query`, and as a read of the log */
export async function streams(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const query = parseListQuery(withDefaults(visit.query));
	const kind = KINDS.find(({ prefix }) => query.prefix.startsWith(prefix));
	const search = { query, kind };
	const [listing, categories] = await Promise.all([
		visit.store.list(query),
		kind === undefined ? visit.store.list(ofKind(KINDS[0])) : undefined,
	]);
	const title = kind?.title ?? "Streams";
	const api = `${visit.base}/streams?${formatListQuery(query)}`;
	return screenOf(frame, {
		title,
		place: "streams",
		heading: title,
		crumbs: kind && html`<a href="/streams">Streams</a>`,
		facts: html`<span><b>${grouped(listing.total)}</b> ${listing.total === 1 ? "stream" : "streams"} ever written to</span>`,
		actions: KINDS.map(({ prefix, title: text }) => {
			const current = prefix === kind?.prefix ? html` aria-current="page"` : "";
			return html`<a class="button" href="/streams?prefix=${encodeURIComponent(prefix)}"${current}>${text}</a>`;
		}),
		isSlim: true,
		main: panel(frame, search, listing),
		aside: html`${categories && facet(frame, search, categories)}${curlPanel(visit, api, accepting("application/json"))}`,
		keys: [...ROW_KEYS, ...LIST_KEYS, FILTER_KEY],
	});
}

/** People see what changed lately, where programs get names in order. */
function withDefaults(query: URLSearchParams): URLSearchParams {
	const asked = new URLSearchParams(query);
	const find = asked.get("find");
	if (find !== null) {
		const kind = asked.get("in") ?? "";
		const isPart = asked.get("how") === "contains";
		const part = find.startsWith(kind) ? find.slice(kind.length) : find;
		asked.set("prefix", isPart ? kind : find);
		asked.set("contains", isPart ? part : "");
	}
	const isFound = ["prefix", "contains", "type"].some((name) => asked.get(name));
	if (!asked.get("order")) asked.set("order", isFound ? "name" : "changed");
	return asked;
}

function ofKind({ prefix }: Kind): ListQuery {
	const none = { contains: "", category: undefined, type: undefined, after: undefined };
	return { ...none, order: "name", prefix, limit: FACET_READ };
}

function panel(frame: Frame, search: Search, listing: Listing): Html {
	const rows =
		listing.streams.length === 0 ? nothing(search, listing) : table(frame, search, listing.streams);
	return html`<section class="panel" aria-label="The list" id="swap">${toolbar(search)}${rows}${foot(search, listing)}</section>`;
}

function toolbar({ query, kind }: Search): Html {
	const isPart = query.contains !== "";
	const hidden: Record<string, string | undefined> = {
		category: query.category,
		type: query.type,
		in: kind?.prefix,
	};
	return html`<form class="tools" method="get" action="/streams" id="filter" data-swap>
<input class="mono find" name="find" type="search" value="${isPart ? query.contains : query.prefix}" aria-label="Name" placeholder="Name" spellcheck="false" autocomplete="off" maxlength="1024">
<span class="segments">${choice("how", "prefix", "begins with", !isPart)}${choice("how", "contains", "contains", isPart)}</span>
${Object.entries(hidden).map(([name, value]) => value && html`<input type="hidden" name="${name}" value="${value}">`)}
${query.type !== undefined && html`<span class="chip" aria-current="true">first event ${shortened(query.type)}</span>`}
<span class="end"><label for="order" class="hint">Order</label>
<select name="order" id="order">${ORDERS.map(([order, text]) => html`<option value="${order}"${order === query.order ? html` selected` : ""}>${text}</option>`)}</select>
<button type="submit">Go</button></span></form>`;
}

function choice(name: string, value: string, text: string, isChosen: boolean): Html {
	return html`<label><input type="radio" name="${name}" value="${value}"${isChosen ? html` checked` : ""}>${text}</label>`;
}

function table(frame: Frame, { query, kind }: Search, streams: readonly ListedStream[]): Html {
	const found = query.contains || query.prefix;
	const isBy = (order: ListOrder) =>
		query.order === order
			? html` aria-sort="${order === "name" ? "ascending" : "descending"}"`
			: "";
	const first = kind ? "Oldest entry" : "First event";
	const rows = streams.map((row) => rowOf(frame, row, found, kind === undefined));
	return html`<table class="rows streams by-${query.order}" role="table"><caption class="away">Streams</caption>
<colgroup><col><col class="kind"><col class="kind"><col class="count">${kind === undefined && html`<col class="bytes">`}<col class="ago"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader"${isBy("name")}>Name</th><th scope="col" role="columnheader" class="kind">${first}</th><th scope="col" role="columnheader" class="kind">Last event</th><th scope="col" role="columnheader" class="num"${isBy("largest")}>Events</th>${kind === undefined && html`<th scope="col" role="columnheader" class="num bytes"${isBy("bytes")}>Size</th>`}<th scope="col" role="columnheader" class="num"${isBy("changed")}>Changed</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

function rowOf({ types, now }: Frame, row: ListedStream, found: string, hasSize: boolean): Html {
	const { stream, deleted, firstType, lastType, events, changed } = row;
	return html`<tr role="row" class="row" data-page="${streamPath(stream)}">
<td role="cell" class="title">${streamLink(stream, found)}${deletedBadge(deleted)}</td>
<td role="cell" class="kind">${firstType === undefined ? "" : typeOf(firstType, types.hues)}</td>
<td role="cell" class="kind">${lastType === undefined ? "" : typeOf(lastType, types.hues)}</td>
<td role="cell" class="num count"${events === 1 && html` data-one`}>${grouped(events)}</td>
${hasSize && html`<td role="cell" class="num bytes">${bytesOf(row)}</td>`}
<td role="cell" class="time" data-rough>${changed === undefined ? "" : agoOf(changed, now)}</td></tr>`;
}

/** Of many events it is not counted, and says so. */
function bytesOf({ bytes, isEstimate }: ListedStream): Part {
	if (!isEstimate) return sizeOf(bytes);
	return html`<span title="by its newest 100 events">about ${sizeOf(bytes)}</span>`;
}

function deletedBadge(deleted: ListedStream["deleted"]): Part {
	if (deleted === "no") return undefined;
	if (deleted === "for-ever") return html` <span class="badge bad">deleted for ever</span>`;
	return html` <span class="badge warn">deleted</span>`;
}

function foot({ query, kind }: Search, listing: Listing): Html {
	const { streams, next, searched, indexed } = listing;
	const what = kind ? "names" : "streams";
	const isFirst = query.after === undefined;
	const shown =
		isFirst && next === undefined
			? `${counted(streams.length, "stream")}, all shown`
			: `${counted(streams.length, "stream")} here`;
	const looked =
		next !== undefined && streams.length < query.limit
			? ` · looked at ${grouped(searched)} ${query.order === "name" ? what : "events"} so far`
			: "";
	const index = indexed === undefined ? "" : indexedWords(indexed);
	const first = linkTo({ ...query, after: undefined });
	return html`<div class="foot"><span>${shown}${looked}${index}</span><span class="pages">
${isFirst ? html`<span class="button" aria-disabled="true">First</span>` : html`<a class="button" href="${first}" data-key="[">First <kbd class="wide needs-script">[</kbd></a>`}
${next === undefined ? html`<span class="button" aria-disabled="true">Next</span>` : html`<a class="button" href="${linkTo({ ...query, after: next })}" data-key="]">${looked ? "Go on" : "Next"} <kbd class="wide needs-script">]</kbd></a>`}</span></div>`;
}

function indexedWords({ streams, isComplete, ageMs }: NonNullable<Listing["indexed"]>): string {
	if (!isComplete) return ` · its index is being built, ${grouped(streams)} streams so far`;
	return ageMs === undefined ? "" : ` · as of ${spanOf(ageMs)} ago, of all that the disk holds`;
}

function linkTo(query: ListQuery): string {
	const written = formatListQuery(query);
	written.set("order", query.order);
	return `/streams?${written}`;
}

function facet(frame: Frame, { query }: Search, { streams, next }: Listing): Part {
	if (streams.length === 0) return undefined;
	const largest = streams.toSorted((one, other) => other.events - one.events).slice(0, FACET_ROWS);
	const rows = largest.map(({ stream, events }) => {
		const category = stream.slice(KINDS[0].prefix.length);
		const current = query.category === category ? html` aria-current="true"` : "";
		const to = linkTo({ ...query, category, after: undefined });
		return html`<a href="${to}"${current}>${nameOf(category)}<span class="num" title="events">${grouped(events)}</span></a>`;
	});
	const rest = streams.length - largest.length;
	const all = linkTo({ ...query, category: undefined, after: undefined });
	const any = html`<a href="${all}"${query.category === undefined ? html` aria-current="true"` : ""}>Any<span class="num">${grouped(Math.max((frame.head ?? -1) + 1, 0))}</span></a>`;
	return html`<section class="panel" aria-labelledby="by-category"><header><h2 id="by-category">Category</h2><span class="more">events</span></header>
<div class="body"><div class="counts">${any}${rows}</div>${rest > 0 && html`<a href="/streams?prefix=%24ce-">${next === undefined ? `${grouped(rest)} more` : "All categories"}</a>`}</div></section>`;
}

function nothing({ query, kind }: Search, listing: Listing): Html {
	const { prefix, contains, category, type } = query;
	const isOver = query.after !== undefined || listing.next !== undefined;
	if (isOver) {
		return html`<div class="empty"><h2>${listing.next === undefined ? "Nothing more" : "Nothing found so far"}</h2><p>Looked at ${grouped(listing.searched)} on this page.</p></div>`;
	}
	if (listing.total === 0 && prefix === "" && contains === "") {
		return html`<div class="empty"><h2>No streams yet</h2><p>The first append makes the first stream.</p><a class="button" href="/streams/order-1">Append the first event</a></div>`;
	}
	if (kind && prefix === kind.prefix && contains === "" && type === undefined) {
		return html`<div class="empty"><h2>No ${kind.title.toLowerCase()} yet</h2><p>${kind.how}</p></div>`;
	}
	const said = contains
		? html`contains “${shortened(contains)}”`
		: html`begins with “${shortened(prefix)}”`;
	const where = [
		category && html` in category ${visible(category)}`,
		type && html` whose first event is ${shortened(type)}`,
	];
	const part = /\d+/.exec(prefix)?.[0] ?? prefix.slice(Math.ceil(prefix.length / 2));
	const isName = prefix !== "" && !prefix.startsWith("$");
	return html`<div class="empty"><h2>No stream ${prefix || contains ? said : ""}${where}</h2>
<p>Names are compared letter by letter, capitals too.</p>
${prefix && html`<p><a href="/streams?contains=${encodeURIComponent(part)}">Streams that contain “${shortened(part)}”</a></p>`}
${isName && html`<a class="button" href="${streamPath(prefix)}" title="${visibleText(prefix)}">Append the first event to ${nameOf(prefix)}</a>`}</div>`;
}
