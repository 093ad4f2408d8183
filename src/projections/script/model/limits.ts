/** What one script may take. Going over any of them faults that script, and nothing else. */

export type Limits = {
	/** Bytes of the source in UTF-8. */
	readonly sourceBytes: number;
	/** Milliseconds for the script's body. */
	readonly bodyMs: number;
	/** Milliseconds for all that one event calls. */
	readonly eventMs: number;
	/** Bytes that the engine may allocate for the script and the states it holds. */
	readonly heapBytes: number;
	/** Characters of one state as JSON text. */
	readonly stateChars: number;
	/** Events and links that one event may emit. */
	readonly emittedPerEvent: number;
	/** Lines that one event may log; longer lines than 4,000 characters are cut. */
	readonly logLinesPerEvent: number;
	/** States of partitions that are kept in the sandbox though they were handed out. */
	readonly partitionsHeld: number;
};

export const LIMITS: Limits = {
	// Projections are pages, not programs; a bundled library fits.
	sourceBytes: 1024 * 1024,
	// The contract's ProjectionCompilationTimeout.
	bodyMs: 500,
	// The contract's ProjectionExecutionTimeout.
	eventMs: 250,
	// Room for partitionsHeld states of a few hundred bytes, and a long one while it is copied.
	heapBytes: 64 * 1024 * 1024,
	// A state is appended as an event with each checkpoint: it has to fit into one.
	stateChars: 4 * 1024 * 1024,
	// What one append takes without trouble.
	emittedPerEvent: 1_000,
	// A log is read by people.
	logLinesPerEvent: 100,
	partitionsHeld: 20_000,
};
