/** One projection: how it stands, its fault, its query, and its states. */

import type { PartitionsPage } from "../../../src/projections/asking/partitions.ts";
import type { ProjectionCommand, ProjectionDetails } from "../../../src/projections/shown.ts";
import type { Standing } from "../../../src/projections/status.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible, visibleText } from "../../parts/visible.ts";
import { questionPath } from "../search/ways.ts";
import { faultFacts } from "./fault.ts";
import { FORMS, hiddenFields, percentOf, projectionPath, queryField, statusOf } from "./form.ts";
import { stateRows, THE_WHOLE } from "./states.ts";

/** Why a form of this screen was not carried out, and the query that it held. */
export type Refused = { readonly problem: ShownProblem; readonly query: string | undefined };

const STATES_SHOWN = 20;

/** GET /projection/{name} @throws Refusal `unauthorized`, `projection-not-found` */
export async function projection(frame: Frame, refused?: Refused): Promise<Screen> {
	const { visit } = frame;
	const { store, target, base, query } = visit;
	const name = target.id;
	const details = await store.projections.details(name);
	const { standing } = details;
	const asked = {
		text: query.get("text") ?? "",
		after: query.get("after") ?? undefined,
		count: STATES_SHOWN,
	};
	const states = standing.isSystem
		? undefined
		: await store.projections.partitions(name, asked).catch(() => undefined);
	return screenOf(frame, {
		title: `Projection ${name}`,
		place: "projections",
		status: refused?.problem.status ?? 200,
		crumbs: html`<a href="/projections">Projections</a>`,
		heading: html`<span class="mono">${visible(name)}</span>`,
		facts: html`<span>${standing.mode}</span>${statusOf(standing)}${standing.author !== "" && html`<span>by <b>${visible(standing.author)}</b></span>`}`,
		actions:
			!standing.isSystem &&
			html`<a class="button" href="${questionPath(details.query)}">Try it as a query</a><a class="button" href="${projectionPath(name, "/steps")}">Debug</a>`,
		note: html`${refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`}${reasonOf(standing)}`,
		main: html`${tiles(standing)}${faultPanel(standing, details.query)}${queryPanel(frame, details, refused)}${states && statesPanel(name, states, asked.text)}`,
		aside: html`${details.mayChange && commandsPanel(frame, standing)}${factsPanel(details)}${curlPanel(visit, base + projectionPath(name), accepting("application/json"))}`,
	});
}

function reasonOf({ fault, reason }: Standing): Part {
	return (
		fault === undefined &&
		reason !== "" &&
		html`<p class="note" role="status">${visible(reason)}</p>`
	);
}

function tiles(standing: Standing): Html {
	const { progress, work } = standing;
	const shown = [
		["Progress", percentOf(standing), "of the log"],
		["Lag", grouped(progress.lag), "events that it has not come to"],
		["Handled", standing.isSystem ? "–" : grouped(progress.handled), "events since it began"],
		["Partitions", grouped(work.partitions), "states that it keeps"],
		["Emitted", grouped(work.emitted), "events, since it started"],
	] as const;
	return html`<div class="tiles numbers">${shown.map(([title, value, meaning]) => html`<div class="tile"><h2>${title}</h2><p class="figure">${value}</p><p class="hint">${meaning}</p></div>`)}</div>`;
}

function faultPanel({ fault }: Standing, query: string): Part {
	return (
		fault &&
		html`<section class="panel" aria-labelledby="fault"><header><h2 id="fault">What stopped it</h2><span class="badge bad">${fault.kind}</span></header>
<div class="body">${faultFacts(fault, query)}</div></section>`
	);
}

function queryPanel(
	{ visit }: Frame,
	{ standing, query, mayChange }: ProjectionDetails,
	refused: Refused | undefined,
): Html {
	const { name, isSystem } = standing;
	const text = refused?.query ?? query;
	const lines = text.split("\n");
	const rows = Math.min(30, Math.max(6, lines.length + 1));
	const shown = lines.map((line, at) => [at > 0 ? "\n" : "", visible(line)]);
	const body =
		isSystem || !mayChange
			? html`<pre class="code" tabindex="0">${shown}</pre>`
			: html`<form method="post" action="${FORMS}">${hiddenFields(visit, "update", name)}
${queryField("The query", text, rows)}
<p class="hint">It goes on from where it is, with the states that it has.
To let it see all events again, reset it.</p>
<p class="buttons"><button type="submit">Write the query</button></p></form>`;
	return html`<section class="panel" aria-labelledby="query"><header><h2 id="query">Query</h2></header><div class="body">${body}</div></section>`;
}

function statesPanel(
	name: string,
	{ partitions, total, next }: PartitionsPage,
	text: string,
): Html {
	const rows = stateRows(partitions, linked(name));
	const search = html`<form class="tools" method="get" action="${projectionPath(name)}"><input class="mono find" name="text" maxlength="900" placeholder="A part of a partition’s name" aria-label="A part of a partition’s name" spellcheck="false" autocomplete="off" value="${text}"><button type="submit">Find</button></form>`;
	const more =
		next !== undefined && new URLSearchParams({ ...(text === "" ? {} : { text }), after: next });
	const list =
		rows.length === 0
			? html`<p class="foot">No state yet.</p>`
			: html`<dl class="states">${rows}</dl>`;
	return html`<section class="panel" aria-labelledby="states"><header><h2 id="states">States</h2><span class="badge">${grouped(total)}</span></header>${total > 1 && search}${list}
${more && html`<div class="foot"><span></span><span class="pages"><a class="button" href="${projectionPath(name)}?${String(more)}#states">Next</a></span></div>`}</section>`;
}

/** The name leads to all of the state. */
function linked(name: string): (partition: string) => Html {
	return (partition) => {
		const shown = partition === "" ? THE_WHOLE : partition;
		const path = `${projectionPath(name, "/state")}?${String(new URLSearchParams({ partition }))}`;
		return html`<a class="mono" href="${path}" title="${visibleText(shown)}">${visible(shown)}</a>`;
	};
}

function factsPanel({ standing, settings }: ProjectionDetails): Html {
	const { version, epoch, resultStream, progress } = standing;
	const rows: readonly (readonly [string, Part])[] = [
		["Position", html`<code>${progress.position || "none"}</code>`],
		["Checkpoint", html`<code>${progress.lastCheckpoint || "none"}</code>`],
		["Query", `number ${version}`],
		["Epoch", String(epoch)],
		["Results", resultStream === undefined ? "none" : streamLink(resultStream)],
		["Writes", settings?.emitEnabled ? "it may emit" : "nothing but its results"],
	];
	const shown = rows.map(([word, value]) => html`<dt>${word}</dt><dd>${value}</dd>`);
	return html`<section class="panel" aria-labelledby="about"><header><h2 id="about">About it</h2></header><div class="body"><dl class="facts-list">${shown}</dl></div></section>`;
}

function commandsPanel({ visit }: Frame, standing: Standing): Html {
	const { name, isSystem, status } = standing;
	const button = (command: ProjectionCommand, text: string, kind = "") =>
		html`<form method="post" action="${FORMS}">${hiddenFields(visit, command, name)}<button type="submit" class="${kind}">${text}</button></form>`;
	if (isSystem) {
		return html`<section class="panel" aria-labelledby="commands"><header><h2 id="commands">Run</h2></header><div class="body"><p>The log writes this index with each event. It always runs, and cannot be stopped.</p></div></section>`;
	}
	const runs = status === "Running" || status === "Preparing";
	const deletion = html`<details><summary>Delete it</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "delete", name)}
<ul class="says"><li>Its query and its states are gone.</li><li>What it has emitted stays.</li></ul>
<p class="buttons"><button type="submit" class="danger">Delete</button></p></form></details>`;
	const resetting = html`<details><summary>Begin anew</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "reset", name)}
<ul class="says"><li>Its states are gone, and it sees all events again.</li><li>What it emits again hides what it has emitted.</li></ul>
<p class="buttons"><button type="submit" class="danger">Reset</button></p></form></details>`;
	return html`<section class="panel" aria-labelledby="commands"><header><h2 id="commands">Run</h2></header><div class="body"><div class="buttons">${runs ? button("disable", "Stop") : button("enable", "Start", "main")}</div>${resetting}${!runs && deletion}</div></section>`;
}
