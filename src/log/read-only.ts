/** A log that is only read: it refuses every write, always for the same reason. */
import type { Refusal } from "../errors.ts";
import type { Log } from "./log.ts";
import { LogWithWrites } from "./with-writes.ts";

export function readOnlyLog(log: Log, refusal: Refusal): Log {
	const refuse = (): Promise<never> => Promise.reject(refusal);
	const writes = { append: refuse, delete: refuse, redact: refuse, scavenge: refuse };
	return new LogWithWrites(log, { ...writes, writerAnswers: refuse }, () => log.close());
}
