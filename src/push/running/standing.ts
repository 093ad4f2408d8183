/** How a webhook, or another push, stands: for its JSON, for pages and metrics. */
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { readParkedRange } from "../../subscriptions/keeping/parked-stream.ts";
import type { SubscriptionStore } from "../../subscriptions/keeping/store.ts";
import { lastOf } from "../../subscriptions/last.ts";
import type { SubscriptionName } from "../../subscriptions/names.ts";
import { firstOpen } from "../../subscriptions/steps/checkpoint.ts";
import { settledBefore } from "../../subscriptions/steps/state.ts";
import type { Deliveries } from "../delivering/deliveries.ts";
import type { Delivery } from "../delivering/delivery.ts";
import type { Attempt } from "../keeping/attempts.ts";
import type { Circuit } from "../pace/circuit.ts";
import { keyOf, subscriptionOf, type Webhook } from "../webhooks/webhook.ts";

export type Standing = Moving & { readonly webhook: Webhook };

/** What pushes have in common. */
export type Moving = Progress & {
	/** Why nothing is sent though it is active; "" if nothing holds it up. */
	readonly heldUp: string;
	readonly circuit: Circuit["is"];
	/** Seconds until an open circuit lets an attempt through. */
	readonly openSeconds: number;
	/** Of this server, since it loaded the webhook; from the log, those that failed before. */
	readonly lastAttempt: Attempt | undefined;
};

export type Progress = {
	/** Everything up to this number of its stream is delivered or parked; -1 for nothing. */
	readonly lastSettled: number;
	/** Numbers of its stream behind that. */
	readonly lagEvents: number;
	/** The age of the first of them; 0 if there is none. */
	readonly lagSeconds: number;
	readonly running: number;
	/** Messages that wait for another try. */
	readonly retrying: number;
	readonly parked: number;
};

export type Places = {
	readonly log: Log;
	readonly store: SubscriptionStore;
	readonly deliveries: Deliveries;
};

export async function movingOf(places: Places, kept: Kept): Promise<Moving> {
	const { log, store, deliveries } = places;
	const { key, name } = kept;
	const delivery = await deliveries.known(key);
	const last = await lastOf(log, name.stream);
	const before = delivery
		? settledBefore(delivery.subscription.state.tracks.source)
		: await savedBefore(store, kept);
	const parked = await parkedOf(log, name, delivery);
	// What the server writes for itself in `$all` is nothing that an idle webhook is behind of.
	const lagEvents = deliveries.isIdle(key) ? 0 : Math.max(0, last + 1 - before);
	const circuit = delivery?.circuit ?? { is: "closed", failures: 0 };
	const openMs = circuit.is === "open" ? circuit.untilMs - performance.now() : 0;
	return {
		heldUp: delivery?.heldUp ?? "",
		circuit: circuit.is,
		openSeconds: Math.max(0, Math.ceil(openMs / 1000)),
		lastAttempt: (await deliveries.attemptsOf(key)).newest[0],
		lastSettled: before - 1,
		lagEvents,
		lagSeconds: lagEvents === 0 ? 0 : await ageOf(log, name.stream, before),
		running: delivery?.running ?? 0,
		retrying: delivery?.subscription.state.delayed.size ?? 0,
		parked,
	};
}

/** A push, as those have it who keep it. */
type Kept = {
	readonly key: string;
	readonly name: SubscriptionName;
	/** Its first number. */
	readonly start: number;
};

export async function standingOf(places: Places, webhook: Webhook): Promise<Standing> {
	const { start } = webhook;
	const kept = { key: keyOf(webhook), name: subscriptionOf(webhook), start };
	return { webhook, ...(await movingOf(places, kept)) };
}

/** The newest first. */
export async function attemptsOf(
	{ deliveries }: Pick<Places, "deliveries">,
	webhook: Webhook,
): Promise<readonly Attempt[]> {
	return (await deliveries.attemptsOf(keyOf(webhook))).newest;
}

async function savedBefore(store: SubscriptionStore, { name, start }: Kept): Promise<number> {
	const saved = await store.checkpoint(name);
	return saved ? firstOpen(saved) : start;
}

async function parkedOf(
	log: Log,
	name: SubscriptionName,
	delivery: Delivery | undefined,
): Promise<number> {
	if (delivery) return (await delivery.subscription.whatIsParked()).count;
	const { first, before } = await readParkedRange(log, name);
	return Math.max(0, before - first);
}

async function ageOf(log: Log, stream: StreamName, from: number): Promise<number> {
	const range = { stream, from, limit: 1, direction: "forward", content: false } as const;
	const slice = await log.read({ ...range, resolve: false }).catch(noneIfRefused);
	const [first] = slice?.entries ?? [];
	return first ? Math.max(0, Math.round((Date.now() - first.event.created) / 1000)) : 0;
}

function noneIfRefused(error: unknown): undefined {
	if (isRefusal(error)) return undefined;
	throw error;
}
