/** The operator log, as all parts of the server see it: what they tell whoever runs it. */

/** Facts beside a sentence. An `Error` may be one; keys are ours, values may come from outside. */
export type Facts = { readonly [name: string]: unknown };

/** Each call is one line. A line is lost rather than waited for: no call throws or blocks. */
export interface OperatorLog {
	/** Something is broken: the server, its disk or its log. */
	error(message: string, facts?: Facts): void;
	/** Nothing is broken, but the operator should do something. */
	warn(message: string, facts?: Facts): void;
	/** What happened, in the order it did. */
	info(message: string, facts?: Facts): void;
}

/** The levels, from the fewest lines to the most. */
export const LEVELS = ["error", "warn", "info"] as const;
export type Level = (typeof LEVELS)[number];

/** Tells of an error that nobody expected: its message, and where it came from. */
export function logFault(log: OperatorLog, error: unknown): void {
	if (error instanceof Error) log.error(error.message, { err: error });
	else log.error(String(error));
}
