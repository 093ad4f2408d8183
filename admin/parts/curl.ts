/** The command that gets what a screen shows, to paste into a shell. */
import { type Html, html } from "../html.ts";
import { visible } from "./visible.ts";

/**
 * @param url complete; its path is percent-encoded
 * @param options words of curl besides the URL, each as it is to be written
 */
export function curlPanel(url: string, ...options: readonly string[]): Html {
	return commandPanel({ id: "curl", title: "This page with curl" }, url, ...options);
}

/** As `curlPanel`, with a title of its own. */
export function commandPanel(
	{ id, title }: { readonly id: string; readonly title: string },
	url: string,
	...options: readonly string[]
): Html {
	const command = [`curl ${quotedWord(url)}`, ...options].join(" \\\n  ");
	return html`<section class="panel curl" aria-labelledby="${id}">
		<header><h2 id="${id}">${title}</h2>
		<button type="button" class="quiet needs-script" data-copy="#${id}-line">Copy</button></header>
		<div class="body"><pre id="${id}-line" class="code" tabindex="0">${visibleLines(command)}</pre></div></section>`;
}

export function accepting(type: string): string {
	return header(`Accept: ${type}`);
}

export function header(line: string): string {
	return `-H ${quotedWord(line)}`;
}

/** A word of a POSIX shell: nothing in it has a meaning. */
export function quotedWord(text: string): string {
	return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The server breaks the lines itself, so a line break needs no mark as one of a client does. */
function visibleLines(text: string) {
	return text.split("\n").map((line, index) => [index > 0 ? "\n  " : "", visible(line.trim())]);
}
