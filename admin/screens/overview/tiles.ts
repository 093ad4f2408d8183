/** The tiles: what happens now, and over the last minutes; each leads to its chart of an hour. */

import type { TimedFigure } from "../../../src/observe/numbers/recent.ts";
import type { ServerState } from "../../../src/screens.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { sparkOf } from "../../parts/chart.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { strip } from "../../parts/strip.ts";
import { SERIES, SERIES_NAMES, type SeriesName } from "./series.ts";

const BARS = 40;
/** An older figure is none of now. */
const NOW_MS = 30_000;

export type TilesOf = {
	/** The types of the newest events, newest first. */
	readonly newest: readonly string[];
	readonly figures: readonly TimedFigure[];
	readonly state: ServerState | undefined;
	/** The series whose chart is shown. */
	readonly chosen: SeriesName | undefined;
};

/** The script exchanges them when there is a new figure. */
export function tiles(frame: Frame, about: TilesOf): Html {
	const series = about.state === undefined ? [] : SERIES_NAMES;
	return html`<div class="tiles" id="tiles" data-part data-refresh="10">${headTile(frame, about)}${series.map((name) => seriesTile(frame, about, name))}</div>`;
}

function headTile({ head = -1, types }: Frame, { newest }: TilesOf): Html {
	const last =
		newest.length === 0 ? "no events yet" : `last ${counted(newest.length, "event")} by type`;
	return html`<div class="tile"><h2>Head of the log</h2><p class="figure">${head < 0 ? "0" : grouped(head)} <small>${head < 0 ? "events" : "position"}</small></p>
${strip(newest.toReversed(), types.hues)}
<p class="cap"><span>${last}</span><span>now</span></p></div>`;
}

function seriesTile({ now }: Frame, about: TilesOf, name: SeriesName): Html {
	const { figures, state, chosen } = about;
	const series = SERIES[name];
	const values = figures.map((figure) => series.valueIn(figure));
	const shown = figures.slice(-BARS);
	const newest = figures.at(-1);
	const current = name === chosen ? html` aria-current="true"` : "";
	const to = name === chosen ? "/" : `/?chart=${name}#chart`;
	const isStill = isStopped(state) && (name === "events" || name === "bytes" || name === "commits");
	const span = shown[0] ? `${spanOf(now - shown[0].timeMs)} ago` : "";
	const figure = isStill ? html`<span class="still">stopped</span>` : figureOf(series, newest, now);
	return html`<div class="tile"><h2><a href="${to}"${current}>${series.title}</a></h2><p class="figure">${figure}</p>
${sparkOf(values, BARS)}
<p class="cap"><span>${peakOf(name, figures)}</span><span>${span}</span></p></div>`;
}

function isStopped(state: ServerState | undefined): boolean {
	return state?.writer.state === "stopped";
}

function figureOf(
	series: (typeof SERIES)[SeriesName],
	newest: TimedFigure | undefined,
	now: number,
): Part {
	if (newest === undefined || now - newest.timeMs > NOW_MS) {
		return html`– <small>${newest ? "not counted now" : "first figure in 10 s"}</small>`;
	}
	const value = series.valueIn(newest);
	if (value === undefined) return html`– <small>none in 10 s</small>`;
	const [text, unit] = series.textOf(value);
	const besides = [unit, series.besides?.(newest)].filter((one) => one).join(" · ");
	return html`${text} <small>${besides}</small>`;
}

export function peakOf(name: SeriesName, figures: readonly TimedFigure[]): string {
	const series = SERIES[name];
	const most = Math.max(0, ...figures.map((figure) => series.valueIn(figure) ?? 0));
	if (most === 0) return "nothing yet";
	const [text, unit] = series.textOf(most);
	return `peak ${text}${unit === "" ? "" : ` ${unit.replace(" a second", "/s").replace("a second", "/s")}`}`.replace(
		" /s",
		"/s",
	);
}
