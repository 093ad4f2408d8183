/** The limits that an engine keeps. */
export type LogLimits = {
	/** Appends that may wait for a commit; more are refused with `overloaded`. */
	readonly appendQueueMax: number;
	/** Bytes of events that may wait for a commit; more are refused with `overloaded`. */
	readonly appendQueueBytesMax: number;
	/** Bytes of data and metadata that one read may return. */
	readonly pageBytesMax: number;
};

export const DEFAULT_LOG_LIMITS: LogLimits = {
	appendQueueMax: 10_000,
	appendQueueBytesMax: 64 * 1024 * 1024,
	// A page of the grid (20 events) at the largest event size (4 MiB) must always be readable.
	pageBytesMax: 96 * 1024 * 1024,
};
