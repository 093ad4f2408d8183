/** Says whether commits wait for a synchronous standby, and whether an operator must act. */
import type { StandbyState } from "../../../src/observe/numbers/log-activity.ts";
import { type Html, html, type Part } from "../../html.ts";

/** Shows nothing if the log is a file. */
export function standbyFact(standby: StandbyState | undefined): Part {
	if (standby === undefined) return undefined;
	return html`<dt>Standby</dt><dd>${shown(standby)}<small><code>--standby ${standby.mode}</code></small></dd>`;
}

/** Names what an operator has to mend; undefined if all is well. */
export function standbyTrouble(standby: StandbyState | undefined): string | undefined {
	if (standby?.awaited && standby.connected === false) return "standby not connected";
	return standby?.missing ? "no standby" : undefined;
}

function shown({ mode, awaited, connected, missing }: StandbyState): Html {
	if (awaited && connected === false) {
		return html`<span class="badge bad">not connected</span><small>appends wait for it</small>`;
	}
	if (awaited) return html`commits wait for it`;
	if (!missing) return html`none`;
	return mode === "require"
		? html`<span class="badge bad">none, appends are refused</span>`
		: html`<span class="badge warn">none any more</span>`;
}
