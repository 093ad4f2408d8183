/** The scavenges: the one that runs, the ones that were, and the form that starts one. */
import type { RecordedEvent, StreamName } from "../../../src/event.ts";
import type { ServerState, Store } from "../../../src/screens.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { agoOf, counted, sizeOf } from "../../parts/numbers.ts";
import { actionForm, partOf, progressOf, startForm } from "../../parts/run.ts";
import { visible } from "../../parts/visible.ts";

const LIST = "$scavenges" as StreamName;
/** Starts and ends: two for each run. */
const READ = 24;
const SHOWN = 10;
const ENDS: Readonly<Record<string, string>> = { Success: "ok", Errored: "bad" };

/** What the events of a run say; clients may append to its stream, so nothing in it is certain. */
export type PastRun = {
	readonly id: string;
	readonly timeMs: number;
	readonly result: string;
	readonly events: number | undefined;
	readonly bytes: number | undefined;
	readonly error: string | undefined;
};

/** @returns the newest first; none if the list was deleted */
export async function pastScavenges(store: Store): Promise<PastRun[]> {
	const range = { stream: LIST, from: "head", limit: READ, direction: "backward" } as const;
	const slice = await store.read({ ...range, content: true, resolve: true }).catch(() => undefined);
	const ends = (slice?.entries ?? [])
		.map(({ event }) => event)
		.filter(({ type }) => type === "$scavengeCompleted");
	return ends.map(runOf).slice(0, SHOWN);
}

function runOf({ data, created, stream }: RecordedEvent): PastRun {
	const facts = factsIn(data);
	const count = (value: unknown) => (Number.isSafeInteger(value) ? (value as number) : undefined);
	const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 200) : undefined);
	return {
		id: stream.slice(LIST.length + 1),
		timeMs: created,
		result: text(facts.result) ?? "unknown",
		events: count(facts.eventsErased),
		bytes: count(facts.spaceSaved),
		error: text(facts.error),
	};
}

function factsIn(data: Uint8Array): Record<string, unknown> {
	try {
		const value = JSON.parse(Buffer.from(data).toString());
		return typeof value === "object" && value !== null ? value : {};
	} catch {
		return {};
	}
}

export function scavengePanel(frame: Frame, state: ServerState, past: readonly PastRun[]): Html {
	const { running } = state.scavenge;
	const mayAct = frame.visit.store.may("operate", undefined);
	return html`<section class="panel" aria-labelledby="scavenge"${partOf("scavenges", !!running)}><header><h2 id="scavenge">Scavenge</h2>${running ? html`<span class="badge accent">running</span>` : html`<span class="badge">idle</span>`}</header>
<div class="body">${running ? runningOf(frame, running, mayAct) : mayAct && starting(frame)}</div>
${history(frame, past)}</section>`;
}

function runningOf(
	{ visit, now }: Frame,
	running: NonNullable<ServerState["scavenge"]["running"]>,
	mayAct: boolean,
): Html {
	const { started, fraction, events, bytes } = running;
	return html`<div class="run">${progressOf({ label: "Scavenge", started, fraction }, now)}
<div class="line"><span>${counted(events, "event")} erased so far, ${sizeOf(bytes)}</span>${mayAct && actionForm(visit, "stop-scavenge", "Stop")}</div>
<p class="hint">What is erased stays erased; the next run does the rest.</p></div>`;
}

function starting({ visit }: Frame): Html {
	return html`<p>Erases from the disk what no read of a stream can show any more: events that
metadata hides, and those of deleted streams.</p>
<details><summary>Start a scavenge</summary><div class="deed"><ul class="says"><li>The content of these events is gone <b>for ever</b>, also from <b class="mono">$all</b>.</li><li>Numbers, ids, types, times and proofs stay.</li><li>While the clock of this machine is wrong, <code>$maxAge</code> hides events too early: look at it before.</li></ul>
${startForm(visit, { action: "start-scavenge", button: "Erase for ever", isDanger: true, percent: 100, request: "POST /admin/scavenge" })}</div></details>`;
}

function history({ now }: Frame, past: readonly PastRun[]): Part {
	if (past.length === 0) return html`<p class="foot">No scavenge has ended yet.</p>`;
	const rows = past.map(
		({
			id,
			timeMs,
			result,
			events,
			bytes,
			error,
		}) => html`<tr role="row" class="row" data-page="/streams/${encodeURIComponent(`${LIST}-${id}`)}">
<td role="cell"><a class="open" href="/streams/${encodeURIComponent(`${LIST}-${id}`)}">${agoOf(timeMs, now)}</a></td>
<td role="cell"><span class="badge ${ENDS[result] ?? ""}">${visible(result)}</span></td>
<td role="cell" class="wide-cell">${events === undefined ? "" : `${counted(events, "event")} erased`}${bytes !== undefined && bytes > 0 && `, ${sizeOf(bytes)}`}${error !== undefined && html` <small class="hint">${visible(error)}</small>`}</td></tr>`,
	);
	return html`<table class="rows runs" role="table"><caption class="away">Scavenges that ended, newest first</caption><colgroup><col class="when"><col class="result"><col></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Ended</th><th scope="col" role="columnheader">Result</th><th scope="col" role="columnheader">What it did</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}
