/** The newest attempts of a webhook. What a target answered is text of a stranger. */
import type { Attempt } from "../../../src/push/keeping/attempts.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { agoOf, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

const SHOWN = 25;
const ANSWER_CHARACTERS = 300;

export function attemptsPanel(frame: Frame, attempts: readonly Attempt[]): Html {
	const rows = attempts.slice(0, SHOWN).map((attempt) => rowOf(frame, attempt));
	const body =
		attempts.length === 0
			? html`<p class="foot">Nothing was sent yet, as far as this server knows.</p>`
			: html`<table class="rows parked attempts" role="table"><caption class="away">Attempts, newest first</caption><colgroup><col class="ago"><col class="result"><col><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">When</th><th scope="col" role="columnheader">Outcome</th><th scope="col" role="columnheader">What was sent, and the answer</th><th scope="col" role="columnheader" class="num">Took</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
	const note =
		attempts.length > SHOWN &&
		html`<p class="foot">The newest ${SHOWN}. The API has ${grouped(attempts.length)}.</p>`;
	return html`<section class="panel" aria-labelledby="attempts"><header><h2 id="attempts">Attempts</h2></header>${body}${note}</section>`;
}

function rowOf({ now }: Frame, attempt: Attempt): Html {
	const { atMs, word, status, followed, durationMs, reason, answer } = attempt;
	const tone = word === "delivered" ? "ok" : followed === "again" ? "warn" : "bad";
	const code = status === undefined ? "" : html` <span class="mono">${status}</span>`;
	const said =
		answer === ""
			? ""
			: html`<small class="answer mono"><bdi>${visible(cut(answer))}</bdi></small>`;
	return html`<tr role="row" class="row"><td role="cell" class="when">${agoOf(atMs, now)}</td>
<td role="cell" class="result"><span class="badge ${tone}">${word}</span>${code}</td>
<td role="cell" class="said wide-cell">${whatOf(attempt)}<small>${visible(reason)}</small>
${said}</td>
<td role="cell" class="num took">${grouped(durationMs)} ms</td></tr>`;
}

function whatOf({ isTest, first, last, tries, followed }: Attempt): Html {
	if (isTest) return html`A test`;
	const numbers = first === last ? grouped(first) : `${grouped(first)} to ${grouped(last)}`;
	return html`No. ${numbers}, try ${grouped(tries)}: ${followed === "again" ? "comes again" : followed}`;
}

function cut(text: string): string {
	return text.length <= ANSWER_CHARACTERS ? text : `${text.slice(0, ANSWER_CHARACTERS)}…`;
}
