/** Subscriptions as a page for people shows and changes them. */
import type { Discarding } from "./keeping/parked-messages.ts";
import type { SubscriptionName } from "./names.ts";
import type { Standing } from "./standing.ts";

/** For one visitor. Each member refuses as the request for programs does. */
export interface ShownSubscriptions extends SubscriptionDeeds {
	/** In the order of streams and groups. @throws Refusal `unauthorized` */
	list(part: ListPart): Promise<SubscriptionList>;
	/** How many a stream has; 0 also for a visitor who may not know. */
	countOf(stream: string): Promise<number>;
	/** @throws Refusal `unauthorized`, `subscription-not-found` */
	standing(name: SubscriptionName): Promise<Standing>;
}

export interface SubscriptionDeeds {
	/** @param settings as the body of a request has them */
	create(name: SubscriptionName, settings: unknown): Promise<void>;
	/** Replaces the settings. */
	update(name: SubscriptionName, settings: unknown): Promise<void>;
	/** Sets it to another place: the first number to be delivered; -1 for the end. */
	reset(name: SubscriptionName, startFrom: number): Promise<void>;
	remove(name: SubscriptionName): Promise<void>;
	/** @param stopAt the number in the parked stream to stop before; undefined for all */
	replay(name: SubscriptionName, stopAt: number | undefined): Promise<void>;
	/** Takes parked messages away for good. @returns how many */
	discard(name: SubscriptionName, discarding: Discarding): Promise<number>;
}

export type ListPart = {
	/** Undefined for all streams. */
	readonly stream: string | undefined;
	readonly offset: number;
	readonly count: number;
};

export type SubscriptionList = {
	/** All, without regard to the part. */
	readonly total: number;
	readonly standings: readonly Standing[];
};
