/** Events as rows of a table: number, type, stream where they are of several, data, size, time. */
import { ALL, type StreamName } from "../../src/event.ts";
import { eventUrl } from "../../src/http/urls.ts";
import type { StreamEntry } from "../../src/log/log.ts";
import type { Frame } from "../frame/frame.ts";
import { type Html, html, type Part } from "../html.ts";
import { previewOf } from "../parts/json/preview.ts";
import { streamLink, typeOf } from "../parts/name.ts";
import { clockOf, grouped, sizeOf } from "../parts/numbers.ts";

export type EventTable = {
	/** The stream that was read. */
	readonly stream: StreamName;
	readonly entries: readonly StreamEntry[];
	/** Whether the entries are events of several streams. */
	readonly isIndex: boolean;
	/** The number of the entry that is open, and what is shown of it. */
	readonly open?: { readonly version: number; readonly inside: Part };
	/** The URL that opens an entry in place. */
	readonly openPath?: (version: number) => string;
	readonly caption: string;
	/** Bytes of the data of entries that have only its beginning, by their number. */
	readonly sizes?: ReadonlyMap<number, number> | undefined;
	/** The entries above this number came between what a form expected and its refusal. */
	readonly expected?: number | undefined;
};

export function eventRows(frame: Frame, table: EventTable): Html {
	const { isIndex, stream } = table;
	const head = stream === ALL ? "Position" : "No.";
	return html`<table class="rows" role="table">
<caption class="away">${table.caption}</caption>
<colgroup><col class="no"><col class="type">${isIndex && html`<col class="stream">`}<col><col class="size"><col class="time"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">${head}</th><th scope="col" role="columnheader">Type</th>${
		isIndex && html`<th scope="col" role="columnheader">Stream</th>`
	}<th scope="col" role="columnheader">Data</th><th scope="col" role="columnheader" class="num">Size</th><th scope="col" role="columnheader" class="num">Time, UTC</th></tr></thead>
<tbody role="rowgroup">${table.entries.map((entry) => rowOf(frame, table, entry))}</tbody></table>`;
}

function rowOf(frame: Frame, table: EventTable, entry: StreamEntry): Html {
	const { open, openPath, isIndex, stream } = table;
	const { event, version } = entry;
	const isOpen = open?.version === Number(version);
	const time = (entry.link ?? event).created;
	const path = eventPath(stream, entry);
	const toggle = openPath === undefined ? path : openPath(isOpen ? -1 : Number(version));
	const bytes = table.sizes?.get(Number(version)) ?? event.data.length;
	const isBetween = Number(version) > (table.expected ?? Infinity);
	const attributes = [isOpen && html` data-open`, isBetween && html` data-between`];
	const said = isBetween && html`<span class="away">Came between: </span>`;
	const row = html`<tr role="row" class="row" data-page="${path}"${attributes}>
<td role="cell" class="no num">${said}<a href="${path}" class="mono">${grouped(Number(version))}</a></td>
<td role="cell" class="type"><a class="open" href="${toggle}"${openPath && html` aria-expanded="${isOpen ? "true" : "false"}"`}>${typeOf(shownType(entry), frame.types.hues)}</a></td>
${isIndex && html`<td role="cell" class="stream">${streamOf(entry)}</td>`}
<td role="cell" class="data">${dataOf(entry, bytes)}</td>
<td role="cell" class="size">${event.isRedacted ? "" : sizeOf(bytes)}</td>
<td role="cell" class="time">${clockOf(time, frame.now)}</td></tr>`;
	if (!isOpen) return row;
	const columns = isIndex ? 6 : 5;
	return html`${row}<tr role="row" class="inside"><td role="cell" colspan="${columns}">${open?.inside}</td></tr>`;
}

/** The screen of an entry: of an index, that of the event in its own stream. */
export function eventPath(
	stream: StreamName,
	{ event, version, link, unresolved }: StreamEntry,
): string {
	// Also if the event is hidden in its own stream, or that was deleted.
	if (stream === ALL) return eventUrl("", ALL, Number(event.position));
	if (unresolved) return eventUrl("", stream, version);
	if (link) return eventUrl("", stream, version);
	return eventUrl("", event.stream, event.version);
}

function shownType({ event, unresolved }: StreamEntry): string {
	return unresolved ? "$>" : event.type;
}

function streamOf({ event, unresolved }: StreamEntry): Part {
	const { stream, version } = unresolved ?? event;
	return html`<span class="entry">${streamLink(stream)}<span class="at">/${version}</span></span>`;
}

function dataOf({ event, unresolved, isHidden }: StreamEntry, bytes: number): Part {
	if (unresolved)
		return html`<span class="none">a link to an event that is not shown any more</span>`;
	if (isHidden) return html`<span class="none">hidden by the stream's metadata</span>`;
	return previewOf({ ...event, bytes });
}
