/** A run that takes its time: how far it is, how it is started, how it is stopped. */
import type { Visit } from "../../src/screens.ts";
import { type Html, html, type Part } from "../html.ts";
import { agoOf, spanOf } from "./numbers.ts";

/** While something runs, the script looks again so often. */
const REFRESH_SECONDS = 2;
const PERCENTS = [100, 50, 25, 10] as const;
/** Before that, what is left cannot be told. */
const FRACTION_MIN = 0.02;

export type Progress = {
	readonly label: string;
	/** ISO 8601. */
	readonly started: string;
	/** From 0 to 1. */
	readonly fraction: number;
};

/** Attributes of a panel that the script shows anew while its run is not over. */
export function partOf(id: string, isRunning: boolean): Html {
	const refresh = isRunning && html` data-refresh="${REFRESH_SECONDS}"`;
	return html` id="${id}" data-part${refresh}`;
}

export function progressOf({ label, started, fraction }: Progress, now: number): Html {
	const percent = Math.floor(100 * Math.min(fraction, 1));
	const tookMs = now - Date.parse(started);
	const leftMs = fraction >= FRACTION_MIN ? (tookMs * (1 - fraction)) / fraction : undefined;
	const left = leftMs === undefined ? "" : `, about ${spanOf(leftMs)} left`;
	return html`<div class="line"><b>${percent} %${left}</b><span class="hint">started ${agoOf(Date.parse(started), now)}</span></div>
<progress max="100" value="${percent}" aria-label="${label}">${percent} %</progress>`;
}

export type Start = {
	readonly action: string;
	readonly button: string;
	readonly isDanger: boolean;
	/** The share of time that is chosen at first. */
	readonly percent: (typeof PERCENTS)[number];
	/** How a program asks for it. */
	readonly request: string;
};

export function startForm(
	visit: Visit,
	{ action, button, isDanger, percent, request }: Start,
): Html {
	const options = PERCENTS.map(
		(one) =>
			html`<option value="${one}"${one === percent ? html` selected` : ""}>${one === 100 ? "all of the time" : `${one} % of the time`}</option>`,
	);
	return html`<form class="start" method="post" action="/ui/operations">${hidden(visit, action)}
<label>It works <select name="throttlePercent">${options}</select></label>
<button type="submit"${isDanger ? html` class="danger"` : ""}>${button}</button><span class="mono hint">${request}</span></form>`;
}

export function actionForm(visit: Visit, action: string, button: string): Html {
	return html`<form method="post" action="/ui/operations">${hidden(visit, action)}<button type="submit">${button}</button></form>`;
}

function hidden({ token }: Visit, action: string): Part {
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}">`;
}
