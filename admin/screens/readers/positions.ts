/** The positions of readers, and how far behind each is. */
import type { PositionList, PositionStanding } from "../../../src/positions/shown.ts";
import type { Screen, ShownProblem, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { PAGE_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, commandPanel, curlPanel, header } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { agoOf, counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { FORMS, hiddenFields, offsetIn, pageLinks, tabs } from "./form.ts";

const SHOWN = 100;

/** GET /positions[?offset=] @throws Refusal `unauthorized` */
export async function positions(frame: Frame, problem?: ShownProblem): Promise<Screen> {
	const { visit } = frame;
	const offset = offsetIn(visit.query.get("offset"));
	const list = await visit.store.positions.list({ offset, count: SHOWN });
	const type = header("Content-Type: application/json");
	const body = `-d '{"stream":"$all","at":${Math.max(0, frame.head ?? 0)}}'`;
	const save = { id: "curl-save", title: "Save one with curl" };
	return screenOf(frame, {
		title: "Positions",
		place: "readers",
		status: problem?.status ?? 200,
		heading: "Positions of readers",
		facts: html`<span><b>${grouped(list.total)}</b> ${list.total === 1 ? "position" : "positions"}</span>`,
		actions: tabs("positions"),
		note: problem && html`<p class="note bad" role="alert">${visible(problem.detail)}</p>`,
		main: listPanel(frame, list, offset),
		aside: html`${wordsPanel()}${curlPanel(visit, `${visit.base}/positions`, accepting("application/json"))}${commandPanel(visit, save, `${visit.base}/positions/search-index`, "-X PUT", type, body)}`,
		keys: list.total > SHOWN ? PAGE_KEYS : [],
	});
}

function listPanel(frame: Frame, { total, standings }: PositionList, offset: number): Html {
	if (standings.length === 0) return none(total);
	return html`<section class="panel" aria-label="The list"><table class="rows subs readers positions" role="table"><caption class="away">Positions, by name</caption>
<colgroup><col><col><col class="count"><col class="count"><col class="count"><col class="ago"><col class="look"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Reader</th><th scope="col" role="columnheader">Stream</th><th scope="col" role="columnheader" class="num">At</th><th scope="col" role="columnheader" class="num">Lag</th><th scope="col" role="columnheader" class="num">Behind</th><th scope="col" role="columnheader">Saved</th><th scope="col" role="columnheader"><span class="away">Delete it</span></th></tr></thead>
<tbody role="rowgroup">${standings.map((standing) => rowOf(frame, standing))}</tbody></table>
<div class="foot"><span>${standings.length} of ${grouped(total)}</span>${pageLinks("/positions", offset, SHOWN, total)}</div></section>`;
}

function rowOf({ visit, now }: Frame, { position, lag }: PositionStanding): Html {
	const { name, stream, at, owner, savedMs } = position;
	const of = owner !== "" && html` <span class="hint">of ${visible(owner)}</span>`;
	return html`<tr role="row" class="row">
<td role="cell" class="title wide-cell"><bdi class="mono">${visible(name)}</bdi>${of}</td>
<td role="cell" class="of">${streamLink(stream)}</td>
<td role="cell" class="num at">${grouped(at)}</td>
<td role="cell" class="num lag">${grouped(lag.events)}</td>
<td role="cell" class="num behind">${spanOf(lag.seconds * 1000)}</td>
<td role="cell" class="when">${agoOf(savedMs, now)}</td>
<td role="cell" class="look">${mayDelete(visit, owner) && deletion(visit, name)}</td></tr>`;
}

function mayDelete({ account, store }: Visit, owner: string): boolean {
	return owner === "" || owner === account.login || store.may("operate", undefined);
}

function deletion(visit: Visit, name: string): Html {
	return html`<details class="drop"><summary aria-label="Delete the position ${name}">Delete</summary><form method="post" action="${FORMS}">${hiddenFields(visit, "drop", name)}<button type="submit" class="danger">Yes, delete it</button></form></details>`;
}

function none(total: number): Html {
	if (total > 0) {
		return html`<section class="panel"><div class="empty"><h2>No more of them</h2><p>There are ${counted(total, "position")}, and this page begins behind the last.</p></div></section>`;
	}
	return html`<section class="panel"><div class="empty"><h2>No reader keeps its position here</h2>
<p>A reader may leave the number of the last event that it has handled at the server, under a
name. This page then shows how far behind it is.</p>
<p>A PUT of <code>/positions/{name}</code> does it, and <code>varve follow --position NAME</code>.</p></div></section>`;
}

const WORDS = [
	["At", "the number of the last event that the reader has handled"],
	["Lag", "numbers of the stream beyond it"],
	["Behind", "the age of the first event there"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}
