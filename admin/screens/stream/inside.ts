/** An entry opened in place: its data and metadata as a tree, what changed, and where to go on. */
import type { RecordedEvent } from "../../../src/event.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store } from "../../../src/screens.ts";
import { type Html, html, type Part } from "../../html.ts";
import { correlationOf, correlationPath } from "../../parts/correlation.ts";
import { differenceOf, diffOf } from "../../parts/json/diff.ts";
import { readJson } from "../../parts/json/json.ts";
import { textOf } from "../../parts/json/preview.ts";
import { treeOf } from "../../parts/json/tree.ts";
import { shortened } from "../../parts/name.ts";
import { grouped, sizeOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { eventPath } from "../event-rows.ts";
import { previousOfType } from "./filter.ts";
import type { Place } from "./place.ts";

/** Of a larger event the beginning is shown, with a link to all of it. */
const SHOWN_BYTES = 16 * 1024;
const NODES_MAX = 300;
/** Larger documents are compared on the event's own screen alone. */
const COMPARED_BYTES = 64 * 1024;
const COMPARED_NODES = 5000;

export async function insideOf(store: Store, place: Place, entry: StreamEntry): Promise<Part> {
	const { event } = entry;
	const path = eventPath(place.stream, entry);
	const changed = await changedSince(store, event);
	const correlation = correlationOf(event.metadata);
	const data = contentTree(event.data, event.isJson);
	return html`<div class="halves"><div class="panel-less"><h2 class="label">Data and metadata</h2>${data}${
		event.metadata.length > 0 && contentTree(event.metadata, true)
	}</div><div class="panel-less">${changed}</div></div>
<p class="links"><a href="${path}">Open event ${grouped(Number(event.version))}</a>${
		correlation !== undefined &&
		html`<a href="${correlationPath(correlation)}">Correlation ${visible(correlation.slice(0, 60))}</a>`
	}</p>`;
}

function contentTree(bytes: Uint8Array, isJson: boolean): Html {
	if (bytes.length === 0) return html`<p class="none">none</p>`;
	const text = textOf(bytes, SHOWN_BYTES);
	if (text === undefined) return html`<p class="none">binary, ${sizeOf(bytes.length)}</p>`;
	if (isJson && looksLikeJson(text)) return treeOf(readJson(text, NODES_MAX));
	const rest =
		bytes.length > SHOWN_BYTES ? html`<p class="none">… ${sizeOf(bytes.length)} in all</p>` : "";
	return html`<pre class="code" tabindex="0">${visible(text)}</pre>${rest}`;
}

/** Metadata need not be JSON, whatever the data is. */
function looksLikeJson(text: string): boolean {
	return /^\s*[[{"\-\dtfn]/.test(text);
}

async function changedSince(store: Store, event: RecordedEvent): Promise<Part> {
	const before = await previousOfType(store, event.stream, event.type, Number(event.version));
	if (before === undefined) {
		return html`<h2 class="label">What changed</h2><p class="none">No earlier ${shortened(event.type)} nearby in this stream.</p>`;
	}
	const [old, now] = [before.event, event].map(({ data, isJson }) =>
		isJson && data.length <= COMPARED_BYTES ? textOf(data, COMPARED_BYTES) : undefined,
	);
	const link = html`<a href="${eventPath(event.stream, before)}">${grouped(Number(before.version))}</a>`;
	const head = html`<h2 class="label">Changed since ${link}, the ${shortened(event.type)} before it</h2>`;
	if (!old || !now) return html`${head}<p class="none">Not compared: not JSON, or too large.</p>`;
	return html`${head}${diffOf(differenceOf(readJson(old, COMPARED_NODES), readJson(now, COMPARED_NODES)))}`;
}
