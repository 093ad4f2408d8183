/** One subscription: how it stands, what is parked, who consumes, and how it is set. */
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { parseSubscriptionName } from "../../../src/subscriptions/names.ts";
import type { Standing } from "../../../src/subscriptions/standing.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { nameOf, streamLink } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { startForm } from "../start.ts";
import { confirmationField, FORMS, hiddenFields, settingsField, subscriptionPath } from "./form.ts";
import { listPath, statusOf } from "./list.ts";
import { parkedPanel, readParked } from "./parked.ts";
import { settingsInWords } from "./words.ts";

const CONSUMERS_SHOWN = 50;

/** Why a form of this screen was not carried out, and the settings that it held. */
export type Refused = { readonly problem: ShownProblem; readonly settings: string | undefined };

/**
 * GET /subscriptions/{stream}/{group}, and the same with `/info`
 * @throws Refusal `unauthorized`, `subscription-not-found`, `invalid-stream-name`
 */
export async function subscription(frame: Frame, refused?: Refused): Promise<Screen> {
	const { visit } = frame;
	const { store, target, base } = visit;
	const name = parseSubscriptionName(target.stream, target.group);
	const standing = await store.subscriptions.standing(name);
	const parked = await readParked(store, standing);
	const mayOperate = store.may("operate", undefined);
	return screenOf(frame, {
		title: `${name.group}: ${name.stream}`,
		place: "subscriptions",
		status: refused?.problem.status ?? 200,
		crumbs: html`<a href="/subscriptions">Subscriptions</a> / <a href="${listPath(name.stream)}" class="mono">${nameOf(name.stream)}</a>`,
		heading: html`<span class="mono">${visible(name.group)}</span>`,
		facts: html`<span>of ${streamLink(name.stream)}</span>${statusOf(standing)}`,
		note: refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`,
		main: html`${tiles(standing)}${parkedPanel(frame, standing, parked)}${consumersPanel(standing)}`,
		aside: html`${progressPanel(standing)}${settingsPanel(frame, standing, mayOperate, refused)}${mayOperate && deletionPanel(frame, standing)}${curlPanel(visit, base + subscriptionPath(name, "/info"), accepting("application/json"))}`,
		keys: parked.length > 0 ? ROW_KEYS : [],
	});
}

function tiles({ lagEvents, inFlight, waiting, parked, settled, perSecond }: Standing): Html {
	const shown = [
		["Lag", lagEvents, "events not settled"],
		["In flight", inFlight, "with consumers, unanswered"],
		["Waiting", waiting, "read ahead, for the next who asks"],
		["Parked", parked, "set aside until a replay"],
		["Settled", settled, "since it was loaded"],
		["A second", perSecond, "settled, since the last look"],
	] as const;
	return html`<div class="tiles numbers">${shown.map(([title, value, meaning]) => html`<div class="tile"><h2>${title}</h2><p class="figure">${grouped(value)}</p><p class="hint">${meaning}</p></div>`)}</div>`;
}

function consumersPanel({ connections }: Standing): Html {
	const shown = connections.slice(0, CONSUMERS_SHOWN);
	const rest = connections.length - shown.length;
	const rows = shown.map(
		({ consumer, inFlight }) =>
			html`<tr role="row" class="row"><td role="cell" class="wide-cell"><bdi class="mono">${visible(consumer)}</bdi></td><td role="cell" class="num">${grouped(inFlight)}<span class="unit"> in flight</span></td></tr>`,
	);
	const body =
		rows.length === 0
			? html`<p class="foot">No consumer asks for messages now.</p>`
			: html`<table class="rows consumers" role="table"><caption class="away">Consumers</caption><colgroup><col><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Name, or connection</th><th scope="col" role="columnheader" class="num">In flight</th></tr></thead><tbody role="rowgroup">${rows}</tbody></table>${rest > 0 && html`<p class="foot">and ${grouped(rest)} more</p>`}`;
	return html`<section class="panel" aria-labelledby="consumers"><header><h2 id="consumers">Consumers</h2><span class="badge">${grouped(connections.length)}</span></header>${body}</section>`;
}

function progressPanel({
	lastProcessed,
	checkpoint,
	lastKnown,
	retrying,
	retried,
}: Standing): Html {
	const number = (value: number | undefined) =>
		value === undefined || value < 0 ? "none" : grouped(value);
	const shown = [
		["Settled to", number(lastProcessed), "all up to this number is handled"],
		["Checkpoint", number(checkpoint), "the same, as it would be after a crash"],
		["Stream ends", number(lastKnown), "its last number"],
		["Retrying", grouped(retrying), "messages that wait to come again"],
		["Retries", grouped(retried), "since it was loaded"],
	] as const;
	const rows = shown.map(
		([word, value, meaning]) => html`<dt>${word}</dt><dd>${value}<small>${meaning}</small></dd>`,
	);
	return html`<section class="panel" aria-labelledby="progress"><header><h2 id="progress">How far it is</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}

function settingsPanel(
	{ visit }: Frame,
	{ name, settings }: Standing,
	mayOperate: boolean,
	refused: Refused | undefined,
): Html {
	const text = refused?.settings ?? JSON.stringify(settings, null, 2);
	const open = refused?.settings === undefined ? "" : html` open`;
	const form = html`<details${open}><summary>Change them</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "update", name)}
${settingsField("All settings as JSON; what is left out gets its default", text, 20)}
<p class="hint">It goes on from its checkpoint. What is with consumers comes again.</p>
<p class="buttons"><button type="submit">Write the settings</button></p></form></details>`;
	return html`<section class="panel" aria-labelledby="settings"><header><h2 id="settings">Settings</h2></header><div class="body">${settingsInWords(settings)}${mayOperate && form}${mayOperate && startForm(FORMS, hiddenFields(visit, "reset", name), STARTS)}</div></section>`;
}

const STARTS = [
	"It goes on there, also if it has passed it: then events are delivered again.",
	"What consumers say of deliveries of before counts no more. Parked messages stay.",
];

function deletionPanel({ visit }: Frame, { name }: Standing): Html {
	return html`<section class="panel" aria-labelledby="delete"><header><h2 id="delete">Delete</h2></header><div class="body"><details><summary>Delete this subscription</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "delete", name)}
<ul class="says"><li>Its settings, its checkpoint and its list of parked messages are gone.</li><li>The events of the stream stay, those that are parked, too.</li><li>Its consumers get 404.</li></ul>
${confirmationField(name, "delete")}
<p class="buttons"><button type="submit" class="danger">Delete</button></p></form></details></div></section>`;
}
