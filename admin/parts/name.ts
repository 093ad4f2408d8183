/** Names of streams and types of events, as text and as links. */
import type { StreamName } from "../../src/event.ts";
import { escapeSegment } from "../../src/http/urls.ts";
import { type Html, html, type Part } from "../html.ts";
import type { Hues } from "./hues.ts";
import { visible, visibleText } from "./visible.ts";

/** A name is cut in the middle by its column: what stands behind the last slash stays. */
const KEPT_MAX = 60;
/**
 * Of a longer name or type, titles alone show more: so many are a line of a wide screen, and four
 * of a narrow one.
 */
const SHOWN_MAX = 120;
const END_SHOWN = 40;

/** The path of a stream's screen, and of what is below it. */
export function streamPath(stream: string, below = ""): string {
	return `/streams/${escapeSegment(stream)}${below}`;
}

/** @param found a part of the name to mark */
export function nameOf(stream: string, found = ""): Html {
	const slash = stream.lastIndexOf("/");
	const tail = stream.slice(slash);
	if (slash <= 0 || tail.length > KEPT_MAX) return bdi(stream, marked(stream, found));
	const head = html`<span class="n1">${marked(stream.slice(0, slash), found)}</span>`;
	return bdi(stream, html`${head}<span class="n2">${marked(tail, found)}</span>`);
}

function marked(text: string, found: string): Part {
	const at = found === "" ? -1 : text.indexOf(found);
	if (at < 0) return shortened(text);
	const [before, after] = [text.slice(0, at), text.slice(at + found.length)];
	return html`${visible(before)}<mark>${visible(found)}</mark>${visible(after)}`;
}

/** A long text without its middle. */
export function shortened(text: string): Part {
	if (text.length <= SHOWN_MAX) return visible(text);
	const start = text.slice(0, SHOWN_MAX - END_SHOWN).toWellFormed();
	const end = text.slice(-END_SHOWN).toWellFormed();
	return html`${visible(start)}<span class="cut">…</span>${visible(end)}`;
}

export function streamLink(stream: StreamName | string, found = ""): Html {
	return html`<a class="name" href="${streamPath(stream)}">${nameOf(stream, found)}</a>`;
}

/** A type with the mark of its hue. */
export function typeOf(type: string, hues: Hues): Html {
	const hue = hues.get(type) ?? 0;
	const text = html`<bdi title="${visibleText(type)}">${shortened(type)}</bdi>`;
	return html`<span class="ty"><i class="c c${hue}"></i>${text}</span>`;
}

function bdi(stream: string, shown: Part): Html {
	return html`<bdi class="mono" title="${visibleText(stream)}">${shown}</bdi>`;
}
