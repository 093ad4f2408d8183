/** The panel of a stream's entries: the live line, the filter by type, the core, rows and pages. */
import { ALL, type StreamName } from "../../../src/event.ts";
import { pageUrl } from "../../../src/http/urls.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { liveOf } from "../../parts/live.ts";
import { shortened, streamPath, typeOf } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import { coreOf } from "../../parts/strip.ts";
import { visible } from "../../parts/visible.ts";
import { shownLayers } from "./core.ts";
import { pagesAround } from "./place.ts";
import type { Shown } from "./shown.ts";

const CHIPS_MAX = 8;
const FIRST = { direction: "forward", from: 0, count: 20 } as const;

/** @param jump what was asked for and is neither a number nor a time */
export function entriesPanel(frame: Frame, shown: Shown, rows: Html, jump?: string): Html {
	const { place, entries, last, types } = shown;
	const layers = shownLayers(types.core, entries, last);
	const ways = directions(place.stream, place.range.direction);
	const core = coreOf({ ...types.core, ...layers }, frame.types.hues);
	const body =
		entries.length === 0
			? nothing(shown)
			: html`<div class="with-core">${core}<div>${rows}</div></div>`;
	return html`<section class="panel" aria-label="Events" id="swap" data-path="${streamPath(place.stream)}">
<div class="tools">${place.isHead && shown.filtered === undefined && place.range.direction === "backward" ? liveOf(place.stream, last) : html`<a class="button" href="${streamPath(place.stream)}">Newest</a>`}
<span class="end">${jumpForm(place.stream, jump)}${ways}</span></div>
${chips(frame, shown)}${body}${foot(shown)}</section>`;
}

function jumpForm(stream: StreamName, asked: string | undefined): Html {
	const wrong =
		asked === undefined
			? ""
			: html`<span class="hint bad" role="alert" id="jump-wrong">“${visible(asked.slice(0, 40))}” is neither a number nor a time such as 09:55, 2026-11-29 09:55 or -5m</span>`;
	return html`${wrong}<form method="get" action="${streamPath(stream)}"><input name="at" type="text" size="16" placeholder="${stream === ALL ? "Position or time" : "Number or time"}" aria-label="Go to a number or a time (UTC)" maxlength="40" autocomplete="off"${asked === undefined ? "" : html` aria-invalid="true" aria-describedby="jump-wrong"`}></form>`;
}

function directions(stream: StreamName, direction: "forward" | "backward"): Html {
	const current = html` aria-current="true"`;
	return html`<span class="segments"><a href="${streamPath(stream)}"${direction === "backward" ? current : ""}>Newest first</a><a href="${pageUrl("", stream, FIRST)}"${direction === "forward" ? current : ""}>Oldest first</a></span>`;
}

/** Counts stand there only if all events were looked at. */
function chips({ types: known }: Frame, { place, types, entries, filtered }: Shown): Part {
	const { stream } = place;
	const counts =
		types.counts ??
		[...new Set(entries.map(({ event }) => event.type))].map((type) => [type, undefined] as const);
	const isChosen = (type: string) => filtered?.type === type;
	const rows = counts.filter(([type], at) => at < CHIPS_MAX || isChosen(type));
	if (filtered && !rows.some(([type]) => isChosen(type))) rows.push([filtered.type, undefined]);
	if (counts.length < 2 && filtered === undefined) return undefined;
	const all = types.counts?.reduce((sum, [, count]) => sum + count, 0);
	const current = html` aria-current="true"`;
	return html`<div class="chips"><a class="chip" href="${streamPath(stream)}"${filtered === undefined ? current : ""}>All types${all !== undefined && html` <span class="count">${grouped(all)}</span>`}</a>${rows.map(
		([type, count]) =>
			html`<a class="chip" href="${streamPath(stream)}?type=${encodeURIComponent(type)}"${isChosen(type) ? current : ""}>${typeOf(type, known.hues)}${count !== undefined && html` <span class="count">${grouped(count)}</span>`}</a>`,
	)}</div>`;
}

function nothing({ filtered, last }: Shown): Html {
	if (filtered) {
		return html`<div class="empty"><h2>No ${shortened(filtered.type)} among ${grouped(filtered.searched)} events</h2>${filtered.before !== undefined && html`<p>There are older ones to look at.</p>`}</div>`;
	}
	const said = last < 0 ? "The store is empty" : "No event is shown here";
	return html`<div class="empty"><h2>${said}</h2><p>${last < 0 ? "The first append makes the first event." : "Metadata hides those of this page, or they were erased."}</p></div>`;
}

function foot({ place, entries, last, filtered }: Shown): Html {
	const { stream } = place;
	const around = filtered
		? {
				newer: undefined,
				older:
					filtered.before === undefined
						? undefined
						: `${streamPath(stream)}?type=${encodeURIComponent(filtered.type)}&before=${filtered.before}`,
			}
		: pagesAround(place, last);
	const numbers = entries.map(({ version }) => Number(version));
	const range =
		numbers.length === 0
			? ""
			: ` · ${grouped(Math.min(...numbers))} to ${grouped(Math.max(...numbers))}`;
	return html`<div class="foot"><span>${entries.length} of ${grouped(last + 1)}${range}</span><span class="pages">${link("Newer", "[", around.newer)}${link(filtered && entries.length === 0 ? "Go on" : "Older", "]", around.older)}</span></div>`;
}

function link(text: string, key: string, path: string | undefined): Html {
	if (path === undefined) return html`<span class="button" aria-disabled="true">${text}</span>`;
	return html`<a class="button" href="${path}" data-key="${key}">${text} <kbd class="wide needs-script">${key}</kbd></a>`;
}
