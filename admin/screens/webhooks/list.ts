/** The webhooks that the visitor may see, and the form that makes another. */

import type { Standing } from "../../../src/push/running/standing.ts";
import type { WebhookList } from "../../../src/push/shown.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { PAGE_KEYS, ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { FORMS, hiddenFields, settingsField, webhookPath } from "./form.ts";

/** Each row takes a few reads. */
const SHOWN = 100;
const PATH = "/webhooks";

/** What a form that was refused held, and why it was refused. */
export type NewRefused = { readonly problem: ShownProblem; readonly fields: NewFields };
export type NewFields = {
	readonly name: string;
	readonly stream: string;
	readonly url: string;
	readonly settings: string;
};

/** GET /webhooks[?offset=] @throws Refusal `unauthorized` */
export async function webhooks(frame: Frame, refused?: NewRefused): Promise<Screen> {
	const { visit } = frame;
	const offset = offsetIn(visit.query.get("offset"));
	const list = await visit.store.webhooks.list({ offset, count: SHOWN });
	return screenOf(frame, {
		title: "Webhooks",
		place: "webhooks",
		status: refused?.problem.status ?? 200,
		heading: "Webhooks",
		facts: html`<span><b>${grouped(list.total)}</b> ${list.total === 1 ? "webhook" : "webhooks"}</span>`,
		actions: visit.store.hub.isShown && html`<a class="button" href="/hub">WebSub subscribers</a>`,
		note: refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`,
		main: html`${listPanel(list, offset)}${newPanel(frame, refused)}`,
		aside: html`${wordsPanel()}${curlPanel(visit, visit.base + PATH, accepting("application/json"))}`,
		keys: [...ROW_KEYS, ...(list.total > SHOWN ? PAGE_KEYS : [])],
	});
}

function offsetIn(text: string | null): number {
	return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

function listPanel({ total, standings }: WebhookList, offset: number): Html {
	if (standings.length === 0) return none(total);
	const at = (to: number) => (to === 0 ? PATH : `${PATH}?offset=${to}`);
	const newer = offset > 0 ? at(Math.max(0, offset - SHOWN)) : undefined;
	const older = offset + SHOWN < total ? at(offset + SHOWN) : undefined;
	return html`<section class="panel" aria-label="The list"><table class="rows subs hooks" role="table"><caption class="away">Webhooks, by name</caption>
<colgroup><col><col><col class="sub-status"><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">Stream</th><th scope="col" role="columnheader">Status</th><th scope="col" role="columnheader" class="num">Lag</th><th scope="col" role="columnheader" class="num">Age</th><th scope="col" role="columnheader" class="num">Parked</th></tr></thead>
<tbody role="rowgroup">${standings.map(rowOf)}</tbody></table>
<div class="foot"><span>${standings.length} of ${grouped(total)}</span><span class="pages">${pageLink("Before", "[", newer)}${pageLink("Next", "]", older)}</span></div></section>`;
}

function pageLink(text: string, key: string, path: string | undefined): Html {
	if (path === undefined) return html`<span class="button" aria-disabled="true">${text}</span>`;
	return html`<a class="button" href="${path}" data-key="${key}">${text} <kbd class="wide needs-script">${key}</kbd></a>`;
}

function rowOf(standing: Standing): Html {
	const { webhook, lagEvents, lagSeconds, parked } = standing;
	const page = webhookPath(webhook.name);
	const { stream, url } = webhook.settings;
	return html`<tr role="row" class="row" data-page="${page}">
<td role="cell" class="title"><a class="name open" href="${page}"><bdi class="mono">${webhook.name}</bdi></a><small class="target mono">${visible(new URL(url).host)}</small></td>
<td role="cell" class="of">${streamLink(stream)}</td>
<td role="cell" class="status">${statusOf(standing)}</td>
<td role="cell" class="num lag">${grouped(lagEvents)}</td>
<td role="cell" class="num rate">${lagEvents === 0 ? "–" : spanOf(lagSeconds * 1000)}</td>
<td role="cell" class="num parked">${grouped(parked)}</td></tr>`;
}

export function statusOf({ webhook, heldUp, circuit, lagEvents, lastAttempt }: Standing): Html {
	const { is } = webhook.state;
	if (is === "stopped") return html`<span class="badge bad">stopped</span>`;
	if (is === "paused") return html`<span class="badge">paused</span>`;
	if (heldUp !== "") return html`<span class="badge bad">held up</span>`;
	if (circuit !== "closed") return html`<span class="badge bad">circuit ${circuit}</span>`;
	if (lagEvents === 0) return html`<span class="badge ok">all sent</span>`;
	if (lastAttempt && lastAttempt.word !== "delivered")
		return html`<span class="badge warn">tries again</span>`;
	return html`<span class="badge accent">sends</span>`;
}

function none(total: number): Html {
	if (total > 0) {
		return html`<section class="panel"><div class="empty"><h2>No more of them</h2><p>There are ${counted(total, "webhook")}, and this page begins behind the last.</p></div></section>`;
	}
	return html`<section class="panel"><div class="empty"><h2>No webhook yet</h2>
<p>A webhook sends the events of one stream to a URL, signed, in order of each stream,
and again if they were not taken.</p>
<p>The form below makes one, and so does <code>varve webhook create</code>.</p></div></section>`;
}

function newPanel({ visit }: Frame, refused: NewRefused | undefined): Html {
	const stream = visit.query.get("stream") ?? "";
	const fields = refused?.fields ?? { name: "", stream, url: "https://", settings: "{}" };
	const input = (name: "name" | "stream" | "url", label: string, max: number) =>
		html`<label class="field">${label}<input class="mono" name="${name}" required maxlength="${max}" autocomplete="off" spellcheck="false" value="${fields[name]}"></label>`;
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New webhook</h2></header>
<form class="body" method="post" action="${FORMS}">${hiddenFields(visit, "create")}
<div class="pair">${input("name", "Name", 64)}${input("stream", "Stream, such as $ce-order or $all", 1024)}</div>
${input("url", "Target: where it sends to", 2048)}
${settingsField("Other settings as JSON; what is left out has its default", fields.settings, 4)}
<p class="hint">It reads with your rights. Its secret is shown once, behind this form.</p>
<p class="buttons"><button type="submit" class="main">Create</button></p></form></section>`;
}

const WORDS = [
	["Lag", "events of the stream that were not sent yet"],
	["Age", "of the oldest of them"],
	["Parked", "set aside after the last try, until they are sent again or given up"],
	["Circuit", "open: the target failed again and again, and gets nothing for a while"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}
