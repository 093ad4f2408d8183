/** What each event does to a projection: its states before and after, one event below the other. */

import type { StreamName } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { DebuggedStep } from "../../../src/projections/asking/steps.ts";
import { describeFault } from "../../../src/projections/status.ts";
import type { Screen } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { projectionPath } from "./form.ts";

const SHOWN = 20;
const STATE_CHARACTERS = 2000;

/** GET /projection/{name}/steps @throws Refusal `unauthorized`, `replay-too-long` */
export async function steps(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const { store, target, base, query } = visit;
	const name = target.id;
	const given = query.get("from") ?? "0";
	const from = /^\d{1,15}$/.test(given) ? Number(given) : 0;
	const { steps: shown, next, fault } = await store.projections.steps(name, from, SHOWN);
	const path = projectionPath(name, "/steps");
	const on =
		next !== undefined && html`<a class="button" href="${path}?from=${next}">Next events</a>`;
	const list =
		shown.length === 0
			? html`<section class="panel"><div class="empty"><h2>Nothing here</h2><p>No event from position ${grouped(from)} on is for this projection, among those that were read.</p></div></section>`
			: shown.map(stepPanel);
	return screenOf(frame, {
		title: `Debug ${name}`,
		place: "projections",
		crumbs: html`<a href="/projections">Projections</a> / <a class="mono" href="${projectionPath(name)}">${visible(name)}</a>`,
		heading: "Event by event",
		facts: html`<span>from position ${grouped(from)}; nothing is written</span>`,
		note: fault && html`<p class="note bad" role="alert">${visible(describeFault(fault))}</p>`,
		main: html`${list}${on && html`<p class="buttons">${on}</p>`}`,
		aside: html`${startPanel(path, from)}${curlPanel(visit, `${base}${path}?from=${from}`, accepting("application/json"))}`,
	});
}

function startPanel(path: string, from: number): Html {
	return html`<section class="panel" aria-labelledby="start"><header><h2 id="start">Begin at</h2></header><form class="body" method="get" action="${path}"><label class="field">Position of an event<input class="mono" name="from" inputmode="numeric" pattern="[0-9]{1,15}" value="${from}"></label><p class="buttons"><button type="submit">Show</button></p></form></section>`;
}

function stepPanel(step: DebuggedStep): Html {
	const { position, stream, number, type, partition, handler, before, after, emitted, log } = step;
	const page = eventUrl("", stream as StreamName, number);
	const code = (label: string, text: string) =>
		html`<dt>${label}</dt><dd><pre class="code" tabindex="0" aria-label="${label}">${visible(cut(text))}</pre></dd>`;
	const written = emitted.map((one) => code(`emits to ${one.stream}`, `${one.type} ${one.data}`));
	const lines = log.map((line) => code("logs", line));
	return html`<section class="panel" aria-label="Position ${position}"><header><h2><a class="mono" href="${page}">${number}@${visible(stream)}</a></h2><span class="badge">${visible(type)}</span></header>
<dl class="states"><dt>handler</dt><dd><code>${visible(handler)}</code>${partition !== "" && html` <span class="hint">partition <bdi class="mono">${visible(partition)}</bdi></span>`}</dd>${before === "" ? html`<dt>before</dt><dd class="hint">no state yet</dd>` : code("before", before)}${code("after", after)}${written}${lines}</dl></section>`;
}

function cut(text: string): string {
	return text.length <= STATE_CHARACTERS ? text : `${text.slice(0, STATE_CHARACTERS)}…`;
}
