/**
 * The reader: hands out every event of a stream once, in order, from any position.
 *
 * `step.ts` decides what comes next (its header draws the states). This file does it: it asks,
 * hands out, and waits. While the consumer works on a page, the next ones are on their way
 * (`ahead.ts`).
 */
import { PagesAhead } from "./ahead.ts";
import { EARLY_INTERVAL_MS, pollDelay } from "./backoff.ts";
import { dataAhead } from "./data.ts";
import type { ReadEvent } from "./event.ts";
import { type ReaderSettings, type ReadOptions, settingsOf } from "./options.ts";
import { handOut } from "./pages/hand-out.ts";
import type { ReaderPage } from "./pages/page.ts";
import { ProgressMeter } from "./pages/progress.ts";
import { backOff, fetchData, type PageAnswer } from "./session.ts";
import { firstAt, hasPassed, inSpan } from "./span.ts";
import { isWaiting, type State, type Step, start, step } from "./step.ts";

/**
 * Reads a stream. With `follow` it stays at the head and never ends by itself; without, it ends
 * there. If `signal` aborts, or the consumer leaves the loop, it ends quietly and at once, even
 * while it waits.
 * @throws RangeError, TypeError at once if an option makes no sense
 * @throws ReadError while iterating; see `error.ts`
 */
export function readStream(options: ReadOptions): AsyncGenerator<ReadEvent, void, void> {
	const stop = new AbortController();
	return handOut(run(settingsOf(options), options.signal, stop), stop);
}

async function* run(
	settings: ReaderSettings,
	outer: AbortSignal | undefined,
	stop: AbortController,
): AsyncGenerator<readonly ReadEvent[], void, void> {
	const { signal } = stop;
	const onAbort = () => stop.abort();
	outer?.addEventListener("abort", onAbort);
	if (outer?.aborted) stop.abort();
	try {
		const first = await fromSince(settings, signal);
		const ahead = new PagesAhead(settings, signal);
		const { onProgress } = settings;
		const meter = onProgress && new ProgressMeter(onProgress);
		let state = start(first);
		let at: number | undefined;
		let early = 0;
		while (state.phase !== "ended") {
			const answer = await ahead.take(state);
			const { outcome } = answer;
			const page = outcome.kind === "page" ? outcome.page : undefined;
			const next = step(state, outcome, settings);
			if (foundNothing(state, answer, next))
				settings.onHead?.(performance.now() - answer.elapsedMs);
			const { wanted, isOver } = inSpan(next.fresh, settings);
			if (page && !isOver) askAhead(ahead, next, page);
			if (page?.lacking.size) yield* withData(wanted, page, settings, signal);
			else if (wanted.length > 0) yield wanted;
			if (signal.aborted) return;
			at = wanted.at(-1)?.at ?? at;
			const passed = { events: wanted.length, bytes: page?.bytes ?? 0 };
			meter?.passed(passed, { at, from: first.from, last: ahead.last });
			if (isOver || hasPassed(answer, next, settings)) return;
			await pause(next, answer, early, settings, signal);
			early = cameEarly(next, answer, settings) ? early + 1 : 0;
			state = next.state;
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	} finally {
		outer?.removeEventListener("abort", onAbort);
		stop.abort();
	}
}

/** The settings, with the number of the first event of the span; `from` may lie within it. */
async function fromSince(settings: ReaderSettings, signal: AbortSignal): Promise<ReaderSettings> {
	if (settings.since === Number.NEGATIVE_INFINITY) return settings;
	const first = await firstAt(settings, settings.since, signal);
	return { ...settings, from: Math.max(settings.from, first ?? 0) };
}

/** Whether a request that waits at the head came back without events. */
function foundNothing(asked: State, { outcome }: PageAnswer, { state, fresh }: Step): boolean {
	const isAnswer = ["page", "not-modified", "missing"].includes(outcome.kind);
	return isAnswer && fresh.length === 0 && isWaiting(asked) && state.phase === "at-head";
}

/** At the head a page may take as long as a long poll, so the reader does not fetch it ahead. */
function askAhead(ahead: PagesAhead, { state, pause }: Step, page: ReaderPage): void {
	const isAtHead = state.phase !== "catching-up";
	if (isAtHead && page.events.length > 0) ahead.atHead(state);
	if (!isAtHead && pause === "none") {
		ahead.ask(state, page);
		ahead.learn(state, page);
	}
}

/** The events of a page, one by one: some of their data has to be fetched. */
async function* withData(
	fresh: readonly ReadEvent[],
	{ lacking }: ReaderPage,
	settings: ReaderSettings,
	signal: AbortSignal,
): AsyncGenerator<readonly ReadEvent[], void, void> {
	const queue = fresh.flatMap(({ at }) => lacking.get(at) ?? []);
	const dataOf = dataAhead(queue, (entry) => fetchData(entry, settings, signal));
	for (const event of fresh) {
		const entry = lacking.get(event.at);
		const data = entry ? await dataOf(entry) : event.data;
		if (signal.aborted) return;
		if (data !== undefined) yield [entry ? { ...event, data } : event];
	}
}

/** Whether a server that knows tail pages did not hold one, and it is empty. */
function cameEarly({ state, pause }: Step, { elapsedMs }: PageAnswer, settings: ReaderSettings) {
	const earlyMs = Math.max(settings.pollIntervalMs, EARLY_INTERVAL_MS);
	return pause === "poll" && state.knowsTails && elapsedMs < earlyMs;
}

/** @param early as `pollDelay` has it */
async function pause(
	{ pause, state }: Step,
	{ outcome, elapsedMs }: PageAnswer,
	early: number,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<void> {
	if (pause === "back-off" && outcome.kind === "fault") {
		await backOff(state.url, state.faults, outcome, settings, signal);
	} else if (pause === "poll") {
		const delayMs = pollDelay(elapsedMs, settings.pollIntervalMs, settings.random(), early);
		if (delayMs > 0) await settings.sleep(delayMs, signal);
	}
}
