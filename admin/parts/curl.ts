/** The command that gets what a screen shows, to paste into a shell. */
import type { Account, Visit } from "../../src/screens.ts";
import { type Html, html, type Part } from "../html.ts";
import { hasUnseen, visible } from "./visible.ts";

/** The parts of a visit that a command is made of. */
type Asking = { readonly account: Pick<Account, "login" | "isAdmin" | "shows"> };

/**
 * @param url complete; its path is percent-encoded
 * @param options words of curl besides the URL, each as it is to be written
 */
export function curlPanel(visit: Asking, url: string, ...options: readonly string[]): Html {
	return commandPanel(visit, { id: "curl", title: "This page with curl" }, url, ...options);
}

/** As `curlPanel`, with a title of its own. */
export function commandPanel(
	visit: Asking,
	{ id, title }: { readonly id: string; readonly title: string },
	url: string,
	...options: readonly string[]
): Html {
	return html`<section class="panel curl" aria-labelledby="${id}">
		<header><h2 id="${id}">${title}</h2>
		<button type="button" class="quiet needs-script" data-copy="#${id}-line">Copy</button></header>
		<div class="body">${commandLine(visit, id, url, ...options)}</div></section>`;
}

/** The command alone. */
export function commandLine(
	{ account }: Asking,
	id: string,
	url: string,
	...options: readonly string[]
): Html {
	const words = [...urlWords(url), ...credentials(account), ...options];
	return html`<pre id="${id}-line" class="code" tabindex="0">curl ${words.map(lineOf)}</pre>${hintOf(account)}`;
}

/** For what nobody may do without a login: who is not logged in has to name one. */
export function loginOf({ account: { login, isAdmin } }: Pick<Visit, "account">): string[] {
	return login === "" && !isAdmin ? ["--user LOGIN"] : [];
}

export function accepting(type: string): string {
	return header(`Accept: ${type}`);
}

export function header(line: string): string {
	return `-H ${quotedWord(line)}`;
}

/** A word of a POSIX shell: nothing in it has a meaning, and nothing in it is unseen. */
export function quotedWord(text: string): string {
	if (/^[\w./:=@%+,-]+$/.test(text)) return text;
	if (text.split("\n").some(hasUnseenInside)) return printed(text);
	return `'${text.replaceAll("'", "'\\''")}'`;
}

/** curl takes `[` and `{` in a URL for a range, unless it is told not to. */
function urlWords(url: string): string[] {
	return /[[\]{}]/.test(url) ? ["-g", quotedWord(url)] : [quotedWord(url)];
}

/** curl asks for the password; a token or a key is the visitor's own, so it has a name only. */
function credentials({ login, shows }: Asking["account"]): string[] {
	switch (shows) {
		case "password":
			return [`--user ${quotedWord(login)}`];
		case "token":
			return ['-H "Authorization: Bearer $VARVE_TOKEN"'];
		case "certificate":
			return ["--cert client.pem --key client.key"];
		default:
			return [];
	}
}

function hintOf({ shows }: Asking["account"]): Part {
	if (shows !== "token") return undefined;
	return html`<p class="hint">Put your access token into <code>VARVE_TOKEN</code> first.</p>`;
}

/** Blanks at the ends of a line are between quotes, where they are seen. */
function hasUnseenInside(line: string): boolean {
	return hasUnseen(line.replaceAll(" ", "_"));
}

/** `printf` of POSIX takes bytes as octal digits. */
function printed(text: string): string {
	const written = Array.from(text, (character) => {
		if (character === "\\") return "\\\\";
		if (character === "%") return "%%";
		if (character === "'") return "'\\''";
		return hasUnseenInside(character) && character !== "\n" ? octal(character) : character;
	});
	return `"$(printf '${written.join("")}')"`;
}

function octal(character: string): string {
	const digits = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
	return Array.from(Buffer.from(character), digits).join("");
}

/** The server breaks the lines itself, so a line break needs no mark as one of a client does. */
function lineOf(word: string, index: number): Part {
	const lines = word.split("\n").map((line, at) => [at > 0 ? "\n" : "", visibleInside(line)]);
	return [index > 0 ? " \\\n  " : "", lines];
}

/** Blanks at the end of a line of a quoted text are no end of the word. */
function visibleInside(line: string): Part {
	const text = line.trim();
	const at = line.indexOf(text);
	return [line.slice(0, at), visible(text), line.slice(at + text.length)];
}
