/** What every screen has around its content: the bar, the head of the log, the foot. */
import { ALL } from "../../src/event.ts";
import { prefixOf } from "../../src/http/urls.ts";
import type { Screen, Visit } from "../../src/screens.ts";
import { type Html, html, type Part } from "../html.ts";
import type { TypeCounts, Types } from "../parts/hues.ts";
import { grouped } from "../parts/numbers.ts";
import { visible, visibleText } from "../parts/visible.ts";
import type { Files } from "./files.ts";
import { type KeyOf, keysOn } from "./keys.ts";

/**
 * The places of the bar, and the right that each needs, if not all who come may see it. A later
 * page stands here once there is something on it.
 */
const PLACES = [
	{ place: "overview", path: "/", text: "Overview" },
	{ place: "streams", path: "/streams", text: "Streams" },
	{ place: "all", path: "/streams/%24all", text: "All events" },
	{ place: "search", path: "/search", text: "Search" },
	{
		place: "subscriptions",
		path: "/subscriptions",
		text: "Subscriptions",
		right: "authenticated",
	},
	{ place: "projections", path: "/projections", text: "Projections", right: "authenticated" },
	{ place: "readers", path: "/groups", text: "Readers", right: "authenticated" },
	{ place: "webhooks", path: "/webhooks", text: "Webhooks", right: "authenticated" },
	{ place: "operations", path: "/admin", text: "Operations", right: "operate" },
	{ place: "users", path: "/users", text: "Users" },
] as const;

const THEMES = [
	["light", "light"],
	["dark", "dark"],
	["system", "as the system"],
] as const;
const YEAR_SECONDS = 31_536_000;

export type Place = (typeof PLACES)[number]["place"];

/** What a screen stands in: made once a request. */
export type Frame = {
	readonly visit: Visit;
	readonly files: Files;
	readonly types: Types;
	/** The last position of the log; -1 if it is empty, undefined if it cannot be read. */
	readonly head: number | undefined;
	/** Milliseconds since 1970; all times of a screen are told from this moment. */
	readonly now: number;
};

export type Page = PageHead & {
	readonly place: Place | undefined;
	/** The main column, and what stands beside it. */
	readonly main: Part;
	readonly aside?: Part;
	/** Whether the column beside needs little room. */
	readonly isSlim?: true;
	/** The keys that work here, besides those that work everywhere. */
	readonly keys?: readonly KeyOf[];
	readonly status?: number;
	readonly headers?: readonly string[];
};

type PageHead = {
	/** Of the window; characters that cannot be seen are shown in it as well. */
	readonly title: string;
	readonly crumbs?: Part;
	readonly heading?: Part;
	/** One line under the heading. */
	readonly facts?: Part;
	readonly actions?: Part;
	/** What needs a look, or says in words what holds here. */
	readonly note?: Part;
};

const NO_TYPES: Types = { counted: [], isCut: false, hues: new Map() };

/** Reads what the frame shows; a log that cannot be read still has a frame. */
export async function frameOf(visit: Visit, files: Files, counts: TypeCounts): Promise<Frame> {
	const { store } = visit;
	const [head, types] = await Promise.all([
		store.last(ALL).then(Number, () => undefined),
		counts.of(store, visit.account.login).catch(() => NO_TYPES),
	]);
	return { visit, files, types, head, now: Date.now() };
}

export function screenOf(frame: Frame, page: Page): Screen {
	const { visit } = frame;
	const layout = page.aside === undefined ? "one" : page.isSlim ? "two slim" : "two";
	const theme = visit.theme === undefined ? undefined : html` data-theme="${visit.theme}"`;
	const shown = html`${barOf(frame, page.place)}
<main id="main" tabindex="-1">
${topOf(page)}
${page.note}
<div class="${layout}"><div class="col">${page.main}</div>${
		page.aside === undefined
			? ""
			: html`<aside class="col" aria-label="Beside it">${page.aside}</aside>`
	}</div>
</main>`;
	const keys = keysOn(String(shown), page.keys ?? []);
	const text = html`<!doctype html>
<html lang="en"${theme} data-base="${prefixOf(visit.base)}">
${headOf(frame, page)}
<body>
<a class="skip" href="#main">Skip to the content</a>
${shown}
${footOf(frame, keys)}
${keysDialog(keys)}
<div id="toast" role="status" aria-live="polite"></div>
</body>
</html>`;
	const { status = 200, headers = [] } = page;
	return { status, html: withPrefix(String(text), prefixOf(visit.base)), headers };
}

/** A redirect after a form, so that a reload sends nothing twice. */
export function redirect({ base }: Visit, path: string): Screen {
	return { status: 303, html: "", headers: ["Location", `${base}${path}`] };
}

/** Keeps the theme that a link has chosen, and leads back. */
export function withTheme(visit: Visit): Screen {
	const { query, base } = visit;
	const theme = THEMES.find(([name]) => name === query.get("theme"))?.[0] ?? "system";
	const asked = query.get("to") ?? "/";
	const screen = redirect(visit, isOwnPath(asked) ? asked : "/");
	const age = theme === "system" ? 0 : YEAR_SECONDS;
	const kept = `varve-theme=${theme}; Path=${prefixOf(base)}/; Max-Age=${age}; SameSite=Strict`;
	return { ...screen, headers: [...(screen.headers ?? []), "Set-Cookie", kept] };
}

/** A path of this server: with two slashes, or a backslash, it would name another. */
function isOwnPath(text: string): boolean {
	return /^\/(?![/\\])[\x21-\x7e]*$/.test(text);
}

/**
 * Adds the path under which the server is seen to each link. A quote of a client is escaped, so
 * that only a link of a template looks like one.
 */
function withPrefix(text: string, prefix: string): string {
	if (prefix === "") return text;
	return text.replace(/ (href|action|src|data-url)="\//g, ` $1="${prefix}/`);
}

function headOf({ files }: Frame, { title }: Page): Html {
	return html`<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${visibleText(title)} – Varve</title>
<link rel="icon" href="${files.path("sign.svg")}">
<link rel="stylesheet" href="${files.path("admin.css")}">
<script type="module" src="${files.path("main.js")}"></script>
</head>`;
}

function barOf(frame: Frame, at: Place | undefined): Html {
	const { store, account } = frame.visit;
	const shown = PLACES.filter((one) => {
		if (one.place === "users") return account.isAdmin;
		return !("right" in one) || store.may(one.right, undefined);
	});
	const places = shown.map(({ place, path, text }) => {
		const current = place === at ? html` aria-current="page"` : "";
		return html`<a href="${path}"${current} data-place="${place}">${text}</a>`;
	});
	return html`<header class="bar">
<a class="sign" href="/"><img src="${frame.files.path("sign.svg")}" width="20" height="20" alt="">Varve</a>
<nav aria-label="Places">${places}</nav>
<form class="go" role="search" action="/" method="get">
<input name="go" type="search" id="go" placeholder="Go to a stream, event id or position" aria-label="Go to a stream, an event id or a position" autocomplete="off" spellcheck="false" maxlength="1100" aria-controls="go-list"><kbd class="wide needs-script">/</kbd>
<ul id="go-list" hidden></ul></form>
${stateOf(frame)}
${accountOf(frame)}
<button type="button" class="icon needs-script" id="theme" aria-label="Light or dark"><svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor"/></svg></button>
<button type="button" class="icon wide needs-script" id="keys-open" aria-label="Keys"><kbd>?</kbd></button>
</header>`;
}

function stateOf({ visit, head }: Frame): Html | undefined {
	if (head === undefined && !visit.store.may("read", ALL)) return undefined;
	const { stopped } = visit.store.facts();
	const [tone, words] =
		head === undefined
			? ["bad", "The log cannot be read"]
			: stopped === undefined
				? ["ok", "Writing"]
				: ["bad", stopped === "shutting-down" ? "Shutting down" : "Writing has stopped"];
	const place = head === undefined || head < 0 ? "no events" : grouped(head);
	return html`<p class="state"><i class="dot ${tone}"></i><span class="words">${words} · head </span><span class="mono" id="head">${place}</span></p>`;
}

/** Shows who is logged in, and the button that logs out or the link that logs in. */
function accountOf({ visit }: Frame): Html | undefined {
	const { login, hasSession } = visit.account;
	if (login === "") return html`<a class="who" href="/login">Log in</a>`;
	const name = html`<span class="who" title="Logged in as ${visibleText(login)}">${visible(login)}</span>`;
	if (!hasSession) return name;
	return html`${name}<form class="out" method="post" action="/logout"><input type="hidden" name="_token" value="${visit.token}"><button class="plain">Log out</button></form>`;
}

function topOf({ crumbs, heading, facts, actions }: Page): Part {
	if (heading === undefined) return undefined;
	return html`<div class="top"><div>${crumbs && html`<nav class="crumbs" aria-label="Where this is">${crumbs}</nav>`}
<h1>${heading}</h1>${facts && html`<p class="facts">${facts}</p>`}</div>
${actions && html`<div class="actions">${actions}</div>`}</div>`;
}

/** A few of the keys that work here, for those who do not know of them. */
const HINTS = [
	[["j", "k"], "rows"],
	[["Enter"], "open"],
	[["g", "s"], "streams"],
	[["?"], "all keys"],
] as const;

function footOf({ visit }: Frame, keys: readonly KeyOf[]): Html {
	const { version } = visit.store.facts();
	const known = new Set(keys.flatMap((one) => one.keys));
	const hints = HINTS.filter(([of]) => known.has(of[0])).map(
		([of, text]) => html`${of.map((key) => html`<kbd>${key}</kbd> `)}${text} `,
	);
	return html`<footer><p><span>Varve ${version}</span><span class="mono">${new URL(visit.base).host}</span>
<a href="/openapi.json">The API behind this page</a>${themesOf(visit)}</p>
<p class="wide needs-script" id="hints">${hints}</p></footer>`;
}

/** Links, which work without the script; the last one follows the system's preference again. */
function themesOf({ theme, method, url }: Visit): Html {
	const to = method === "GET" && isOwnPath(url) ? `&to=${encodeURIComponent(url)}` : "";
	const links = THEMES.map(([name, text]) => {
		const current = name === (theme ?? "system") ? html` aria-current="true"` : "";
		return html` <a href="/?theme=${name}${to}"${current}>${text}</a>`;
	});
	return html`<span>Colours:${links}</span>`;
}

function keysDialog(shown: readonly KeyOf[]): Html {
	const rows = shown.map(
		({ keys, text }) =>
			html`<dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${text}</dd>`,
	);
	return html`<dialog id="keys" aria-labelledby="keys-title"><h2 id="keys-title">Keys</h2>
<dl class="keys" id="keys-list">${rows}</dl>
<label class="check"><input type="checkbox" id="letters" checked> Letters are keys</label>
<form method="dialog" class="buttons"><button class="plain">Close <kbd>Esc</kbd></button></form></dialog>`;
}
