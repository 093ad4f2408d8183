/** The events around a moment: those until then, and the next ones in grey. */
import { ALL } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import { type MergedEvent as Effect, effectOf, readEvent } from "../../../src/pages/as-of/merge.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { nameOf, streamPath, typeOf } from "../../parts/name.ts";
import { clockOf, counted, grouped } from "../../parts/numbers.ts";
import { eventPath } from "../event-rows.ts";
import { type Moment, momentPath } from "./moment.ts";

const ROWS = 20;
const LATER = 5;
const LATER_BYTES_MAX = 1024 * 1024;

export async function eventsPanel(frame: Frame, moment: Moment): Promise<Html> {
	const { stream, isObject } = moment;
	const [at, first, last] = [Number(moment.at), Number(moment.first), Number(moment.last)];
	const from = Math.max(first, Math.min(at + LATER, last) - ROWS + 1, 0);
	const limit = Math.min(ROWS, Math.max(LATER, at + LATER + 1 - from));
	const range = { stream, from, limit, direction: "forward", content: false } as const;
	const [{ entries }, effects] = await Promise.all([
		frame.visit.store.read(range),
		isObject ? effectsAround(frame, moment) : undefined,
	]);
	const rows = entries.map((entry) =>
		rowOf(frame, moment, entry, effects?.get(Number(entry.version))),
	);
	const number = stream === ALL ? "Position" : "No.";
	const second = isObject
		? html`<th scope="col" role="columnheader" class="num">Changes</th>`
		: html`<th scope="col" role="columnheader">Stream</th>`;
	return html`<section class="panel" aria-labelledby="until"><header><h2 id="until">Events up to here</h2><span class="more wide needs-script"><kbd>←</kbd> <kbd>→</kbd> step</span></header>
<table class="rows moments" role="table"><caption class="away">Events around this moment</caption>
<colgroup><col class="no"><col><col class="${isObject ? "changes" : "stream"}"><col class="time"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">${number}</th><th scope="col" role="columnheader">Type</th>${second}<th scope="col" role="columnheader" class="num">Time, UTC</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>
<div class="foot"><span>${footOf(entries, at, last)}</span></div></section>`;
}

function rowOf(frame: Frame, moment: Moment, entry: StreamEntry, effect?: Effect): Html {
	const { version, event, link, unresolved } = entry;
	const number = Number(version);
	const at = Number(moment.at);
	const path = eventPath(moment.stream, entry);
	const state = number > at ? html` class="row later"` : html` class="row"`;
	const content = moment.isObject
		? html`<td role="cell" class="size">${changesOf(effect)}</td>`
		: html`<td role="cell" class="stream">${streamThen(entry)}</td>`;
	const current = number === at ? html` aria-current="true"` : "";
	return html`<tr role="row"${state}${current} data-page="${path}">
<td role="cell" class="no num"><a href="${path}" class="mono">${grouped(number)}</a></td>
<td role="cell" class="type"><a class="open" data-step href="${momentPath(moment, number)}">${typeOf(unresolved ? "$>" : event.type, frame.types.hues)}</a></td>
${content}
<td role="cell" class="time">${clockOf((link ?? event).created, frame.now)}</td></tr>`;
}

/** What the events until then did to the object, and what the next ones would do. */
async function effectsAround(
	{ visit }: Frame,
	{ stream, at, first, events }: Moment,
): Promise<ReadonlyMap<number, Effect>> {
	const from = Math.max(Number(at) + 1, Number(first));
	const range = { stream, from, limit: LATER, direction: "forward", content: true } as const;
	const { entries } = await visit.store.read(range);
	const small = entries.filter(({ event }) => event.data.length <= LATER_BYTES_MAX);
	const all = [...events, ...small.map((entry) => effectOf(readEvent(entry)))];
	return new Map(all.map((one) => [Number(one.entry.version), one]));
}

/** Undefined of an event that was not read: it is too old, or large and came later. */
function changesOf(effect: Effect | undefined): Part {
	if (effect === undefined) return html`<span class="none">not read</span>`;
	if ("keys" in effect) return counted(effect.keys, "key");
	return html`<span class="none">${effect.leftOut}</span>`;
}

/** Its own stream, as of this event. */
function streamThen({ event, unresolved }: StreamEntry): Html {
	const { stream, version } = unresolved ?? event;
	return html`<span class="entry"><a class="name" href="${streamPath(stream)}?as-of=${version}">${nameOf(stream)}</a><span class="at">/${version}</span></span>`;
}

function footOf(entries: readonly StreamEntry[], at: number, last: number): string {
	const later = entries.filter(({ version }) => version > at).map(({ version }) => Number(version));
	const [from, to] = [later[0], later.at(-1)];
	if (from === undefined || to === undefined) return "This is the newest event";
	const shown = from === to ? grouped(from) : `${grouped(from)} to ${grouped(to)}`;
	const more = last > to ? `, and ${grouped(last - to)} more,` : "";
	return `${shown}${more} came later, and ${from === to && more === "" ? "is" : "are"} left out`;
}
