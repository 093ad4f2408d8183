/** The parked messages of a subscription, the newest first, and the form that replays them. */
import { eventUrl } from "../../../src/http/urls.ts";
import type { StreamEntry } from "../../../src/log/log.ts";
import type { Store, Visit } from "../../../src/screens.ts";
import { parkedStream, type SubscriptionName } from "../../../src/subscriptions/names.ts";
import type { Standing } from "../../../src/subscriptions/standing.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { streamLink, streamPath, typeOf } from "../../parts/name.ts";
import { agoOf, counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { FORMS, hiddenFields } from "./form.ts";

const SHOWN = 20;
const REASON_CHARACTERS = 300;

/** @returns the newest first; none of a stream that the visitor may not read */
export async function readParked(
	store: Store,
	name: SubscriptionName,
): Promise<readonly StreamEntry[]> {
	const range = { stream: parkedStream(name), from: "head", limit: SHOWN } as const;
	const how = { direction: "backward", content: true, resolve: true } as const;
	// Whoever may not see them still sees how the subscription stands.
	const slice = await store.read({ ...range, ...how }).catch(() => undefined);
	return slice?.entries ?? [];
}

export function parkedPanel(
	frame: Frame,
	{ name, parked }: Standing,
	entries: readonly StreamEntry[],
): Html {
	const { visit } = frame;
	const stream = parkedStream(name);
	const all = html`<a href="${streamPath(stream)}">All of them</a>`;
	const unseen = parked > 0 && entries.length === 0;
	const body =
		entries.length > 0
			? table(frame, entries)
			: html`<p class="foot">${unseen ? "You may not read the stream that holds them." : "No message is parked."}</p>`;
	return html`<section class="panel" aria-labelledby="parked"><header><h2 id="parked">Parked messages</h2><span class="badge ${parked > 0 ? "warn" : ""}">${grouped(parked)}</span></header>
${parked > 0 && visit.store.may("operate", undefined) && html`<div class="body">${replayForm(visit, name)}</div>`}${body}
${entries.length > 0 && html`<div class="foot"><span>The newest ${counted(entries.length, "message")}; those of a replay stay here until they are handled</span>${all}</div>`}</section>`;
}

function replayForm(visit: Visit, name: SubscriptionName): Html {
	return html`<form class="start" method="post" action="${FORMS}">${hiddenFields(visit, "replay", name)}
<label>Only those before number <input class="mono" name="stopAt" inputmode="numeric" pattern="\\d{0,15}" size="8" placeholder="all"></label>
<button type="submit">Replay</button><span class="mono hint">POST …/replayParked</span></form>
<p class="hint">Whoever asks next gets them again. A replay moves no checkpoint.</p>`;
}

function table(frame: Frame, entries: readonly StreamEntry[]): Html {
	return html`<table class="rows parked" role="table"><caption class="away">Parked messages, newest first</caption><colgroup><col class="no"><col class="ago"><col><col class="look"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">No.</th><th scope="col" role="columnheader">Parked</th><th scope="col" role="columnheader">Event, and why it was parked</th><th scope="col" role="columnheader"><span class="away">Its page</span></th></tr></thead>
<tbody role="rowgroup">${entries.map((entry) => rowOf(frame, entry))}</tbody></table>`;
}

function rowOf({ now, types }: Frame, { version, event, link, unresolved }: StreamEntry): Html {
	const parked = link ?? event;
	const { stream, version: number } = unresolved ?? event;
	const page = eventUrl("", stream, number);
	const type = unresolved
		? html`<span class="badge">not shown</span>`
		: typeOf(event.type, types.hues);
	return html`<tr role="row" class="row" data-page="${page}"><td role="cell" class="no num mono">${grouped(Number(version))}</td>
<td role="cell" class="when">${agoOf(parked.created, now)}</td>
<td role="cell" class="said wide-cell">${type} ${streamLink(stream)}<span class="at">/${number}</span><small>${visible(reasonIn(parked.metadata))}</small></td>
<td role="cell" class="look"><a class="open" href="${page}">Look</a></td></tr>`;
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
