/** For a server over a log that tells nothing of its work. */
import { LogActivity, type MeasuredLog } from "../../src/observe/numbers/log-activity.ts";

export function unmeasured(): MeasuredLog {
	const sizes = { database: 0, wal: 0 };
	return { activity: new LogActivity(), fileSizes: async () => sizes };
}
