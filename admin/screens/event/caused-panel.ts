/** What caused what as a drawing: rails at the left, a bar for each event from its cause on. */
import type { RecordedEvent } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { correlationPath } from "../../parts/correlation.ts";
import { nameOf, typeOf } from "../../parts/name.ts";
import { clockOf, counted, durationOf, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import type { Causation, Caused } from "./causation.ts";

/** A row is as high as a line of the list beside it. */
const ROW = 24;
const RAIL = 12;
const RAILS_SHOWN = 8;
const LEFT = 17;
const BAR_WIDTH = 1000;

export function causedPanel(
	frame: Frame,
	causation: Causation,
	correlation: string,
	event: RecordedEvent,
): Html {
	const { rows, total } = causation;
	const times = rows.map(({ event: { created } }) => created);
	const [start, end] = [Math.min(...times), Math.max(...times)];
	const streams = new Set(rows.map(({ event: { stream } }) => stream)).size;
	const said = `${counted(total, "event")} in ${counted(streams, "stream")}, ${durationOf(end - start)}`;
	const span = { start, end, event };
	const list = rows.map((row) => rowOf(frame, rows, row, span));
	const shown = rows.length < total && restOf(causation, correlation, event);
	return html`<section class="panel" aria-labelledby="caused"><header><h2 id="caused">What caused what</h2><a href="${correlationPath(correlation)}" class="mono">${visible(correlation.slice(0, 80))}</a><span class="more">${said}</span></header>
<p class="foot">From ${clockOf(start, frame.now)} UTC; at the right, how long after its cause</p>
<div class="caused">${railsOf(rows, event)}<ol>${list}</ol></div>${shown}</section>`;
}

/** What the drawing leaves out, and the ways to it. */
function restOf(
	{ rows, drawable, total }: Causation,
	correlation: string,
	{ stream, version }: RecordedEvent,
): Html {
	const more =
		drawable > rows.length &&
		html`<a href="${eventUrl("", stream, version)}?caused=all#caused">Draw ${grouped(drawable)}</a> · `;
	return html`<div class="foot"><span>The ${counted(rows.length, "event")} nearest to this one: what caused it, what it caused, and what came with it.</span><span>${more}<a href="${correlationPath(correlation)}">All ${grouped(total)}</a></span></div>`;
}

function railsOf(rows: readonly Caused[], event: RecordedEvent): Html {
	const rails = Math.min(RAILS_SHOWN, Math.max(...rows.map(({ rail }) => rail)) + 1);
	const width = LEFT + rails * RAIL;
	const height = rows.length * ROW;
	const x = (rail: number) => LEFT + Math.min(rail, RAILS_SHOWN - 1) * RAIL;
	const y = (at: number) => at * ROW + ROW / 2;
	const lines = rows.map(({ rail, cause, fault }, at) => {
		if (cause === undefined) {
			if (fault === undefined) return undefined;
			return html`<path class="rail dash" d="M${x(rail)} ${y(at) - ROW / 2}V${y(at)}"/>`;
		}
		const from = x(rows[cause]?.rail ?? 0);
		const to = x(rail);
		if (from === to) return html`<path class="rail" d="M${from} ${y(cause)}V${y(at)}"/>`;
		return html`<path class="rail" d="M${from} ${y(cause)}Q${to} ${y(cause)} ${to} ${y(cause) + 10}V${y(at)}"/>`;
	});
	const dots = rows.map(({ rail, event: { id, position } }, at) => {
		const isHere = id === event.id && position === event.position;
		return isHere
			? html`<circle class="here" cx="${x(rail)}" cy="${y(at)}" r="5"/>`
			: html`<circle class="f0" cx="${x(rail)}" cy="${y(at)}" r="3"/>`;
	});
	return html`<svg width="${width}" height="${height}" aria-hidden="true">${lines}${dots}</svg>`;
}

type Span = { readonly start: number; readonly end: number; readonly event: RecordedEvent };

function rowOf(frame: Frame, rows: readonly Caused[], row: Caused, span: Span): Html {
	const { event, cause, fault } = row;
	const causing = cause === undefined ? undefined : rows[cause]?.event;
	const isHere = event.position === span.event.position;
	const after = causing ? afterOf(event, causing) : rootOf(fault);
	return html`<li${isHere ? html` aria-current="true"` : ""}><a href="${eventUrl("", event.stream, event.version)}">${typeOf(event.type, frame.types.hues)}<span class="mono entry">${nameOf(event.stream)}<span class="at">/${event.version}</span></span></a>${barOf(frame, event, causing?.created ?? event.created, span)}<span class="after">${after}</span></li>`;
}

/** The rails show the cause; who hears the list is told it in words. */
function afterOf({ created }: RecordedEvent, cause: RecordedEvent): Html {
	const { type, stream, version } = cause;
	return html`+${durationOf(created - cause.created)}<span class="away"> after its cause: ${visible(type)} ${visible(stream)}/${version}</span>`;
}

function rootOf(fault: Caused["fault"]): Part {
	if (fault === "a cycle")
		return html`<span class="badge warn" title="Its causes lead back to it; the drawing cuts them here">a cycle</span>`;
	if (fault === "not here")
		return html`<span class="badge" title="The cause it names is not among these events">cause elsewhere</span>`;
	return "start";
}

function barOf({ types }: Frame, event: RecordedEvent, from: number, { start, end }: Span): Html {
	const scale = (time: number) =>
		Math.round(((time - start) / Math.max(end - start, 1)) * (BAR_WIDTH - 8));
	const hue = types.hues.get(event.type) ?? 0;
	const [left, right] = [Math.min(scale(from), scale(event.created)), scale(event.created)];
	return html`<svg class="bar-of" viewBox="0 0 ${BAR_WIDTH} 14" preserveAspectRatio="none" aria-hidden="true"><rect class="span f${hue}" x="${left}" y="5" width="${Math.max(right - left, 0)}" height="4"/><rect class="f${hue}" x="${right}" y="1" width="6" height="12"/></svg>`;
}
