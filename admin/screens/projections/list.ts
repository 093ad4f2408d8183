/** All projections: how far each is; and the form that makes another. */
import type { Standing } from "../../../src/projections/status.ts";
import type { Screen, ShownProblem, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, commandPanel, curlPanel, header } from "../../parts/curl.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible, visibleText } from "../../parts/visible.ts";
import { FORMS, hiddenFields, percentOf, projectionPath, queryField, statusOf } from "./form.ts";

/** What a form that was refused held, and why it was refused. */
export type NewRefused = {
	readonly problem: ShownProblem;
	readonly fields: { readonly name: string; readonly mode: string; readonly query: string };
};

const EXAMPLE = `fromCategory("order").partitionBy((event) => event.data.customer).when({
  $init() { return { orders: 0 }; },
  OrderPlaced(state, event) { state.orders++; },
}).outputState();`;

/** GET /projections @throws Refusal `unauthorized` */
export async function projections(frame: Frame, refused?: NewRefused): Promise<Screen> {
	const { visit } = frame;
	const standings = await visit.store.projections.list();
	const mayOperate = visit.store.may("operate", undefined);
	const own = standings.filter(({ isSystem }) => !isSystem);
	const system = standings.filter(({ isSystem }) => isSystem);
	return screenOf(frame, {
		title: "Projections",
		place: "projections",
		status: refused?.problem.status ?? 200,
		heading: "Projections",
		facts: html`<span><b>${grouped(own.length)}</b> ${own.length === 1 ? "projection" : "projections"}, and five of the log itself</span>`,
		note: refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`,
		main: html`${own.length === 0 ? none() : listPanel("Scripts", own)}${newPanel(frame, mayOperate, refused)}${listPanel("By the log itself", system)}`,
		aside: html`${wordsPanel()}${curlPanel(visit, `${visit.base}/projections/any`, accepting("application/json"))}${creation(visit)}`,
		keys: ROW_KEYS,
	});
}

function listPanel(title: string, standings: readonly Standing[]): Html {
	const heads = ["Progress", "Lag", "Handled"];
	return html`<section class="panel" aria-label="${title}"><header><h2>${title}</h2></header><table class="rows projections" role="table"><caption class="away">${title}</caption>
<colgroup><col><col class="sub-status"><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name</th><th scope="col" role="columnheader">Status</th>${heads.map((text) => html`<th scope="col" role="columnheader" class="num">${text}</th>`)}</tr></thead>
<tbody role="rowgroup">${standings.map(rowOf)}</tbody></table></section>`;
}

function rowOf(standing: Standing): Html {
	const { name, progress, isSystem } = standing;
	const page = projectionPath(name);
	return html`<tr role="row" class="row" data-page="${page}">
<td role="cell" class="title"><a class="name open" href="${page}"><bdi class="mono" title="${visibleText(name)}">${visible(name)}</bdi></a></td>
<td role="cell" class="status">${statusOf(standing)}</td>
<td role="cell" class="num progress">${percentOf(standing)}</td>
<td role="cell" class="num lag">${grouped(progress.lag)}</td>
<td role="cell" class="num handled">${isSystem ? "–" : grouped(progress.handled)}</td></tr>`;
}

function none(): Html {
	return html`<section class="panel"><div class="empty"><h2>No projection yet</h2>
<p>A projection is a view that the server keeps: a script folds events into states,
one for each partition, and may emit events of its own.</p>
<p>The form below makes one.</p></div></section>`;
}

const MODES = [
	["Continuous", "kept up to date"],
	["OneTime", "run to the head once, and kept"],
	["Transient", "a question: run to the head, and forgotten with the server"],
] as const;

function newPanel({ visit }: Frame, mayOperate: boolean, refused: NewRefused | undefined): Html {
	const fields = refused?.fields ?? { name: "", mode: "", query: EXAMPLE };
	const modes = mayOperate ? MODES : MODES.slice(2);
	const options = modes.map(
		([mode, meaning]) =>
			html`<option value="${mode}"${mode === fields.mode ? html` selected` : ""}>${mode}: ${meaning}</option>`,
	);
	const emits =
		mayOperate &&
		html`<label class="check"><input type="checkbox" name="emits" value="yes"> It may write events and links</label>`;
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New projection</h2></header>
<form class="body" method="post" action="${FORMS}">${hiddenFields(visit, "create")}
<div class="pair"><label class="field">Name; a question needs none<input class="mono" name="name" maxlength="900" autocomplete="off" spellcheck="false" value="${fields.name}"></label>
<label class="field">What it is<select name="mode">${options}</select></label></div>
${queryField("The query", fields.query, 12)}${emits}
<p class="buttons"><button type="submit" class="main">Create and run</button></p></form></section>`;
}

const WORDS = [
	["Lag", "events of the log that it has not come to"],
	["Handled", "events that its script has seen since it began"],
	["Faulted", "its script failed, and it waits in front of the event that caused that"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}

function creation(visit: Visit): Html {
	const of = { id: "curl-new", title: "A new one with curl" };
	const type = header("Content-Type: application/javascript");
	const url = `${visit.base}/projections/continuous?name=by-customer`;
	return commandPanel(visit, of, url, "-i", type, "--data-binary @query.js");
}
