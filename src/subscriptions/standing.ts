/** How a subscription stands: for statistics, metrics and pages. */
import type { Log } from "../log/log.ts";
import { lastOf } from "./last.ts";
import type { SubscriptionName } from "./names.ts";
import type { Settings } from "./settings.ts";
import { firstOpen } from "./steps/checkpoint.ts";
import type { Span } from "./steps/spans.ts";
import { settledBefore } from "./steps/state.ts";
import { type Measured, Tally } from "./steps/tally.ts";
import type { Subscription } from "./subscription.ts";

export type Standing = Numbers & {
	readonly name: SubscriptionName;
	readonly settings: Settings;
	/** The contract's words: `Live`, `Behind`, `ReplayingParkedMessages`. */
	readonly status: string;
	readonly connections: readonly ConsumerStanding[];
};

export type ConsumerStanding = Measured & {
	readonly consumer: string;
	/** "" if nobody is known. */
	readonly login: string;
	readonly inFlight: number;
	readonly settled: number;
	/** From delivery to answer, of the newest ones, ascending; none unless the settings say so. */
	readonly latenciesMs: readonly number[];
};

type Numbers = Progress & Amounts;

type Progress = Measured & {
	/** Everything up to this number is settled; -1 for nothing. */
	readonly lastProcessed: number;
	/** The same, as the newest checkpoint has it; undefined if there is none. */
	readonly checkpoint: number | undefined;
	/** The last number of the stream; -1 for none. */
	readonly lastKnown: number;
	/** Numbers of the stream that are not settled: at most so many events. */
	readonly lagEvents: number;
	/** Messages settled, since the server loaded the subscription. */
	readonly settled: number;
};

type Amounts = {
	readonly waiting: number;
	readonly retrying: number;
	readonly inFlight: number;
	readonly parked: number;
	/** Numbers of the parked stream that were discarded, and that its pages still show. */
	readonly discarded: readonly Span[];
	readonly retried: number;
};

export async function standingOf(log: Log, subscription: Subscription): Promise<Standing> {
	const { name, settings, state, checkpoint } = subscription;
	const lastKnown = await lastOf(log, name.stream);
	const before = settledBefore(state.tracks.source);
	const now = performance.now();
	const present = state.consumers.present(now);
	const { perConsumer } = state.inFlight;
	const consumers = new Set([...present, ...perConsumer.keys()]);
	const retrying = [...state.tracks.source.open.values()].filter(
		({ state: is, attempt }) => is === "delayed" || (is === "waiting" && attempt > 0),
	);
	const parked = await subscription.whatIsParked();
	const reads = state.tracks.source.next > lastKnown ? "Live" : "Behind";
	return {
		name,
		settings,
		status: subscription.isReplaying ? `${reads},ReplayingParkedMessages` : reads,
		connections: [...consumers].map((consumer) => consumerStanding(subscription, consumer, now)),
		lastProcessed: before - 1,
		checkpoint: checkpoint && firstOpen(checkpoint) - 1,
		lastKnown,
		lagEvents: lagOf(subscription, lastKnown),
		settled: state.counts.all.settled,
		...state.counts.all.measure(now),
		waiting: state.waiting.size,
		retrying: retrying.length,
		inFlight: state.inFlight.size,
		parked: parked.count,
		discarded: parked.gaps,
		retried: state.counts.retried,
	};
}

function consumerStanding(
	{ state }: Subscription,
	consumer: string,
	nowMs: number,
): ConsumerStanding {
	const { login, tally } = state.consumers.of(consumer) ?? { login: "", tally: new Tally(nowMs) };
	return {
		consumer,
		login,
		inFlight: state.inFlight.heldBy(consumer),
		settled: tally.settled,
		...tally.measure(nowMs),
		latenciesMs: tally.latencies(),
	};
}

/** @param lastKnown the last number of its stream; -1 for none */
export function lagOf({ state }: Subscription, lastKnown: number): number {
	return Math.max(0, lastKnown + 1 - settledBefore(state.tracks.source));
}
