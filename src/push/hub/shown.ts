/** The subscribers of the hub for operators, who alone see them. */
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
	 * @throws Refusal `route-not-found`, also if it is none any more, and `unauthorized`
	 */
	one(id: string): Promise<{ standing: HubStanding; attempts: readonly Attempt[] }>;
}

/** @param mayOperate whether whoever asks is an operator */
export function hubFor(hub: Hub | undefined, places: Places, mayOperate: boolean): ShownHub {
	const all = (): readonly Subscriber[] => {
		if (hub === undefined) throw new Refusal("route-not-found", { path: "/hub" });
		if (!mayOperate) throw new Refusal("unauthorized", { cause: "denied" });
		return hub.subscribers;
	};
	return {
		isShown: hub !== undefined && mayOperate,
		async list({ offset, count }) {
			const sorted = all().toSorted(byTopic);
			const standings: HubStanding[] = [];
			for (const one of sorted.slice(offset, offset + count)) {
				standings.push(await standingOf(places, one));
			}
			return { total: sorted.length, standings };
		},
		async one(id) {
			const found = all().find((one) => one.id === id);
			if (!found) throw new Refusal("route-not-found", { path: `/hub?id=${id.slice(0, 64)}` });
			const { newest } = await places.deliveries.attemptsOf(keyOf(found));
			return { standing: await standingOf(places, found), attempts: newest };
		},
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
