/**
 * The streams that the server writes only to keep its own place. Nobody who waits at the head of
 * `$all` is woken for their sake: a reader that saves its place would wake itself for ever.
 */

/** The streams that keep a subscription begin like this: see `subscriptions/names.ts`. */
export const SUBSCRIPTION_PREFIX = "$persistentsubscription-";
export const SUBSCRIPTION_SETTINGS = "$persistentSubscriptionConfig";
/** The streams of reader positions, and of consumer groups with partitions. */
export const POSITION_PREFIX = "$position-";
export const GROUP_PREFIX = "$consumergroup-";

/** How the names of all of them begin. */
export const BOOKKEEPING: readonly string[] = [
	SUBSCRIPTION_PREFIX,
	SUBSCRIPTION_SETTINGS,
	POSITION_PREFIX,
	GROUP_PREFIX,
];

/** Says whether a stream is one of them, or the metadata stream of one. */
export function isBookkeeping(stream: string): boolean {
	if (!stream.startsWith("$")) return false;
	const described = stream.startsWith("$$") ? stream.slice(2) : stream;
	return BOOKKEEPING.some((prefix) => described.startsWith(prefix));
}
