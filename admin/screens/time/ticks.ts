/** The ticks below the rail: round times, or round numbers. */
import { dateOf, grouped } from "../../parts/numbers.ts";
import type { Mark } from "./scale.ts";

export type Tick = { readonly at: number; readonly text: string; readonly isNarrow: boolean };

const TICKS_MAX = 6;
/** A tick so near to an end has no room for its text. */
const EDGE = 0.03;
/** A character and a gap take these shares of the rail: a narrow screen shows it 290 px wide. */
const CHARACTER = 6.2 / 290;
const GAP = 8 / 290;
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
const STEPS_MS: readonly number[] = [
	...[1, 2, 5, 10, 20, 50, 100, 200, 500],
	...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800].map((seconds) => seconds * SECOND_MS),
	...[1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760].map((hours) => hours * 3600 * SECOND_MS),
];

export function ticksOf(marks: readonly Mark[], isByTime: boolean): Tick[] {
	const [oldest, newest] = [marks[0], marks.at(-1)];
	if (!oldest || !newest) return [];
	const [start, end] = isByTime ? [oldest.time, newest.time] : [oldest.version, newest.version];
	if (end <= start) return [];
	const step = isByTime ? timeStep(end - start) : numberStep(end - start);
	const ticks: Tick[] = [];
	let narrow = -1;
	for (let value = Math.ceil(start / step) * step; value < end; value += step) {
		const at = (value - start) / (end - start);
		if (at < EDGE || at > 1 - EDGE) continue;
		const text = isByTime ? timeText(value, step) : grouped(value);
		const width = text.length * CHARACTER;
		const isNarrow = at - narrow >= width + GAP && Math.min(at, 1 - at) >= width / 2;
		if (isNarrow) narrow = at;
		ticks.push({ at, text, isNarrow });
	}
	return ticks;
}

function timeStep(span: number): number {
	const longest = STEPS_MS.at(-1) as number;
	return (
		STEPS_MS.find((step) => span / step <= TICKS_MAX) ??
		longest * Math.ceil(span / longest / TICKS_MAX)
	);
}

/** 1, 2 or 5, and noughts. */
function numberStep(span: number): number {
	const power = 10 ** Math.floor(Math.log10(Math.max(span / TICKS_MAX, 1)));
	const found = [1, 2, 5, 10].find((one) => span / (one * power) <= TICKS_MAX) ?? 10;
	return found * power;
}

function timeText(time: number, step: number): string {
	if (step >= DAY_MS) return dateOf(time);
	const text = new Date(time).toISOString();
	if (step >= 60 * SECOND_MS) return time % DAY_MS === 0 ? dateOf(time) : text.slice(11, 16);
	return step >= SECOND_MS ? text.slice(11, 19) : text.slice(11, 23);
}
