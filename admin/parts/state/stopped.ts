/**
 * While the server cannot write, each screen says so; the overview says why, since when, what goes
 * on, and what the operator can do.
 */
import type { WriterState } from "../../../src/screens.ts";
import { type Html, html, type Part } from "../../html.ts";
import { agoOf, clockOf } from "../numbers.ts";
import { visible } from "../visible.ts";

/** Screens that are about something else show this one line. */
export function stoppedNote(stopped: string | undefined): Part {
	if (stopped === undefined) return undefined;
	if (stopped === "shutting-down") {
		return html`<p class="note bad" role="alert">The server is shutting down. It finishes the requests that run.</p>`;
	}
	return html`<p class="note bad" role="alert"><b>Writing has stopped.</b> Reads go on. The <a href="/">overview</a> says why, and what to do.</p>`;
}

/** The overview shows all of it. */
export function stoppedPanel({ state, since, reason }: WriterState, now: number): Part {
	if (state === "writing") return undefined;
	if (state === "shutting-down") return stoppedNote("shutting-down");
	const atMs = Date.parse(since ?? "");
	const when = since !== undefined && html`At ${clockOf(atMs, now)} UTC, ${agoOf(atMs, now)}. `;
	return html`<section class="stopped" role="alert" aria-labelledby="stopped" id="writer">
<div><h2 id="stopped">Writing has stopped</h2>
<p>${when}The disk failed, or the log is damaged.
No append is acknowledged until the server writes again.</p>
${reason !== undefined && html`<p class="code">${visible(reason)}</p>`}</div>
${twoLists()}</section>`;
}

function twoLists(): Html {
	return html`<div class="halves"><div><h3>What goes on</h3><ul><li>Feeds, events, searches, proofs: all reads of what is sound</li><li>Live readers, who wait for events that do not come</li></ul></div>
<div><h3>What to do</h3><ol><li><code>varve verify</code> on the data directory names what is damaged</li><li>Mend or replace the disk, or restore the newest backup</li><li>Start the server again: it checks the end of the log, and writes</li></ol></div></div>
<p class="hint">Appends get 503 with <code>writer-stopped</code>. Whoever had no answer to an append sends it again with the same ids, and learns what became of it.</p>`;
}
