/** The events around a moment: those until then, and the next ones in grey. */
import { ALL } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import { effectOf } from "../../../src/pages/as-of/merge.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { nameOf, streamPath, typeOf } from "../../parts/name.ts";
import { clockOf, counted, grouped } from "../../parts/numbers.ts";
import { eventPath } from "../event-rows.ts";
import { type Moment, momentPath } from "./moment.ts";

const ROWS = 20;
const LATER = 5;

export async function eventsPanel(frame: Frame, moment: Moment): Promise<Html> {
	const { stream, isObject } = moment;
	const [at, first, last] = [Number(moment.at), Number(moment.first), Number(moment.last)];
	const from = Math.max(first, Math.min(at + LATER, last) - ROWS + 1, 0);
	const range = { stream, from, limit: ROWS, direction: "forward", content: isObject } as const;
	const { entries } = await frame.visit.store.read(range);
	const second = isObject ? "Changes" : "Stream";
	return html`<section class="panel" aria-labelledby="until"><header><h2 id="until">Events up to here</h2><span class="more wide needs-script"><kbd>←</kbd> <kbd>→</kbd> step</span></header>
<table class="rows moments" role="table"><caption class="away">Events around this moment</caption>
<colgroup><col class="no"><col><col class="${isObject ? "changes" : "stream"}"><col class="time"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">${stream === ALL ? "Position" : "No."}</th><th scope="col" role="columnheader">Type</th><th scope="col" role="columnheader"${isObject && html` class="num"`}>${second}</th><th scope="col" role="columnheader" class="num">Time, UTC</th></tr></thead>
<tbody role="rowgroup">${entries.map((entry) => rowOf(frame, moment, entry))}</tbody></table>
<div class="foot"><span>${footOf(entries, at, last)}</span></div></section>`;
}

function rowOf(frame: Frame, moment: Moment, entry: StreamEntry): Html {
	const { version, event, link, unresolved } = entry;
	const number = Number(version);
	const at = Number(moment.at);
	const path = eventPath(moment.stream, entry);
	const state = number > at ? html` class="row later"` : html` class="row"`;
	const current = number === at ? html` aria-current="true"` : "";
	return html`<tr role="row"${state}${current} data-page="${path}">
<td role="cell" class="no num"><a href="${path}" class="mono">${grouped(number)}</a></td>
<td role="cell" class="type"><a class="open" data-step href="${momentPath(moment, number)}">${typeOf(unresolved ? "$>" : event.type, frame.types.hues)}</a></td>
${moment.isObject ? html`<td role="cell" class="size">${changesOf(entry)}</td>` : html`<td role="cell" class="stream">${streamThen(entry)}</td>`}
<td role="cell" class="time">${clockOf((link ?? event).created, frame.now)}</td></tr>`;
}

function changesOf(entry: StreamEntry): Part {
	const effect = effectOf(entry);
	if ("keys" in effect) return counted(effect.keys, "key");
	return html`<span class="none">${effect.leftOut}</span>`;
}

/** Its own stream, as of this event. */
function streamThen({ event, unresolved }: StreamEntry): Html {
	const { stream, version } = unresolved ?? event;
	return html`<a class="name" href="${streamPath(stream)}?as-of=${version}">${nameOf(stream)}</a><span class="at">/${version}</span>`;
}

function footOf(entries: readonly StreamEntry[], at: number, last: number): string {
	const later = entries.filter(({ version }) => version > at).map(({ version }) => Number(version));
	const [from, to] = [later[0], later.at(-1)];
	if (from === undefined || to === undefined) return "This is the newest event";
	const shown = from === to ? grouped(from) : `${grouped(from)} to ${grouped(to)}`;
	const more = last > to ? `, and ${grouped(last - to)} more,` : "";
	return `${shown}${more} came later, and ${from === to && more === "" ? "is" : "are"} left out`;
}
