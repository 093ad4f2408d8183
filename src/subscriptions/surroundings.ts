/** The server hands these to its subscriptions. */
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import type { SubscriptionStore } from "./keeping/store.ts";

export type Surroundings = {
	readonly log: Log;
	readonly store: SubscriptionStore;
	readonly operatorLog: OperatorLog;
};
