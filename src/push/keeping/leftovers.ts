/** The streams that a push leaves when it has ended: its place, what it parked, what it tried. */
import type { Log } from "../../log/log.ts";
import type { SubscriptionStore } from "../../subscriptions/keeping/store.ts";
import { lastOf } from "../../subscriptions/last.ts";
import type { SubscriptionName } from "../../subscriptions/names.ts";
import { attemptsStream } from "./attempts.ts";

/** One that has ended. */
export type Ended = { readonly key: string; readonly subscription: SubscriptionName };

export type Keeping = { readonly log: Log; readonly store: SubscriptionStore };

/** Hides them, unless they are hidden. @throws Refusal as a deletion */
export async function hideLeftovers(
	{ log, store }: Keeping,
	{ key, subscription }: Ended,
): Promise<void> {
	await store.hideStreams(subscription);
	const stream = attemptsStream(key);
	if ((await lastOf(log, stream)) < 0) return;
	await log.delete({ stream, expected: "any", hard: false });
}
