/**
 * The streams that the server writes only to keep its own place. Nobody who waits at the head of
 * `$all` is woken for their sake: a reader that saves its place would wake itself for ever.
 */

/** The streams that keep a subscription begin like this: see `subscriptions/names.ts`. */
export const SUBSCRIPTION_PREFIX = "$persistentsubscription-";
export const SUBSCRIPTION_SETTINGS = "$persistentSubscriptionConfig";
/** Those of webhooks: their settings, and which attempts failed. */
const PUSH_PREFIX = "$push-";

/** Says whether a stream is one of them, or the metadata stream of one. */
export function isBookkeeping(stream: string): boolean {
	if (!stream.startsWith("$")) return false;
	const described = stream.startsWith("$$") ? stream.slice(2) : stream;
	if (described.startsWith(PUSH_PREFIX)) return true;
	return described.startsWith(SUBSCRIPTION_PREFIX) || described === SUBSCRIPTION_SETTINGS;
}
