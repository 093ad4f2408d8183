/** The server hands these to its subscriptions. */
import type { LongPolls } from "../following/long-polls.ts";
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import type { SubscriptionStore } from "./keeping/store.ts";

export type Surroundings = {
	readonly log: Log;
	readonly store: SubscriptionStore;
	readonly longPolls: LongPolls;
	readonly operatorLog: OperatorLog;
};
