/** The settings of a subscription, as sentences. */
import type { Settings } from "../../../src/subscriptions/settings.ts";
import { type Html, html, type Part } from "../../html.ts";
import { counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

const STRATEGIES: Readonly<Record<Settings["namedConsumerStrategy"], string>> = {
	RoundRobin: "Whoever asks gets the next message.",
	DispatchToSingle: "One consumer gets all, until it is silent for longer than that time.",
	Pinned: "Each stream has its consumer.",
	PinnedByCorrelation: "Each $correlationId has its consumer.",
	OrderedByKey: "The messages of a key are in order, and never with two consumers.",
};

export function settingsInWords(settings: Settings): Html {
	const { messageTimeoutMilliseconds: timeoutMs, maxRetryCount, resolveLinktos } = settings;
	const { minCheckPointCount, maxCheckPointCount, checkPointAfterMilliseconds } = settings;
	const { namedConsumerStrategy: strategy, maxInFlight, filter, orderedBy } = settings;
	const lines: readonly Part[] = [
		settings.startFrom === -1
			? "It began at the head of the stream, when it was made."
			: `It began with number ${grouped(settings.startFrom)}.`,
		filter
			? html`Only events whose ${filter.context === "streamid" ? "stream" : "type"} ${filter.type === "prefix" ? "begins with" : "matches"} <b class="mono">${visible(filter.data)}</b>.`
			: "All events of the stream.",
		resolveLinktos
			? "Links deliver the events that they lead to."
			: "Links are delivered as links.",
		`A message without an answer comes again after ${secondsOf(timeoutMs === 0 ? 1000 : timeoutMs)}; after ${counted(maxRetryCount, "retry", "retries")} it is parked.`,
		strategy === "OrderedByKey"
			? html`${STRATEGIES[strategy]} The key is ${orderedBy === "stream" ? "the stream" : html`<b class="mono">${visible(orderedBy)}</b>`}.`
			: STRATEGIES[strategy],
		`Consumers have at most ${counted(maxInFlight, "message")} at a time.`,
		`A checkpoint is written ${secondsOf(checkPointAfterMilliseconds)} after a change if ${counted(minCheckPointCount, "message")} were settled or nothing is open, and at once after ${grouped(maxCheckPointCount)}.`,
	];
	return html`<ul class="says">${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

function secondsOf(ms: number): string {
	return ms < 1000 ? `${ms} ms` : `${grouped(ms / 1000)} s`;
}
