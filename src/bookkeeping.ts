/**
 * The streams that the server writes only to keep its own place. Nobody who waits at the head of
 * `$all` is woken for their sake: a reader that saves its place would wake itself for ever.
 */

/** The streams that keep a subscription begin like this: see `subscriptions/names.ts`. */
export const SUBSCRIPTION_PREFIX = "$persistentsubscription-";
export const SUBSCRIPTION_SETTINGS = "$persistentSubscriptionConfig";
/** The streams of a projection begin like this: see `projections/names.ts`. */
export const PROJECTION_PREFIX = "$projections-";
/** What a projection says for others to read ends like this, and is no bookkeeping. */
export const PROJECTION_RESULT = "-result";

/** Says whether a stream is one of them, or the metadata stream of one. */
export function isBookkeeping(stream: string): boolean {
	if (!stream.startsWith("$")) return false;
	const described = stream.startsWith("$$") ? stream.slice(2) : stream;
	if (described.startsWith(PROJECTION_PREFIX)) return !described.endsWith(PROJECTION_RESULT);
	return described.startsWith(SUBSCRIPTION_PREFIX) || described === SUBSCRIPTION_SETTINGS;
}
