/** What the server keeps for readers, sends by itself, and makes of events. */
import type { ShownGroups } from "../groups/standing.ts";
import type { ShownPositions } from "../positions/shown.ts";
import type { ShownProjections } from "../projections/shown.ts";
import type { ShownHub } from "../push/hub/shown.ts";
import type { ShownWebhooks } from "../push/shown.ts";
import type { ShownSubscriptions } from "../subscriptions/shown.ts";

export interface Consumers {
	readonly subscriptions: ShownSubscriptions;
	readonly positions: ShownPositions;
	readonly groups: ShownGroups;
	readonly webhooks: ShownWebhooks;
	readonly hub: ShownHub;
	readonly projections: ShownProjections;
}
