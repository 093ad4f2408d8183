/** The subscriptions of all streams, or of one, and the form that makes another. */
import { escapeSegment } from "../../../src/http/urls.ts";
import type { Screen, ShownProblem, Visit } from "../../../src/screens.ts";
import type { SubscriptionList } from "../../../src/subscriptions/shown.ts";
import type { Standing } from "../../../src/subscriptions/standing.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { PAGE_KEYS, ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, commandPanel, curlPanel, header } from "../../parts/curl.ts";
import { nameOf, streamLink, streamPath } from "../../parts/name.ts";
import { counted, grouped } from "../../parts/numbers.ts";
import { visible, visibleText } from "../../parts/visible.ts";
import { FORMS, hiddenFields, settingsField, subscriptionPath } from "./form.ts";

/** Each row loads its subscription. */
const SHOWN = 100;

/** What a form that was refused held, and why it was refused. */
export type NewRefused = {
	readonly problem: ShownProblem;
	readonly fields: { readonly stream: string; readonly group: string; readonly settings: string };
};

/** GET /subscriptions[?offset=], GET /subscriptions/{stream} @throws Refusal `unauthorized` */
export async function subscriptions(frame: Frame, refused?: NewRefused): Promise<Screen> {
	const { visit } = frame;
	const stream = visit.target.stream === "" ? undefined : visit.target.stream;
	const offset = offsetIn(visit.query.get("offset"));
	const list = await visit.store.subscriptions.list({ stream, offset, count: SHOWN });
	const path = stream === undefined ? "/subscriptions" : listPath(stream);
	const mayOperate = visit.store.may("operate", undefined);
	const ofStream = stream !== undefined && html`: <span class="mono">${nameOf(stream)}</span>`;
	return screenOf(frame, {
		title: stream === undefined ? "Subscriptions" : `Subscriptions: ${stream}`,
		place: "subscriptions",
		status: refused?.problem.status ?? 200,
		heading: html`Subscriptions${ofStream}`,
		crumbs: stream !== undefined && html`<a href="/subscriptions">Subscriptions</a>`,
		facts: html`<span><b>${grouped(list.total)}</b> ${list.total === 1 ? "subscription" : "subscriptions"}</span>`,
		actions:
			stream !== undefined && html`<a class="button" href="${streamPath(stream)}">Stream</a>`,
		note: refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`,
		main: html`${listPanel(list, { path, offset, mayOperate })}${mayOperate && newPanel(frame, stream ?? "", refused)}`,
		aside: html`${wordsPanel()}${curlPanel(visit, visit.base + path, accepting("application/json"))}${mayOperate && creation(visit, stream)}`,
		keys: [...ROW_KEYS, ...(list.total > SHOWN ? PAGE_KEYS : [])],
	});
}

export function listPath(stream: string): string {
	return `/subscriptions/${escapeSegment(stream)}`;
}

function offsetIn(text: string | null): number {
	return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

type Listed = { readonly path: string; readonly offset: number; readonly mayOperate: boolean };

function listPanel({ total, standings }: SubscriptionList, { path, offset, mayOperate }: Listed) {
	if (standings.length === 0) return none(total, mayOperate);
	const at = (to: number) => (to === 0 ? path : `${path}?offset=${to}`);
	const newer = offset > 0 ? at(Math.max(0, offset - SHOWN)) : undefined;
	const older = offset + SHOWN < total ? at(offset + SHOWN) : undefined;
	const heads = ["Lag", "In flight", "Parked", "A second"];
	return html`<section class="panel" aria-label="The list"><table class="rows subs" role="table"><caption class="away">Subscriptions, by stream and group</caption>
<colgroup><col><col><col class="sub-status"><col class="count"><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Group</th><th scope="col" role="columnheader">Stream</th><th scope="col" role="columnheader">Status</th>${heads.map((text) => html`<th scope="col" role="columnheader" class="num">${text}</th>`)}</tr></thead>
<tbody role="rowgroup">${standings.map(rowOf)}</tbody></table>
<div class="foot"><span>${standings.length} of ${grouped(total)}</span><span class="pages">${pageLink("Before", "[", newer)}${pageLink("Next", "]", older)}</span></div></section>`;
}

function pageLink(text: string, key: string, path: string | undefined): Html {
	if (path === undefined) return html`<span class="button" aria-disabled="true">${text}</span>`;
	return html`<a class="button" href="${path}" data-key="${key}">${text} <kbd class="wide needs-script">${key}</kbd></a>`;
}

function rowOf(standing: Standing): Html {
	const { name, lagEvents, inFlight, parked, perSecond } = standing;
	const page = subscriptionPath(name);
	return html`<tr role="row" class="row" data-page="${page}">
<td role="cell" class="title"><a class="name open" href="${page}"><bdi class="mono" title="${visibleText(name.group)}">${visible(name.group)}</bdi></a></td>
<td role="cell" class="of">${streamLink(name.stream)}</td>
<td role="cell" class="status">${statusOf(standing)}</td>
<td role="cell" class="num lag">${grouped(lagEvents)}</td>
<td role="cell" class="num flight">${grouped(inFlight)}</td>
<td role="cell" class="num parked">${grouped(parked)}</td>
<td role="cell" class="num rate">${grouped(perSecond)}</td></tr>`;
}

/** The contract's word for it, in ours. */
export function statusOf({ status, lagEvents }: Pick<Standing, "status" | "lagEvents">): Html {
	const badges: Html[] = [];
	if (status.includes("Behind")) badges.push(html`<span class="badge warn">behind</span>`);
	else if (lagEvents > 0) badges.push(html`<span class="badge">unsettled</span>`);
	else badges.push(html`<span class="badge ok">all settled</span>`);
	if (status.includes("Replaying")) badges.push(html`<span class="badge accent">replays</span>`);
	return html`${badges}`;
}

function none(total: number, mayOperate: boolean): Html {
	if (total > 0) {
		return html`<section class="panel"><div class="empty"><h2>No more of them</h2><p>There are ${counted(total, "subscription")}, and this page begins behind the last.</p></div></section>`;
	}
	const way = mayOperate
		? "The form below makes one: name the stream and the group."
		: html`Operators make one, on this page or with <code>varve subscription create</code>.`;
	return html`<section class="panel"><div class="empty"><h2>No subscription yet</h2>
<p>A subscription hands out the events of one stream to the consumers of one group,
each event to one of them, and remembers what they have handled.</p>
<p>${way}</p></div></section>`;
}

function newPanel({ visit }: Frame, stream: string, refused: NewRefused | undefined): Html {
	const fields = refused?.fields ?? { stream, group: "", settings: "{}" };
	const input = (name: "stream" | "group", label: string) =>
		html`<label class="field">${label}<input class="mono" name="${name}" required maxlength="1024" autocomplete="off" spellcheck="false" value="${fields[name]}"></label>`;
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New subscription</h2></header>
<form class="body" method="post" action="${FORMS}">${hiddenFields(visit, "create")}
<div class="pair">${input("stream", "Stream; it need not exist")}${input("group", "Group")}</div>
${settingsField("Settings as JSON; what is left out has its default", fields.settings, 4)}
<p class="buttons"><button type="submit" class="main">Create</button></p></form></section>`;
}

const WORDS = [
	["Lag", "events of the stream that are not settled"],
	["In flight", "messages that consumers have, and have not answered for"],
	["Parked", "set aside: a consumer said so, or it came again too often"],
	["A second", "messages settled, since somebody last looked"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}

function creation(visit: Visit, stream = "order-42"): Part {
	const of = { id: "curl-new", title: "A new one with curl" };
	const type = header("Content-Type: application/json");
	return commandPanel(
		visit,
		of,
		`${visit.base}${listPath(stream)}/billing`,
		"-i",
		"-X PUT",
		type,
		"-d '{}'",
	);
}
