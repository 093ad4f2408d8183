/** The way from the list of streams to a stream. */
import type { StreamName } from "../../../src/event.ts";
import { type Html, html } from "../../html.ts";
import { nameOf } from "../../parts/name.ts";

export function crumbsOf(name: StreamName): Html {
	const dash = name.indexOf("-");
	const list = html`<a href="/streams">Streams</a>`;
	if (dash <= 0 || name.startsWith("$")) return list;
	const category = name.slice(0, dash);
	const to = `/streams?order=changed&category=${encodeURIComponent(category)}`;
	return html`${list} / <a href="${to}" class="mono">${nameOf(category)}</a>`;
}
