/** The verification of the log: the one that runs, what earlier ones found, how one is started. */
import type { ServerState } from "../../../src/screens.ts";
import type { VerificationRun } from "../../../src/upkeep/verification-record.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { agoOf, counted, durationOf, grouped } from "../../parts/numbers.ts";
import { actionForm, partOf, progressOf, startForm } from "../../parts/run.ts";
import { visible } from "../../parts/visible.ts";

const SHOWN = 6;
const FAULTS_SHOWN = 20;
/** A verification names no more. */
const FAULTS_NAMED = 100;
const FAULT_CHARACTERS = 500;
const TONES: Readonly<Record<string, string>> = { Sound: "ok", Damaged: "bad", Failed: "bad" };

export function verificationPanel(frame: Frame, { verification }: ServerState): Html {
	const { running, runs } = verification;
	const mayAct = frame.visit.store.may("operate", undefined);
	const [newest] = runs;
	const badge = running
		? html`<span class="badge accent">running</span>`
		: html`<span class="badge ${TONES[newest?.result ?? ""] ?? ""}">${newest?.result?.toLowerCase() ?? "never verified"}</span>`;
	return html`<section class="panel" aria-labelledby="verification"${partOf("verifications", !!running)}><header><h2 id="verification">Verification</h2>${badge}</header>
<div class="body">${running ? runningOf(frame, running, mayAct) : starting(frame, mayAct)}
${faultsOf(runs)}</div>
${history(frame, runs)}</section>`;
}

function runningOf(
	{ visit, now }: Frame,
	{
		started,
		fraction,
		events,
		throttlePercent,
	}: NonNullable<ServerState["verification"]["running"]>,
	mayAct: boolean,
): Html {
	return html`<div class="run">${progressOf({ label: "Verification", started, fraction }, now)}
<div class="line"><span>${counted(events, "event")} checked, at ${throttlePercent} % of the time</span>${mayAct && actionForm(visit, "stop-verification", "Stop")}</div></div>`;
}

function starting({ visit }: Frame, mayAct: boolean): Html {
	const form = { action: "start-verification", button: "Verify the log", isDanger: false } as const;
	const asked = { ...form, percent: 25, request: "POST /admin/verification" } as const;
	return html`<p>Reads all of the log, and checks each event against its hash, the tree above them,
every list and the file. Appends and reads go on.</p>
${mayAct && startForm(visit, asked)}`;
}

/** Of the newest run that read everything, if it found any. */
function faultsOf(runs: readonly VerificationRun[]): Part {
	const found = runs.find((run) => run.found !== undefined)?.found;
	if (!found || found.faults.length === 0) return undefined;
	const shown = found.faults.slice(0, FAULTS_SHOWN);
	const rest = found.faults.length - shown.length;
	const most = found.faults.length >= FAULTS_NAMED && " at least";
	return html`<div class="note bad"><b>${counted(found.faults.length, "fault")}</b>${most} in the newest one.
Take the steps of “Recover from damage” in the manual.
<ul class="faults" tabindex="0" aria-label="Faults">${shown.map((fault) => html`<li>${visible(fault.slice(0, FAULT_CHARACTERS))}</li>`)}</ul>${rest > 0 && html`<p class="hint">${grouped(rest)} more with the curl line beside this.</p>`}</div>`;
}

function history({ now }: Frame, runs: readonly VerificationRun[]): Part {
	if (runs.length === 0)
		return html`<p class="foot">No verification has run here yet. What <code>varve verify</code> finds is not kept.</p>`;
	const rows = runs.slice(0, SHOWN).map(
		(run) => html`<tr role="row" class="row">
<td role="cell">${agoOf(Date.parse(run.ended ?? run.started), now)}</td>
<td role="cell"><span class="badge ${TONES[run.result ?? ""] ?? ""}">${run.result}</span></td>
<td role="cell" class="wide-cell">${whatOf(run)}</td></tr>`,
	);
	return html`<table class="rows runs" role="table"><caption class="away">Verifications that ended, newest first</caption><colgroup><col class="when"><col class="result"><col></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Ended</th><th scope="col" role="columnheader">Result</th><th scope="col" role="columnheader">What it read</th></tr></thead>
<tbody role="rowgroup">${rows}</tbody></table>`;
}

function whatOf({ started, ended = started, found, error }: VerificationRun): Part {
	if (error !== undefined) return visible(error.slice(0, FAULT_CHARACTERS));
	if (!found) return "not all of it";
	const { events, streams, erased } = found;
	const took = durationOf(Date.parse(ended) - Date.parse(started));
	const without = erased > 0 ? `, ${grouped(erased)} without their content` : "";
	return `${counted(events, "event")} in ${counted(streams, "stream")}${without}, in ${took}`;
}
