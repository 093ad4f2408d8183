/** The parked messages of a subscription, the newest first, and the form that replays them. */
import { eventUrl } from "../../../src/http/urls.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store, Visit } from "../../../src/screens.ts";
import { parkedStream, type SubscriptionName } from "../../../src/subscriptions/names.ts";
import type { Standing } from "../../../src/subscriptions/standing.ts";
import { holds } from "../../../src/subscriptions/steps/spans.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { streamLink, streamPath, typeOf } from "../../parts/name.ts";
import { agoOf, counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { confirmationField, FORMS, hiddenFields } from "./form.ts";

const SHOWN = 20;
/** So many pages are read, at most, behind those that were discarded. */
const LOOKS_MAX = 50;
/** The form for those that are marked. */
const DISCARD = "discard";
const REASON_CHARACTERS = 300;

/**
 * @param discarded numbers that the stream still shows
 * @returns the newest first; none of a stream that the visitor may not read
 */
export async function readParked(
	store: Store,
	{ name, discarded }: Pick<Standing, "name" | "discarded">,
): Promise<readonly StreamEntry[]> {
	const entries: StreamEntry[] = [];
	let from: number | "head" = "head";
	for (let looks = 0; looks < LOOKS_MAX && entries.length < SHOWN; looks++) {
		const slice = await pageOf(store, name, from);
		if (!slice) break;
		entries.push(...slice.entries.filter(({ version }) => !holds(discarded, version)));
		from = (from === "head" ? slice.last : from) - SHOWN;
		if (from < 0) break;
	}
	return entries.slice(0, SHOWN);
}

/** Whoever may not see them still sees how the subscription stands. */
function pageOf(store: Store, name: SubscriptionName, from: number | "head") {
	const range = { stream: parkedStream(name), from, limit: SHOWN, direction: "backward" } as const;
	return store.read({ ...range, content: true, resolve: true }).catch(() => undefined);
}

export function parkedPanel(
	frame: Frame,
	{ name, parked }: Standing,
	entries: readonly StreamEntry[],
): Html {
	const { visit } = frame;
	const mayOperate = visit.store.may("operate", undefined);
	const stream = parkedStream(name);
	const all = html`<a href="${streamPath(stream)}">All of them</a>`;
	const unseen = parked > 0 && entries.length === 0;
	const body =
		entries.length > 0
			? table(frame, entries, mayOperate)
			: html`<p class="foot">${unseen ? "You may not read the stream that holds them." : "No message is parked."}</p>`;
	return html`<section class="panel" aria-labelledby="parked"><header><h2 id="parked">Parked messages</h2><span class="badge ${parked > 0 ? "warn" : ""}">${grouped(parked)}</span></header>
${parked > 0 && mayOperate && html`<div class="body">${replayForm(visit, name)}</div>`}${body}
${entries.length > 0 && html`<div class="foot"><span>The newest ${counted(entries.length, "message")}; those of a replay stay here until they are handled</span>${all}</div>`}
${entries.length > 0 && mayOperate && discardForm(visit, name, parked)}</section>`;
}

function replayForm(visit: Visit, name: SubscriptionName): Html {
	return html`<form class="start" method="post" action="${FORMS}">${hiddenFields(visit, "replay", name)}
<label>Only those before number <input class="mono" name="stopAt" inputmode="numeric" pattern="\\d{0,15}" size="8" placeholder="all"></label>
<button type="submit">Replay</button><span class="mono hint">POST …/replayParked</span></form>
<p class="hint">Whoever asks next gets them again. A replay moves no checkpoint.</p>`;
}

/** The rows above have the marks. */
function discardForm(visit: Visit, name: SubscriptionName, parked: number): Html {
	const choice = (value: string, text: Html, checked: Html | string) =>
		html`<label class="check"><input type="radio" name="which" value="${value}"${checked}><span>${text}</span></label>`;
	return html`<div class="body"><details><summary>Discard messages</summary><form class="deed" id="${DISCARD}" method="post" action="${FORMS}">${hiddenFields(visit, "discard", name)}
${choice("marked", html`Those that are marked above`, html` checked`)}${choice("all", html`All ${grouped(parked)}`, "")}
<ul class="says"><li>No replay brings them again. You cannot undo it.</li><li>The events themselves stay where they are.</li></ul>
${confirmationField(name, "discard")}
<p class="buttons"><button type="submit" class="danger">Discard</button></p></form></details></div>`;
}

function table(frame: Frame, entries: readonly StreamEntry[], mayOperate: boolean): Html {
	return html`<table class="rows parked" role="table"><caption class="away">Parked messages, newest first</caption><colgroup><col class="no"><col class="ago"><col><col class="look"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">No.</th><th scope="col" role="columnheader">Parked</th><th scope="col" role="columnheader">Event, and why it was parked</th><th scope="col" role="columnheader"><span class="away">Its page</span></th></tr></thead>
<tbody role="rowgroup">${entries.map((entry) => rowOf(frame, entry, mayOperate))}</tbody></table>`;
}

function rowOf(
	{ now, types }: Frame,
	{ version, event, link, unresolved }: StreamEntry,
	mayOperate: boolean,
): Html {
	const parked = link ?? event;
	const { stream, version: number } = unresolved ?? event;
	const page = eventUrl("", stream, number);
	const type = unresolved
		? html`<span class="badge">not shown</span>`
		: typeOf(event.type, types.hues);
	return html`<tr role="row" class="row" data-page="${page}"><td role="cell" class="no num mono">${mayOperate ? mark(version) : grouped(version)}</td>
<td role="cell" class="when">${agoOf(parked.created, now)}</td>
<td role="cell" class="said wide-cell">${type} ${streamLink(stream)}<span class="at">/${number}</span><small>${visible(reasonIn(parked.metadata))}</small></td>
<td role="cell" class="look"><a class="open" href="${page}">Look</a></td></tr>`;
}

function mark(number: number): Html {
	return html`<label class="check"><input type="checkbox" form="${DISCARD}" name="number" value="${number}"><span><span class="away">Mark </span>${grouped(number)}</span></label>`;
}

/** Whoever may write to the stream may have written anything. */
function reasonIn(metadata: Uint8Array): string {
	try {
		const { reason } = (JSON.parse(Buffer.from(metadata).toString()) ?? {}) as { reason?: unknown };
		if (typeof reason === "string" && reason !== "") return cut(reason.replace(/\s*\n\s*/g, " "));
	} catch {
		// It is told as one without a reason.
	}
	return "no reason given";
}

function cut(text: string): string {
	return text.length <= REASON_CHARACTERS ? text : `${text.slice(0, REASON_CHARACTERS)}…`;
}
