/** What the server remembers for others: subscriptions, and webhooks. */
import type { ShownWebhooks } from "../push/shown.ts";
import type { ShownSubscriptions } from "../subscriptions/shown.ts";

export interface Consumers {
	readonly subscriptions: ShownSubscriptions;
	readonly webhooks: ShownWebhooks;
}
