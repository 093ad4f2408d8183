/** A log that is only read: it refuses every write, always for the same reason. */
import type { Refusal } from "../errors.ts";
import type { Log } from "./log.ts";
import { withWrites } from "./with-writes.ts";

export function readOnlyLog(log: Log, refusal: Refusal): Log {
	const refuse = (): Promise<never> => Promise.reject(refusal);
	return withWrites(log, {
		...{ append: refuse, delete: refuse, redact: refuse, scavenge: refuse },
		writerAnswers: refuse,
		close: () => log.close(),
	});
}
