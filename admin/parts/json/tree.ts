/** JSON as a tree: nested `details`, with every key in the order in which it was sent. */
import { type Html, html, type Part } from "../../html.ts";
import { counted, grouped } from "../numbers.ts";
import { visible } from "../visible.ts";
import { type Json, type JsonArray, type JsonObject, quoted } from "./json.ts";
import { preview, scalarOf } from "./preview.ts";

export type Links = ReadonlyMap<string, string>;

const NO_LINKS: Links = new Map();
/** Of one object or array; the others stand in groups of as many that are opened by themselves. */
const SHOWN_MAX = 200;
/** Some twenty lines; the text of the event has all of it. */
const STRING_MAX = 2000;
/** Deeper ones are closed. */
const OPEN_DEPTH_MAX = 12;

/**
 * @param links where a text leads that is the name of a stream or the id of an event, by the text
 */
export function treeOf(value: Json, links: Links = NO_LINKS): Html {
	if (value.kind === "object" || value.kind === "array") {
		return html`<div class="tree">${childrenOf(value, 0, links)}</div>`;
	}
	return html`<div class="tree"><div class="leaf">${leafOf(value, links)}</div></div>`;
}

function childrenOf(value: JsonObject | JsonArray, depth: number, links: Links): Part {
	const rows =
		value.kind === "object" ? membersOf(value, depth, links) : itemsOf(value, depth, links);
	if (rows.length === 0) return html`<div class="leaf none">${emptyOf(value)}</div>`;
	const rest: Part[] = [];
	for (let at = SHOWN_MAX; at < rows.length; at += SHOWN_MAX) {
		const group = rows.slice(at, at + SHOWN_MAX);
		const label = `show ${grouped(group.length)} more of ${grouped(rows.length)}`;
		rest.push(html`<details><summary>${label}</summary>${group}</details>`);
	}
	const cut = value.isCut ? html`<div class="leaf none">… the rest is not shown here</div>` : "";
	return [rows.slice(0, SHOWN_MAX), rest, cut];
}

function emptyOf(value: JsonObject | JsonArray): string {
	if (value.isCut) return "… not shown here";
	return value.kind === "object" ? "an empty object" : "an empty list";
}

function membersOf({ members }: JsonObject, depth: number, links: Links): Part[] {
	const times = new Map<string, number>();
	for (const { key } of members) times.set(key, (times.get(key) ?? 0) + 1);
	return members.map(({ key, value }) => {
		const twice = (times.get(key) ?? 0) > 1 ? html` <b class="badge warn">sent twice</b>` : "";
		return rowOf(html`<span class="k">${keyOf(key)}</span>${twice}`, value, depth, links);
	});
}

function keyOf(key: string): Part {
	return key === "" ? '""' : visible(key);
}

function itemsOf({ items }: JsonArray, depth: number, links: Links): Part[] {
	return items.map((value, index) =>
		rowOf(html`<span class="index">${index}</span>`, value, depth, links),
	);
}

function rowOf(label: Html, value: Json, depth: number, links: Links): Html {
	if (value.kind !== "object" && value.kind !== "array") {
		return html`<div class="leaf">${label}: ${leafOf(value, links)}</div>`;
	}
	const size =
		value.kind === "object"
			? counted(value.members.length, "key")
			: counted(value.items.length, "item");
	const isOpen = depth < OPEN_DEPTH_MAX;
	const summary = html`<summary>${label}: <span class="none">${size}</span></summary>`;
	return html`<details${isOpen ? " open" : ""}>${summary}${childrenOf(value, depth + 1, links)}</details>`;
}

function leafOf(value: Json, links: Links): Part {
	if (value.kind === "string") {
		const isCut = value.isCut || value.text.length > STRING_MAX;
		const shown = visible(quoted(value.text.slice(0, STRING_MAX).toWellFormed()));
		const text = html`<span class="s">${shown}${isCut && "…"}</span>`;
		const path = links.get(value.text);
		return path === undefined ? text : html`<a href="${path}">${text}</a>`;
	}
	if (value.kind === "number" || value.kind === "word") return scalarOf(value);
	return preview(value);
}
