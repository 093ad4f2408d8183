/** The log in facts: where it lies, what it holds, when it was last copied and checked. */
import type { ServerState } from "../../../src/screens.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { agoOf, counted, grouped, sizeOf } from "../../parts/numbers.ts";
import { standbyFact } from "../../parts/state/standby.ts";

export function logPanel(frame: Frame, state: ServerState | undefined): Html {
	const { visit, head = -1 } = frame;
	const { key, stopped } = visit.store.facts();
	const [name, id] = key.split("+");
	const badge =
		stopped === undefined
			? html`<span class="badge ok">writing</span>`
			: html`<span class="badge bad">not writing</span>`;
	return html`<section class="panel" aria-labelledby="log" data-part id="log-panel"><header><h2 id="log">The log</h2>${badge}</header><div class="body"><dl class="facts-list">
${state && stateFacts(frame, state)}
<dt>Signed head</dt><dd><a href="/log/checkpoint">for ${counted(head + 1, "event")}</a><small class="mono">${name}+${id}</small></dd></dl></div></section>`;
}

function stateFacts({ now }: Frame, { log, disk, backups, verification }: ServerState): Html {
	const { databaseBytes, walBytes, streams, standby } = log;
	const [backup] = backups;
	const whole = verification.runs.find(({ found }) => found !== undefined);
	return html`${databaseBytes !== undefined && html`<dt>On disk</dt><dd>${sizeOf(databaseBytes + (walBytes ?? 0))}${walBytes !== undefined && html`<small>${sizeOf(databaseBytes)} log, ${sizeOf(walBytes)} WAL</small>`}</dd>`}
${disk && html`<dt>Free</dt><dd>${disk.low ? html`<span class="badge bad">${sizeOf(disk.freeBytes)}</span>` : sizeOf(disk.freeBytes)}<small>${sizeOf(disk.freeBytesMin)} are kept free</small></dd>`}
${standbyFact(standby)}
${streams !== undefined && html`<dt>Streams</dt><dd>${grouped(streams)}</dd>`}
<dt>Last backup</dt><dd>${
		backup
			? html`${agoOf(Date.parse(backup.finished), now)}<small>${counted(backup.events, "event")}${checkOf(backup.faults, backup.lastVerified)}</small>`
			: html`<span class="badge warn">none known</span><small><a href="/admin#backups">How to make one</a></small>`
	}</dd>
<dt>Verified</dt><dd>${
		whole?.ended === undefined
			? html`<span class="badge warn">never</span><small><a href="/admin#verification">Verify all of it</a></small>`
			: html`${agoOf(Date.parse(whole.ended), now)}<small>${whole.result === "Sound" ? `${counted(whole.found?.events ?? 0, "event")}, sound` : html`<a href="/admin#verification">${counted(whole.found?.faults.length ?? 0, "fault")}</a>`}</small>`
	}</dd>`;
}

function checkOf(faults: number | undefined, lastVerified: string | undefined): Part {
	if (faults !== undefined) return html`, <a href="/admin#backups">${counted(faults, "fault")}</a>`;
	return lastVerified === undefined ? ", never verified" : ", verified";
}
