/**
 * The histories that a log is made of: each begins where the one before it was left, and the
 * newest is the one that the log says it is. The ids of events and the name that the log signs
 * under depend on it (decisions 24, 38 and 59).
 */
import type { History } from "../log.ts";

export type HistoryFacts = {
	/** The number of the history in this log. */
	readonly incarnation: number;
	/** Those that replaced another one, the oldest first. */
	readonly histories: readonly History[];
	/** How many events there are. */
	readonly size: number;
	/** The number in the name of the last signed head; undefined if there is no such head. */
	readonly signed?: number | undefined;
};

export function historyFaults({ incarnation, histories, size, signed }: HistoryFacts): string[] {
	const faults: string[] = [];
	let before = { incarnation: 1, first: 0 };
	for (const history of histories) {
		const { incarnation: number, first } = history;
		if (number <= before.incarnation) {
			faults.push(`history ${number}: the one before it is number ${before.incarnation}`);
		}
		if (first < before.first) {
			const where = `the one before it (${before.incarnation}) at position ${before.first}`;
			faults.push(`history ${number}: it begins at position ${first}, and ${where}`);
		}
		// The next event is the first one of a history that has none yet.
		if (first > size)
			faults.push(`history ${number}: it begins at position ${first}, behind the end (${size})`);
		before = history;
	}
	if (before.incarnation !== incarnation) {
		const noted = `the newest that is noted is ${before.incarnation}`;
		faults.push(`the log says that it is history ${incarnation}, and ${noted}`);
	}
	// A history that was replaced stays replaced: the log has signed for a newer one.
	if (signed !== undefined && signed > incarnation) {
		faults.push(`the log is history ${incarnation}, and its last signed head is of ${signed}`);
	}
	return faults;
}
