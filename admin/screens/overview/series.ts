/** What the figures of the last hour say: the series that have a tile and a chart each. */
import type { TimedFigure } from "../../../src/observe/numbers/recent.ts";
import type { Point } from "../../parts/chart.ts";
import { grouped, sizeOf } from "../../parts/numbers.ts";

export const SERIES_NAMES = ["events", "bytes", "commits", "reads", "readers"] as const;
export type SeriesName = (typeof SERIES_NAMES)[number];

export type Series = {
	readonly title: string;
	/** What the chart shows, in a sentence. */
	readonly about: string;
	/** Undefined where there was nothing to measure. */
	valueIn(figure: TimedFigure): number | undefined;
	/** The number and its unit. */
	textOf(value: number): readonly [figure: string, unit: string];
	/** What stands behind the number, of one figure. */
	besides?(figure: TimedFigure): string;
	/** Whether a minute is told by its greatest value, and not by its average. */
	readonly isPeak?: true;
};

/** A thing that is counted, as so many a second. */
function perSecond(count: (figure: TimedFigure) => number): Series["valueIn"] {
	return (figure) => (figure.seconds > 0 ? count(figure) / figure.seconds : undefined);
}

const asked = ({ cacheHits, cacheMisses }: TimedFigure) => cacheHits + cacheMisses;
const rate = (value: number) => [rateOf(value), "a second"] as const;

export const SERIES: Readonly<Record<SeriesName, Series>> = {
	events: {
		title: "Events written",
		about: "Events that were appended, a second.",
		valueIn: perSecond(({ events }) => events),
		textOf: rate,
	},
	bytes: {
		title: "Bytes written",
		about: "Bytes of the data and metadata of these events, a second.",
		valueIn: perSecond(({ eventBytes }) => eventBytes),
		textOf: (value) => {
			const [number = "", unit = ""] = sizeOf(Math.round(value)).split(" ");
			return [number, `${unit} a second`];
		},
	},
	commits: {
		title: "Commit, median",
		about: "The time of a transaction with its sync: half of them took less.",
		valueIn: ({ commitMsP50 }) => commitMsP50 ?? undefined,
		textOf: (value) => [rateOf(value), "ms"],
		besides: ({ commitMsP99 }) => (commitMsP99 === null ? "" : `p99 ${rateOf(commitMsP99)} ms`),
	},
	reads: {
		title: "Reads",
		about: "Pages and events that readers asked for, a second. The cached ones came from memory.",
		valueIn: perSecond(asked),
		textOf: rate,
		besides: (figure) =>
			asked(figure) === 0 ? "" : `${Math.round((100 * figure.cacheHits) / asked(figure))} % cached`,
	},
	readers: {
		title: "Readers waiting",
		about: "Live readers and long polls, which wait for the next event.",
		valueIn: ({ liveReaders, longPolls }) => liveReaders + longPolls,
		textOf: (value) => [grouped(Math.round(value)), ""],
		besides: ({ liveReaders, longPolls }) =>
			`${grouped(liveReaders)} live · ${grouped(longPolls)} long polls`,
		isPeak: true,
	},
};

/** `0`, `1.1`, `3,105` */
export function rateOf(value: number): string {
	return value < 99.95 ? String(Number(value.toFixed(1))) : grouped(Math.round(value));
}

/** Equal spans of time up to a moment; a span without a figure has no value. */
export function spansOf(
	figures: readonly TimedFigure[],
	{ valueIn, isPeak }: Series,
	{ untilMs, spanMs, count }: Spans,
): Point[] {
	const sums = Array.from({ length: count }, () => ({ value: 0, weight: 0 }));
	const fromMs = untilMs - count * spanMs;
	for (const figure of figures) {
		const value = valueIn(figure);
		// A figure is of the time before it.
		const sum = sums[Math.floor((figure.timeMs - 1 - fromMs) / spanMs)];
		if (value === undefined || sum === undefined) continue;
		sum.value = isPeak ? Math.max(sum.value, value) : sum.value + value * figure.seconds;
		sum.weight = isPeak ? 1 : sum.weight + figure.seconds;
	}
	return sums.map(({ value, weight }, at) => ({
		fromMs: fromMs + at * spanMs,
		value: weight === 0 ? undefined : value / weight,
	}));
}

type Spans = { readonly untilMs: number; readonly spanMs: number; readonly count: number };
