/** Who subscribes to feeds at the WebSub hub, by topic: for operators. */
import { subscriberUrl } from "../../../src/http/urls.ts";
import type { HubList, HubStanding } from "../../../src/push/hub/shown.ts";
import type { Screen } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { PAGE_KEYS, ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { agoOf, counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { badgesOf } from "./status.ts";

/** Each row takes a few reads. */
const SHOWN = 100;
const PATH = "/hub";

/** GET /hub[?offset=] @throws Refusal `route-not-found`, `unauthorized` */
export async function hub(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const offset = offsetIn(visit.query.get("offset"));
	const list = await visit.store.hub.list({ offset, count: SHOWN });
	return screenOf(frame, {
		title: "WebSub subscribers",
		place: "webhooks",
		crumbs: html`<a href="/webhooks">Webhooks</a>`,
		heading: "WebSub subscribers",
		facts: html`<span><b>${grouped(list.total)}</b> ${list.total === 1 ? "subscriber" : "subscribers"}</span>`,
		main: listPanel(frame, list, offset),
		aside: html`${wordsPanel()}${curlPanel(visit, visit.base + PATH, accepting("application/json"))}`,
		keys: [...ROW_KEYS, ...(list.total > SHOWN ? PAGE_KEYS : [])],
	});
}

function offsetIn(text: string | null): number {
	return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

const HEADS = ["Lag", "Given up", "Lease ends"] as const;

function listPanel(frame: Frame, { total, standings }: HubList, offset: number): Html {
	if (standings.length === 0) return none(total);
	const at = (to: number) => (to === 0 ? PATH : `${PATH}?offset=${to}`);
	const newer = offset > 0 ? at(Math.max(0, offset - SHOWN)) : undefined;
	const older = offset + SHOWN < total ? at(offset + SHOWN) : undefined;
	const topics = new Set(standings.map(({ subscriber: { topic } }) => topic));
	const ofTopic = (topic: string) => standings.filter((one) => one.subscriber.topic === topic);
	const groups = [...topics].map(ofTopic);
	return html`<section class="panel" aria-label="The list"><table class="rows subs hooks hub" role="table"><caption class="away">Subscribers, by topic</caption>
<colgroup><col><col class="sub-status"><col class="tried"><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Callback</th><th scope="col" role="columnheader">Status</th><th scope="col" role="columnheader">Last attempt</th>${HEADS.map((text) => html`<th scope="col" role="columnheader" class="num">${text}</th>`)}</tr></thead>
${groups.map((group) => groupOf(frame, group))}</table>
<div class="foot"><span>${standings.length} of ${grouped(total)}</span><span class="pages">${pageLink("Before", "[", newer)}${pageLink("Next", "]", older)}</span></div></section>`;
}

function pageLink(text: string, key: string, path: string | undefined): Html {
	if (path === undefined) return html`<span class="button" aria-disabled="true">${text}</span>`;
	return html`<a class="button" href="${path}" data-key="${key}">${text} <kbd class="wide needs-script">${key}</kbd></a>`;
}

/** The subscribers of one topic, as far as the page shows them. */
function groupOf(frame: Frame, group: readonly HubStanding[]): Html {
	const [first] = group;
	if (first === undefined) return html``;
	const { stream } = first.subscriber;
	return html`<tbody role="rowgroup"><tr role="row" class="topic"><th scope="rowgroup" role="rowheader" colspan="6">${streamLink(stream)} <span class="of-topic">${counted(group.length, "subscriber")}</span></th></tr>${group.map((one) => rowOf(frame, one))}</tbody>`;
}

function rowOf({ now }: Frame, standing: HubStanding): Html {
	const { lagEvents, givenUp, lastAttempt, subscriber } = standing;
	const page = subscriberUrl("", subscriber.id);
	const { host, pathname } = new URL(subscriber.callback);
	const left = spanOf(Math.max(0, subscriber.leaseUntil - now));
	const tried = lastAttempt
		? html`<span class="badge ${lastAttempt.word === "delivered" ? "ok" : "warn"}">${lastAttempt.word}</span> ${agoOf(lastAttempt.atMs, now)}`
		: "none yet";
	return html`<tr role="row" class="row" data-page="${page}">
<td role="cell" class="title"><a class="name open" href="${page}"><bdi class="mono">${visible(host)}</bdi></a><small class="target mono">${visible(pathname)}</small></td>
<td role="cell" class="status">${badgesOf(standing)}</td>
<td role="cell" class="tried">${tried}</td>
<td role="cell" class="num lag">${grouped(lagEvents)}</td>
<td role="cell" class="num given-up">${grouped(givenUp)}</td>
<td role="cell" class="num lease"><time datetime="${new Date(subscriber.leaseUntil).toISOString()}">${left}</time></td></tr>`;
}

function none(total: number): Html {
	if (total > 0) {
		return html`<section class="panel"><div class="empty"><h2>No more of them</h2><p>There are ${counted(total, "subscriber")}, and this page begins behind the last.</p></div></section>`;
	}
	return html`<section class="panel"><div class="empty"><h2>No subscriber yet</h2>
<p>Feeds of this server name its hub. Whoever subscribes there with a callback gets new entries
without asking, once the callback has confirmed it.</p></div></section>`;
}

const WORDS = [
	["Topic", "the feed of a stream, by its URL; its subscribers stand below the stream"],
	["Lag", "entries that were not sent yet"],
	[
		"Given up",
		"requests among the newest attempts that failed for the last time: the next entries are tried",
	],
	["Lease", "until then it gets entries, unless it asks again"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}
