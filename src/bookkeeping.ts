/**
 * The streams that the server writes only to keep its own place. Nobody who waits at the head of
 * `$all` is woken for their sake: a reader that saves its place would wake itself for ever.
 */

/** The streams that keep a subscription begin like this: see `subscriptions/names.ts`. */
export const SUBSCRIPTION_PREFIX = "$persistentsubscription-";
export const SUBSCRIPTION_SETTINGS = "$persistentSubscriptionConfig";
/** Those of webhooks: their settings, and which attempts failed. */
export const PUSH_PREFIX = "$push-";
/** The streams of reader positions, and of consumer groups with partitions. */
export const POSITION_PREFIX = "$position-";
export const GROUP_PREFIX = "$consumergroup-";

/** How the names of all of them begin. */
export const BOOKKEEPING: readonly string[] = [
	SUBSCRIPTION_PREFIX,
	SUBSCRIPTION_SETTINGS,
	POSITION_PREFIX,
	GROUP_PREFIX,
	PUSH_PREFIX,
];
/** The streams of a projection begin like this: see `projections/names.ts`. */
export const PROJECTION_PREFIX = "$projections-";
/** What a projection says for others to read ends like this, and is no bookkeeping. */
export const PROJECTION_RESULT = "-result";

/** Says whether a stream is one of them, or the metadata stream of one. */
export function isBookkeeping(stream: string): boolean {
	if (!stream.startsWith("$")) return false;
	const described = stream.startsWith("$$") ? stream.slice(2) : stream;
	if (described.startsWith(PROJECTION_PREFIX)) return !described.endsWith(PROJECTION_RESULT);
	return BOOKKEEPING.some((prefix) => described.startsWith(prefix));
}
