/**
 * The numbers of subscriptions. Those that were used since the server started are told by stream
 * and group: the furthest behind first, and at most so many that series have a limit.
 */
import { isRefusal } from "../../errors.ts";
import { counter, gauge, type Metric } from "../../observe/numbers/metric.ts";
import { lastOf } from "../../subscriptions/last.ts";
import type { SubscriptionName } from "../../subscriptions/names.ts";
import { lagOf } from "../../subscriptions/standing.ts";
import type { Subscription } from "../../subscriptions/subscription.ts";
import type { Context } from "../context.ts";
import { labelOf } from "./label.ts";

const TOLD_MAX = 100;
/** Each takes a read. */
const LOOKED_AT_MAX = 1000;

export async function subscriptionMetrics(context: Context): Promise<Metric[]> {
	const numbers = await numbersOf(context).catch(noneIfRefused);
	const { count, told } = numbers ?? { count: undefined, told: [] };
	const by = (value: (one: Told) => number) =>
		told.map((one) => ({ value: value(one), labels: one.labels }));
	return [
		gauge("varve_subscriptions", "Subscriptions that the store has.", count),
		gauge(
			"varve_subscription_lag_events",
			"Events of the stream that are not settled.",
			by(({ lag }) => lag),
		),
		gauge(
			"varve_subscription_in_flight_messages",
			"Messages that consumers have and have not answered for.",
			by(({ subscription }) => subscription.state.inFlight.size),
		),
		gauge(
			"varve_subscription_parked_messages",
			"Messages that are parked.",
			by(({ parked }) => parked),
		),
		counter(
			"varve_subscription_settled_messages_total",
			"Messages that were settled, since the server loaded the subscription.",
			by(({ subscription }) => subscription.state.counts.all.settled),
		),
		counter(
			"varve_subscription_retried_messages_total",
			"Messages that came again, since the server loaded the subscription.",
			by(({ subscription }) => subscription.state.counts.retried),
		),
	];
}

/** Counts the parked messages of the subscriptions that are loaded, of a thousand at most. */
export async function parkedMessages({ subscriptions }: Context): Promise<number> {
	let parked = 0;
	for (const subscription of (await subscriptions.loaded()).slice(0, LOOKED_AT_MAX)) {
		parked += (await subscription.whatIsParked().catch(noneIfRefused))?.count ?? 0;
	}
	return parked;
}

type Behind = { readonly subscription: Subscription; readonly lag: number };
type Told = Behind & {
	readonly parked: number;
	readonly labels: { readonly stream: string; readonly group: string };
};

async function numbersOf({ log, subscriptions }: Context) {
	const behind: Behind[] = [];
	const lasts = new Map<string, number>();
	for (const subscription of await subscriptions.loaded()) {
		const { stream } = subscription.name;
		const last = lasts.get(stream) ?? (await lastOf(log, stream));
		lasts.set(stream, last);
		behind.push({ subscription, lag: lagOf(subscription, last) });
	}
	behind.sort((a, b) => b.lag - a.lag);
	const told: Told[] = [];
	for (const one of behind.slice(0, TOLD_MAX)) {
		const { count: parked } = await one.subscription.whatIsParked();
		told.push({ ...one, parked, labels: labelsOf(one.subscription.name) });
	}
	return { count: await subscriptions.countOf(), told };
}

function labelsOf({ stream, group }: SubscriptionName): Told["labels"] {
	return { stream: labelOf(stream), group: labelOf(group) };
}

/** The other numbers do not depend on a log that cannot tell. */
function noneIfRefused(error: unknown): undefined {
	if (isRefusal(error)) return undefined;
	throw error;
}
