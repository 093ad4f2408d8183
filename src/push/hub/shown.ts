/** The subscribers of the hub for operators, who alone see and end them. */
import { Refusal } from "../../errors.ts";
import type { Attempt } from "../keeping/attempts.ts";
import { type Moving, movingOf, type Places } from "../running/standing.ts";
import type { Hub } from "./hub.ts";
import { keyOf, type Subscriber, subscriptionOf } from "./subscriber.ts";

export type HubStanding = Moving & {
	readonly subscriber: ShownSubscriber;
	/** Of its newest attempts, those that failed for the last time. */
	readonly givenUp: number;
};
/** Without its secret, sealed as it may be. */
export type ShownSubscriber = Omit<Subscriber, "secret"> & { readonly isSigned: boolean };
export type HubList = { readonly total: number; readonly standings: readonly HubStanding[] };

export interface ShownHub {
	/** Whether the server is a hub, and whether the visitor may see who subscribes. */
	readonly isShown: boolean;
	/** By topic, then by callback. @throws Refusal `route-not-found`, `unauthorized` */
	list(part: { readonly offset: number; readonly count: number }): Promise<HubList>;
	/**
	 * One of them, and its attempts, the newest first.
	 * @throws Refusal `route-not-found`, `subscriber-not-found`, `unauthorized`
	 */
	one(id: string): Promise<OneSubscriber>;
	/**
	 * Ends it; its callback is told so, and why.
	 * @param reason "" for the usual one
	 * @throws Refusal `route-not-found`, `subscriber-not-found`, `unauthorized`; those of an append
	 */
	deny(id: string, reason: string): Promise<void>;
}
export type OneSubscriber = {
	readonly standing: HubStanding;
	readonly attempts: readonly Attempt[];
};

/** What a callback may be told; "" for the usual reason. */
export const REASON = /^[^\p{Cc}]{0,200}$/u;
const USUAL_REASON = "an operator of the hub has ended it";

/** @param mayOperate whether whoever asks is an operator */
export function hubFor(hub: Hub | undefined, places: Places, mayOperate: boolean): ShownHub {
	const permitted = (): Hub => {
		if (hub === undefined) throw new Refusal("route-not-found", { path: "/hub" });
		if (!mayOperate) throw new Refusal("unauthorized", { cause: "denied" });
		return hub;
	};
	return {
		isShown: hub !== undefined && mayOperate,
		async list({ offset, count }) {
			const sorted = permitted().subscribers.toSorted(byTopic);
			const standings: HubStanding[] = [];
			for (const one of sorted.slice(offset, offset + count)) {
				standings.push(await standingOf(places, one));
			}
			return { total: sorted.length, standings };
		},
		async one(id) {
			const found = permitted().subscriberOf(id);
			const { newest } = await places.deliveries.attemptsOf(keyOf(found));
			return { standing: await standingOf(places, found), attempts: newest };
		},
		deny: async (id, reason) => permitted().deny(id, reason || USUAL_REASON),
	};
}

async function standingOf(places: Places, subscriber: Subscriber): Promise<HubStanding> {
	const { secret, ...facts } = subscriber;
	const kept = { key: keyOf(subscriber), name: subscriptionOf(subscriber), start: facts.start };
	const moving = await movingOf(places, kept);
	const { newest } = await places.deliveries.attemptsOf(kept.key);
	const givenUp = newest.filter(({ followed }) => followed === "dropped").length;
	return { subscriber: { ...facts, isSigned: secret !== undefined }, givenUp, ...moving };
}

function byTopic(one: Subscriber, other: Subscriber): number {
	if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
	return one.callback < other.callback ? -1 : 1;
}
