/**
 * What moves a log to another store: all its events with what a copy needs to be equal, out of one
 * log and into another. A copy has the tree root of its source, so proofs hold for both.
 */
import type { Position, RecordedEvent, StreamName, Version } from "../../event.ts";

/** An event as a log holds it. What was erased has no content, and the digests of what it had. */
export type MovedEvent = Omit<RecordedEvent, "isRedacted"> & Kept;

/** What the log keeps of an event besides what reads show. */
export type Kept = {
	/** It ended its stream, or brought it back after a soft delete. */
	readonly mark?: "tombstone" | "revival" | undefined;
	/** `redacted`: data and maybe metadata are gone. `scavenged`: both are, and no read shows it. */
	readonly erased?: "redacted" | "scavenged" | undefined;
	/** SHA-256 of data, and of metadata, as they were appended; present if `erased`. */
	readonly digests?: Digests | undefined;
	/** The id of its correlation, if that went with its metadata. */
	readonly correlation?: string | undefined;
	/** The number of the history in which it was written. */
	readonly incarnation: number;
	/** Its leaf hash. */
	readonly hash: Uint8Array;
};

export type Digests = { readonly data: Uint8Array; readonly metadata: Uint8Array };

/** Events of another log, one position after another, for a log that begins as that one does. */
export type MovedSpan = {
	/** The position of the first. */
	readonly from: Position;
	/** The root of the tree over all events before `from`. */
	readonly root: Uint8Array;
	/** The number of the history that the copy is to have behind these events; 1 leaves it. */
	readonly incarnation: number;
	readonly events: readonly MovedEvent[];
};

export type Imported = {
	/** How many events the log has now. */
	readonly next: Position;
	/** How many of the span it did not have before. */
	readonly written: number;
};

export interface LogMoves {
	/** How many events the log has. */
	size(): Promise<Position>;

	/** The number of the history in the log, which an import may have raised since it was opened. */
	incarnation(): Promise<number>;

	/**
	 * Some events from a position on, as many as one answer should have; none at the head.
	 * @throws Refusal `log-damaged`, `shutting-down`
	 */
	events(from: Position): Promise<readonly MovedEvent[]>;

	/**
	 * The same of an own stream, by version: also what metadata hides, and what was erased.
	 * @returns undefined if the stream has no events at all
	 * @throws Refusal as `events`
	 */
	eventsOf(stream: StreamName, from: Version): Promise<readonly MovedEvent[] | undefined>;

	/**
	 * Appends a span whole or not at all, each event at its place, with its id, its time and its
	 * erasure. What the log has already is compared and not written again, so a repeat is safe.
	 * Resolves after the fsync.
	 * @throws Refusal `import-conflict` if the log does not begin as the source does,
	 *   `invalid-line`, and as `Log.append`
	 */
	import(span: MovedSpan): Promise<Imported>;

	close(): void;
}
