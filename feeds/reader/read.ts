/**
 * The reader: hands out every event of a stream once, in order, from any position.
 *
 * `step.ts` decides what comes next (its header draws the states). This file does it: it asks,
 * hands out, and waits. While the consumer works on a page, the reader already fetches the next
 * one: one page ahead, and only if the links say that it exists.
 */
import { pollDelay } from "./backoff.ts";
import { dataAhead } from "./data.ts";
import { eventOf, lacksData, type ReadEvent } from "./event.ts";
import { type ReaderSettings, type ReadOptions, settingsOf } from "./options.ts";
import { askForPage, backOff, fetchData, type PageAnswer } from "./session.ts";
import { firstAt, hasPassed, inSpan } from "./span.ts";
import { type State, type Step, start, step } from "./step.ts";

const NO_DATA = new Uint8Array(0);

/**
 * Reads a stream. With `follow` it stays at the head and never ends by itself; without, it ends
 * there. If `signal` aborts, or the consumer leaves the loop, it ends quietly and at once, even
 * while it waits.
 * @throws RangeError, TypeError at once if an option makes no sense
 * @throws ReadError while iterating; see `error.ts`
 */
export function readStream(options: ReadOptions): AsyncGenerator<ReadEvent, void, void> {
	const stop = new AbortController();
	const events = run(settingsOf(options), options.signal, stop);
	// A generator's own return() waits for the pending next(), which may be a long poll.
	const leave = events.return.bind(events);
	events.return = (value) => {
		stop.abort();
		return leave(value);
	};
	return events;
}

async function* run(
	settings: ReaderSettings,
	outer: AbortSignal | undefined,
	stop: AbortController,
): AsyncGenerator<ReadEvent, void, void> {
	const { signal } = stop;
	const onAbort = () => stop.abort();
	outer?.addEventListener("abort", onAbort);
	if (outer?.aborted) stop.abort();
	try {
		let state = start(await fromSince(settings, signal));
		let asked: Promise<PageAnswer> | undefined;
		while (state.phase !== "ended") {
			const answer = await (asked ?? askForPage(state, settings, signal));
			const next = step(state, answer.outcome, settings);
			const { wanted, isOver } = inSpan(next.fresh, settings);
			asked = isOver ? undefined : askAhead(next, settings, signal);
			const dataOf = dataAhead(wanted, (entry) => fetchData(entry, settings, signal));
			for (const { at, entry } of wanted) {
				const data = lacksData(entry) ? await dataOf(entry) : (entry.event?.data ?? NO_DATA);
				if (signal.aborted) return;
				if (data !== undefined) yield eventOf(entry, at, data);
			}
			if (isOver || hasPassed(answer, next, settings)) return;
			await pause(next, state, answer, settings, signal);
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

/** At the head a page may take as long as a long poll, so the reader does not fetch it ahead. */
function askAhead(
	next: Step,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<PageAnswer> | undefined {
	if (next.pause !== "none" || next.state.phase !== "catching-up") return undefined;
	const asked = askForPage(next.state, settings, signal);
	// It is awaited after the events before it; until then, a failure must not count as unhandled.
	asked.catch(() => undefined);
	return asked;
}

async function pause(
	next: Step,
	before: State,
	answer: PageAnswer,
	settings: ReaderSettings,
	signal: AbortSignal,
): Promise<void> {
	if (next.pause === "back-off" && answer.outcome.kind === "fault") {
		await backOff(before.url, next.state.faults, answer.outcome, settings, signal);
	} else if (next.pause === "poll") {
		const delayMs = pollDelay(answer.elapsedMs, settings.pollIntervalMs, settings.random());
		if (delayMs > 0) await settings.sleep(delayMs, signal);
	}
}
