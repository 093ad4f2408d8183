/**
 * Shows progress on stderr: a bar that is redrawn if stderr is a terminal, otherwise a line every
 * few seconds.
 */
export type Measure = {
	/** The number of events done, or of what `unit` names. */
	events(): number;
	readonly unit?: string;
	/** From 0 to 1; undefined if the end is not known. */
	fraction(): number | undefined;
};

/** Where it is shown: standard error, as a rule. */
type Terminal = { readonly isTTY?: boolean; write(text: string): unknown };

const REDRAW_MS = 200;
const REPORT_MS = 5000;
/** The rate is that of the last seconds; earlier ones say little about the time left. */
const WINDOW_MS = 10_000;
const BAR_CELLS = 24;
const CLEAR_LINE = "\r\u001b[K";

type Sample = { readonly at: number; readonly events: number; readonly fraction: number };

export class Progress {
	readonly #stream: Terminal;
	readonly #measure: Measure;
	readonly #isLive: boolean;
	readonly #timer: NodeJS.Timeout;
	#samples: readonly Sample[];

	constructor(stream: Terminal, measure: Measure) {
		this.#stream = stream;
		this.#measure = measure;
		this.#isLive = stream.isTTY === true;
		this.#samples = [sample(measure)];
		this.#timer = setInterval(() => this.#report(), this.#isLive ? REDRAW_MS : REPORT_MS);
		this.#timer.unref();
	}

	/** Prints a line without tearing the bar. */
	say(line: string): void {
		this.#stream.write(`${this.#isLive ? CLEAR_LINE : ""}${line}\n`);
	}

	/** Removes the bar; nothing is reported after it. */
	close(): void {
		clearInterval(this.#timer);
		if (this.#isLive) this.#stream.write(CLEAR_LINE);
	}

	#report(): void {
		const now = sample(this.#measure);
		const recent = this.#samples.filter((old) => now.at - old.at <= WINDOW_MS);
		this.#samples = [...recent, now];
		const text = describe(recent[0] ?? now, now, this.#measure, this.#isLive);
		this.#stream.write(this.#isLive ? `${CLEAR_LINE}${text}` : `${text}\n`);
	}
}

function sample(measure: Measure): Sample {
	return { at: performance.now(), events: measure.events(), fraction: measure.fraction() ?? 0 };
}

function describe(before: Sample, now: Sample, measure: Measure, live: boolean): string {
	const seconds = Math.max((now.at - before.at) / 1000, 0.001);
	const rate = Math.round((now.events - before.events) / seconds);
	const counts = `${count(now.events)} ${measure.unit ?? "events"}, ${count(rate)}/s`;
	if (measure.fraction() === undefined) return counts;
	const pace = (now.fraction - before.fraction) / seconds;
	const left = pace > 0 ? `, ${duration((1 - now.fraction) / pace)} left` : "";
	const percent = `${Math.floor(now.fraction * 100)} %`.padStart(5);
	return live ? `${bar(now.fraction)}${percent}  ${counts}${left}` : `${percent}, ${counts}${left}`;
}

function bar(fraction: number): string {
	const full = Math.round(Math.min(1, fraction) * BAR_CELLS);
	return `[${"#".repeat(full)}${"-".repeat(BAR_CELLS - full)}]`;
}

/** `61137` → `61,137`, whatever the locale. */
export function count(value: number): string {
	return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function duration(seconds: number): string {
	if (seconds < 60) return `${Math.ceil(seconds)} s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
	return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}
