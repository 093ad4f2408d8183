/** The parts of the forms about people. */
import { raw } from "hono/html";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";

const COMMAS = /\s*,\s*/;

export function formOf({ visit }: Frame, path: string, content: Part): Html {
	return html`<form class="deed" method="post" action="${path}"><input type="hidden" name="_token" value="${visit.token}">${content}</form>`;
}

/** @param attributes of ours, as HTML */
export function field(label: string, name: string, attributes: string, value = ""): Html {
	const own = raw(attributes) as unknown as Html;
	return html`<label class="field">${label}<input name="${name}" value="${value}" ${own}></label>`;
}

export function button(action: string, text: string, kind = ""): Html {
	return html`<p class="buttons"><button type="submit" name="action" value="${action}" class="${kind}">${text}</button></p>`;
}

export function agoOf({ now }: Frame, ms: number | undefined): Html {
	if (ms === undefined) return html`<span class="hint">never</span>`;
	const time = new Date(ms).toISOString();
	const days = Math.floor((now - ms) / (24 * 3600 * 1000));
	const words = days === 0 ? "today" : `${days} d ago`;
	return html`<time datetime="${time}" title="${time}" data-ago>${words}</time>`;
}

export function textIn(form: URLSearchParams, name: string): string {
	return (form.get(name) ?? "").trim();
}

/** The words of a field, with commas between them. */
export function wordsIn(form: URLSearchParams, name: string): string[] {
	return textIn(form, name)
		.split(COMMAS)
		.filter((word) => word !== "");
}
