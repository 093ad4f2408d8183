/** The changes that a log accepts, its answers, and the report of a commit to its listeners. */
import type { ExpectedVersion, NewEvent, Position, StreamName, Version } from "../event.ts";

export type Append = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	/** At least one; no id twice. */
	readonly events: readonly NewEvent[];
};

export type Deletion = {
	/** As `isDeletable` of `indexes/joins.ts` says. */
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	/** True deletes for ever: the name can never be used again. */
	readonly hard: boolean;
};

export type Appended = {
	/** Version of the first event of the batch. */
	readonly first: Version;
	/** Position in the log of the last event of the batch. */
	readonly position: Position;
	/** True if the batch was already there and nothing was written. */
	readonly repeated: boolean;
};

export type Redaction = {
	/** An own stream, but not a metadata stream. */
	readonly stream: StreamName;
	readonly version: Version;
	/** Whether to erase the metadata too. */
	readonly metadata: boolean;
};

export type ScavengeStep = {
	/** Where the next step begins; undefined if there is nothing left to look at. */
	readonly next: number | undefined;
	/** The value of `next` when all is erased; the steps beyond it only tidy up. */
	readonly end: number;
	/** Events erased, and the bytes of their data and metadata. */
	readonly events: number;
	readonly bytes: number;
};

export type Commit = {
	/** The last position of the log after this commit. */
	readonly last: Position;
	/** Every stream that grew, index streams included, with its last version; not `$all`. */
	readonly streams: ReadonlyMap<StreamName, Version>;
	/**
	 * The streams that did more than grow: metadata was written for them, they were deleted, or links
	 * were appended to them.
	 */
	readonly marked: readonly StreamName[];
	/**
	 * If it erased content: the new number of erasures. The streams of those events are `marked`;
	 * indexes and `$all` may show them, too. Such a commit appends nothing.
	 */
	readonly erasures?: number;
};
