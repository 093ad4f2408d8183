/** The server hands these to its pushes. */
import type { Access } from "../../access/access.ts";
import type { Log } from "../../log/log.ts";
import type { OperatorLog } from "../../observe/operator-log.ts";
import type { SubscriptionStore } from "../../subscriptions/keeping/store.ts";
import type { Ways } from "../sending/post.ts";
import type { PushNumbers } from "./numbers.ts";
import type { Slots } from "./slots.ts";

export type Around = {
	readonly log: Log;
	readonly store: SubscriptionStore;
	readonly access: Access;
	readonly operatorLog: OperatorLog;
	readonly ways: Ways;
	readonly slots: Slots;
	readonly numbers: PushNumbers;
	readonly report: (error: unknown) => void;
};
