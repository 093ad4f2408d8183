/** A log that is only read: whatever would write is refused, and always for the same reason. */
import type { Refusal } from "../errors.ts";
import type { Log } from "./log.ts";

export function readOnly(log: Log, refusal: Refusal): Log {
	const refuse = () => Promise.reject(refusal);
	return {
		...log,
		append: refuse,
		delete: refuse,
		redact: refuse,
		scavenge: refuse,
		writerAnswers: refuse,
	};
}
