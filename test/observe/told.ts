/** An operator log that a test can read. */
import type { OperatorLog } from "../../src/observe/operator-log.ts";

/**
 * @param tell gets what is wrong: the error of a fault, or a sentence
 * @param note gets what went as it should
 */
export function toldTo(
	tell: (what: unknown) => void,
	note: (what: string) => void = () => undefined,
): OperatorLog {
	return {
		error: (message, facts) => tell(facts?.err ?? message),
		warn: (message) => tell(message),
		info: note,
	};
}
