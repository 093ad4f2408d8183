/** The content of an event: as a tree, as the text that was sent, or as bytes. */

import type { RecordedEvent } from "../../../src/event.ts";
import { type Html, html, type Part } from "../../html.ts";
import { type Json, readJson } from "../../parts/json/json.ts";
import { textOf } from "../../parts/json/preview.ts";
import { type Links, treeOf } from "../../parts/json/tree.ts";
import { grouped, sizeOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

export type View = "tree" | "text" | "bytes";

/** Of a larger event a page shows the beginning; all of it is one link away. */
const TEXT_BYTES = 64 * 1024;
const TREE_BYTES = 32 * 1024;
/** A page has some 1,500 elements at most; metadata is small. */
const TREE_NODES = 250;
const METADATA_NODES = 80;
const HEX_BYTES = 4096;
const HEX_ROW = 16;
const VIEWS = [
	["tree", "Tree"],
	["text", "Text"],
	["bytes", "Bytes"],
] as const;

/** @param asked of the URL; "" for the view that fits the content */
export function viewOf(event: RecordedEvent, asked: string): View {
	const isText = textOf(event.data, TEXT_BYTES) !== undefined;
	const known = VIEWS.find(([view]) => view === asked)?.[0];
	if (known === "bytes" || !isText) return "bytes";
	if (known === "text" || !event.isJson) return "text";
	return "tree";
}

/** The content as JSON, as far as the tree shows it. */
export function contentOf({ data, metadata, isJson }: RecordedEvent): Json[] {
	const texts = [isJson ? textOf(data, TREE_BYTES) : undefined, textOf(metadata, TREE_BYTES)];
	return texts.flatMap((text) => (text ? [readJson(text, TREE_NODES)] : []));
}

/** How the content is shown. */
export type ContentView = {
	readonly view: View;
	/** The first byte that is shown as bytes. */
	readonly from: number;
	readonly links: Links;
	/** Of the screen. */
	readonly path: string;
};

export function contentPanel(event: RecordedEvent, { view, from, links, path }: ContentView): Html {
	const tabs = VIEWS.map(([name, text]) => {
		const current = name === view ? html` aria-current="true"` : "";
		return html`<a href="${path}?view=${name}"${current}>${text}</a>`;
	});
	const shown = event.isRedacted ? erased(event) : bodyOf(event, { view, from, links, path });
	const form = event.isJson ? "application/json" : "application/octet-stream";
	return html`<section class="panel" aria-labelledby="content"><header><h2 id="content">Content</h2><span class="more">${event.isRedacted ? "erased" : form}</span>
<span class="buttons"><span class="segments">${tabs}</span><button type="button" class="needs-script" data-copy-url="${path}?format=bytes" data-url="${path}?format=bytes">Copy <kbd class="wide">c</kbd></button></span></header>
<div class="body">${shown}</div></section>`;
}

function erased({ metadata }: RecordedEvent): Html {
	const left = metadata.length > 0 ? "Its metadata is still there." : "";
	return html`<p class="none">The content of this event was erased on purpose. ${left} Its number, its id and its proof stay.</p>`;
}

function bodyOf(event: RecordedEvent, { view, from, links, path }: ContentView): Part {
	const { data, metadata } = event;
	if (view === "bytes") return bytesOf(data, from, path);
	const show = (bytes: Uint8Array, isJson: boolean, nodesMax: number) =>
		view === "tree" ? asTree(bytes, isJson, { links, nodesMax }) : asText(bytes);
	const whole = html`<a href="${path}?format=bytes">Open all ${sizeOf(data.length)}</a>`;
	const shown = view === "tree" ? TREE_BYTES : TEXT_BYTES;
	const isCut = data.length > shown;
	return html`<div class="pair"><div><h3>Data, ${sizeOf(data.length)}</h3>${show(data, event.isJson, TREE_NODES)}${isCut ? html`<p class="hint">The first ${sizeOf(shown)}. ${whole}</p>` : ""}</div>
<div><h3>Metadata, ${sizeOf(metadata.length)}</h3>${show(metadata, true, METADATA_NODES)}</div></div>`;
}

type TreeView = { readonly links: Links; readonly nodesMax: number };

function asTree(bytes: Uint8Array, isJson: boolean, { links, nodesMax }: TreeView): Html {
	if (bytes.length === 0) return html`<p class="none">none</p>`;
	const text = textOf(bytes, TREE_BYTES);
	if (text === undefined || !isJson || !/^\s*[[{"\-\dtfn]/.test(text)) return asText(bytes);
	return treeOf(readJson(text, nodesMax), links);
}

/** As it was sent: nothing is indented, and what cannot be seen is marked. */
function asText(bytes: Uint8Array): Html {
	if (bytes.length === 0) return html`<p class="none">none</p>`;
	const text = textOf(bytes, TEXT_BYTES);
	if (text === undefined) return html`<p class="none">binary, ${sizeOf(bytes.length)}</p>`;
	return html`<pre class="code" tabindex="0">${text.split("\n").map((line, at) => [at > 0 ? "\n" : "", visible(line)])}</pre>`;
}

function bytesOf(data: Uint8Array, from: number, path: string): Html {
	const start = Math.min(Math.max(0, from - (from % HEX_BYTES)), Math.max(0, data.length - 1));
	const part = data.subarray(start, start + HEX_BYTES);
	const rows: string[] = [];
	for (let at = 0; at < part.length; at += HEX_ROW) {
		rows.push(hexRow(part.subarray(at, at + HEX_ROW), start + at));
	}
	const step = (to: number, text: string) =>
		to >= 0 &&
		to < data.length &&
		html`<a class="button" href="${path}?view=bytes&from=${to}">${text}</a>`;
	const [size, end] = [sizeOf(data.length), grouped(start + part.length)];
	return html`<h3>Data, ${size}, bytes ${grouped(start)} to ${end}</h3>
<pre class="code hex" tabindex="0">${data.length === 0 ? "none" : rows.join("\n")}</pre>
<p class="buttons">${step(start - HEX_BYTES, "Before")}${step(start + HEX_BYTES, "Further")}<a href="${path}?format=bytes">Open all</a></p>`;
}

function hexRow(bytes: Uint8Array, offset: number): string {
	const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
	const ascii = Array.from(bytes, (byte) =>
		byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".",
	);
	return `${offset.toString(16).padStart(6, "0")}  ${hex.padEnd(3 * HEX_ROW - 1)}  ${ascii.join("")}`;
}
