/** The chart of an hour of one series, and its table. */
import type { TimedFigure } from "../../../src/observe/numbers/recent.ts";
import { type Html, html } from "../../html.ts";
import { chartOf, minuteOf } from "../../parts/chart.ts";
import { SERIES, type Series, type SeriesName, spansOf } from "./series.ts";
import { peakOf } from "./tiles.ts";

const BARS = { spanMs: 30_000, count: 120 };
const ROWS = { spanMs: 60_000, count: 60 };

export function hourPanel(name: SeriesName, figures: readonly TimedFigure[], now: number): Html {
	const series = SERIES[name];
	const points = spansOf(figures, series, { ...BARS, untilMs: now });
	const peak = peakOf(name, figures);
	const label = `${series.title} in the last hour, ${peak}`;
	return html`<section class="panel" aria-labelledby="chart" data-part id="chart-panel">
<header><h2 id="chart">${series.title}, the last hour</h2><a class="button quiet" href="/">Close</a></header>
<div class="body"><p class="hint">${series.about}</p>${chartOf(points, label, peak)}
<details><summary>The values as a table</summary>${table(series, figures, now)}</details></div></section>`;
}

function table(series: Series, figures: readonly TimedFigure[], now: number): Html {
	const minutes = spansOf(figures, series, { ...ROWS, untilMs: now });
	const counted = minutes.filter(({ value }) => value !== undefined).toReversed();
	if (counted.length === 0) return html`<p class="hint">There is no figure yet.</p>`;
	return html`<div class="scrolled" tabindex="0" role="group" aria-label="${series.title} by minute"><table class="values"><caption class="away">${series.title} by minute, newest first</caption>
<thead><tr><th scope="col">Minute from, UTC</th><th scope="col" class="num">${series.isPeak ? "At most" : "On average"}</th></tr></thead>
<tbody>${counted.map(({ fromMs, value = 0 }) => html`<tr><th scope="row">${minuteOf(fromMs)}</th><td class="num">${series.textOf(value).join(" ")}</td></tr>`)}</tbody></table></div>`;
}
