/**
 * Charts of numbers over time: SVG that the server draws. A small one is told in words beside it; a
 * large one has a name, axes, and a table of its values.
 */
import { type Html, html } from "../html.ts";

/** A value of a span of time; undefined where nothing was counted. */
export type Point = { readonly fromMs: number; readonly value: number | undefined };

const SPARK_HEIGHT = 30;
const BAR = 4;
const GAP = 1;
const WIDTH = 720;
const HEIGHT = 140;

/** The newest bar stands at the right, in the accent. */
export function sparkOf(values: readonly (number | undefined)[], bars: number): Html {
	const shown = values.slice(-bars);
	const most = maxOf(shown);
	const width = bars * BAR;
	const from = width - shown.length * BAR;
	const drawn = shown.map((value, at) => {
		const height = heightOf(value, most, SPARK_HEIGHT - 1);
		const last = at === shown.length - 1 ? html` class="last"` : "";
		if (height === 0) return "";
		return html`<rect${last} x="${from + at * BAR}" y="${SPARK_HEIGHT - 1 - height}" width="${BAR - GAP}" height="${height}"/>`;
	});
	const base = html`<path d="M0 ${SPARK_HEIGHT - 0.5}h${width}"/>`;
	return html`<svg class="spark" viewBox="0 0 ${width} ${SPARK_HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${base}${drawn}</svg>`;
}

/**
 * @param label what it shows, for who cannot see it
 * @param peak the greatest value, in words
 */
export function chartOf(points: readonly Point[], label: string, peak: string): Html {
	const most = maxOf(points.map(({ value }) => value));
	const step = WIDTH / Math.max(points.length, 1);
	const bars = points.map(({ value }, at) => {
		const height = heightOf(value, most, HEIGHT);
		const last = at === points.length - 1 ? html` class="last"` : "";
		if (height === 0) return "";
		return html`<rect${last} x="${round(at * step)}" y="${round(HEIGHT - height)}" width="${round(step * 0.8)}" height="${round(height)}"/>`;
	});
	const from = points[0]?.fromMs ?? 0;
	const middle = points[Math.floor(points.length / 2)]?.fromMs ?? from;
	return html`<figure class="chart"><p class="peak"><span>${peak}</span></p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}"><title>${label}</title><path d="M0 .5h${WIDTH}M0 ${HEIGHT / 2}h${WIDTH}" class="grid"/>${bars}<path d="M0 ${HEIGHT - 0.5}h${WIDTH}"/></svg>
<figcaption><span>${minuteOf(from)}</span><span>${minuteOf(middle)}</span><span>now, UTC</span></figcaption></figure>`;
}

/** `09:54`, in UTC */
export function minuteOf(timeMs: number): string {
	return new Date(timeMs).toISOString().slice(11, 16);
}

/** A bar of a value above 0 is a pixel high at least, so that people see it. */
function heightOf(value: number | undefined, most: number, height: number): number {
	if (value === undefined || value <= 0 || most <= 0) return 0;
	return Math.max(1, round((height * value) / most));
}

function maxOf(values: readonly (number | undefined)[]): number {
	return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
}

function round(value: number): number {
	return Math.round(value * 10) / 10;
}
