/**
 * The parked events of a webhook, the oldest first, and the forms that send them or give them up.
 */

import type { StreamName } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { ParkedMessage } from "../../../src/push/running/parked.ts";
import type { Standing } from "../../../src/push/running/standing.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { streamLink, typeOf } from "../../parts/name.ts";
import { agoOf, counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { FORMS, hiddenFields } from "./form.ts";

export const PARKED_SHOWN = 20;

export function parkedPanel(
	frame: Frame,
	{ webhook: { name }, parked }: Standing,
	messages: readonly ParkedMessage[],
): Html {
	const body =
		messages.length === 0
			? html`<p class="foot">No event is parked.</p>`
			: html`<table class="rows parked" role="table"><caption class="away">Parked events, oldest first</caption><colgroup><col class="no"><col class="ago"><col><col class="look"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">No.</th><th scope="col" role="columnheader">Parked</th><th scope="col" role="columnheader">Event, and why it was parked</th><th scope="col" role="columnheader"><span class="away">Its page</span></th></tr></thead>
<tbody role="rowgroup">${messages.map((message) => rowOf(frame, message))}</tbody></table>
<p class="foot">The oldest ${counted(messages.length, "event")}; what is sent again stays here until it was taken</p>`;
	return html`<section class="panel" aria-labelledby="parked"><header><h2 id="parked">Parked events</h2><span class="badge ${parked > 0 ? "warn" : ""}">${grouped(parked)}</span></header>
${parked > 0 && html`<div class="body parked-forms">${formOf(frame, "replay", name, "Send again")}${formOf(frame, "discard", name, "Give up")}</div>`}${body}</section>`;
}

function formOf({ visit }: Frame, action: string, name: string, text: string): Html {
	const about = hiddenFields(visit, action, name);
	return html`<form class="start" method="post" action="${FORMS}">${about}
<label>Only those before number <input class="mono" name="stopAt" inputmode="numeric" pattern="\\d{0,15}" size="8" placeholder="all"></label>
<button type="submit"${action === "discard" ? html` class="danger"` : ""}>${text}</button></form>`;
}

function rowOf({ now, types }: Frame, message: ParkedMessage): Html {
	const { number, stream, version, type, parked, reason } = message;
	const page = eventUrl("", stream as StreamName, version);
	const shown = type === "" ? html`<span class="badge">not shown</span>` : typeOf(type, types.hues);
	const at = Date.parse(parked);
	return html`<tr role="row" class="row" data-page="${page}"><td role="cell" class="no num mono">${grouped(number)}</td>
<td role="cell" class="when">${Number.isNaN(at) ? "" : agoOf(at, now)}</td>
<td role="cell" class="said wide-cell">${shown} ${streamLink(stream as StreamName)}<span class="at">/${version}</span><small>${visible(reason === "" ? "the reason is not known any more" : reason)}</small></td>
<td role="cell" class="look"><a class="open" href="${page}">Look</a></td></tr>`;
}
