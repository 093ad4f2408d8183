/**
 * The log, as everything above it sees it.
 *
 * Engines implement this interface: `memory.ts` is the readable specification, `sqlite/` is the
 * default. All engines pass the contract suite in `test/log/contract.ts`, and all keep these
 * promises:
 *
 * - Appends are atomic and run one after another: positions and versions have no gaps, and
 *   `created` never falls.
 * - If an append resolved, it is on disk (fsynced). If it was refused, it left nothing behind.
 * - A read is one snapshot: its events and its `last` are of the same moment.
 * - The engine writes each entry of an index stream in the transaction of its event.
 */
import type {
	ExpectedVersion,
	NewEvent,
	Position,
	RecordedEvent,
	StreamName,
	Version,
} from "../event.ts";
import type { Target } from "../indexes/links.ts";

export interface Log extends Erasing, Locating, Probing {
	/** The number of this history: 1, or higher if one was replaced. Fixed while the log is open. */
	readonly incarnation: number;

	/**
	 * Appends a batch to one stream, whole or not at all. Resolves after the fsync. If the stream was
	 * softly deleted, it comes back, and the same transaction rewrites its metadata.
	 * @throws Refusal `wrong-expected-version`, `stream-deleted`, `overloaded`, `disk-full`,
	 * `log-damaged`, `shutting-down`; and `writer-stopped`, after which the batch may be there or not
	 */
	append(append: Append): Promise<Appended>;

	/**
	 * Deletes a stream by an append: of metadata that hides all its events, or, for ever, of a
	 * tombstone as its last event.
	 * @returns the place of that event: its version in the stream it is written to, and its position
	 * @throws Refusal as `append`
	 */
	delete(deletion: Deletion): Promise<Appended>;

	/**
	 * Reads a range of any stream (an own stream, an index stream, or `$all`), as far as the stream's
	 * metadata shows it. If a stream has no events, or was softly deleted, its `last` is -1, and the
	 * read is not refused.
	 * @throws Refusal `page-too-large` if the events would exceed `pageBytesMax`,
	 * `stream-deleted`, `log-damaged`
	 */
	read(range: Range): Promise<Slice>;

	/**
	 * The last version of a stream (of `$all`: the last position); -1 where `read` says so.
	 * @throws Refusal `stream-deleted`
	 */
	last(stream: StreamName): Promise<Version>;

	/**
	 * Calls `listener` after each commit is on disk, in commit order.
	 * @returns a function that stops it
	 */
	onCommit(listener: (commit: Commit) => void): () => void;

	/**
	 * Checks every invariant of the stored log, see `verify/verify.ts`. It reads everything, so it is
	 * slow.
	 */
	verify(): Promise<Verification>;

	/**
	 * Lets running appends finish, refuses new ones with `shutting-down`, and closes the files.
	 */
	close(): Promise<void>;
}

/** For probes that ask whether this server should get requests. */
export interface Probing {
	/**
	 * Resolves when the writer has done all the work it was given before: soon if the writer is well,
	 * late or never if it hangs.
	 * @throws Refusal `writer-stopped`, `shutting-down`
	 */
	writerAnswers(): Promise<void>;
}

/** For readers whose checkpoint is an id, not a number. */
export interface Locating {
	/**
	 * Finds the version of the event with an id in a stream, however old it is, shown or not. If an
	 * index stream or `$all` has several events with the id, it finds the newest. In an own stream
	 * this costs one look-up, elsewhere one for each stream of the log. A link has its own id, not
	 * the id of its target.
	 * @param id in the form of `NewEvent`
	 * @returns undefined if there is no such event
	 */
	locate(stream: StreamName, id: string): Promise<Version | undefined>;
}

/**
 * Erasing content on purpose. The event stays, with its position, version, id, type and time. So
 * everything that depends on them (the numbers, the answer to a repeat) stays true for ever.
 */
export interface Erasing {
	/**
	 * The number of transactions that have erased anything, as far as this process knows. If it is
	 * the same before two reads, no erasure came between them.
	 */
	readonly erasures: number;

	/**
	 * Erases the data of an event, whether or not a read shows it, and on request its metadata.
	 * A repeat changes nothing. Resolves after the fsync, once no file of the log holds the bytes. If
	 * a long read (`verify`, a backup) still needs them, the bytes go as soon as it has ended.
	 * @throws Refusal `stream-not-found`, `event-not-found`, `event-not-redactable`, `disk-full`,
	 * `shutting-down`
	 */
	redact(redaction: Redaction): Promise<void>;

	/**
	 * One step of a scavenge: erases, in one transaction, a bounded number of events that only `$all`
	 * can show (see `retention/erasable.ts`). A run may stop after any step; a new run finds what is
	 * left.
	 * @param from 0, or `next` of the step before
	 * @throws Refusal `disk-full`, `shutting-down`
	 */
	scavenge(from: number): Promise<ScavengeStep>;
}

export type Redaction = {
	/** An own stream, but not a metadata stream. */
	readonly stream: StreamName;
	readonly version: Version;
	/** Whether to erase the metadata too. */
	readonly metadata: boolean;
};

export type ScavengeStep = {
	/** Where the next step begins; undefined if nothing is left to examine. */
	readonly next: number | undefined;
	/** The value of `next` when all is erased; the steps beyond it only tidy up. */
	readonly end: number;
	/** Events erased, and the bytes of their data and metadata. */
	readonly events: number;
	readonly bytes: number;
};

export type Append = {
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	/** At least one; no id twice. */
	readonly events: readonly NewEvent[];
};

export type Deletion = {
	/** A stream that clients may append to, but not a metadata stream. */
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
	/** True if the batch was already there, so that nothing was written. */
	readonly repeated: boolean;
};

export type Range = {
	readonly stream: StreamName;
	/**
	 * The version the read starts at (of `$all`: the position); `head` is the last one, backward
	 * only.
	 */
	readonly from: Version | "head";
	/** The number of versions that the range covers. */
	readonly limit: number;
	readonly direction: "forward" | "backward";
	/** False leaves `data` and `metadata` empty, for documents that do not show them. */
	readonly content: boolean;
	/**
	 * Whether entries that are links show their target events. The default is false on `$all`, true
	 * elsewhere.
	 */
	readonly resolve?: boolean;
	/**
	 * True also reads the events that metadata and deletes hide. Only purging uses it, to find what
	 * caches must drop; no client ever sees such a read.
	 */
	readonly hidden?: boolean;
};

export type Slice = {
	/**
	 * The last version of the stream at the moment of the read; -1 if it shows no events at all.
	 */
	readonly last: Version;
	/** The shown entries, in the direction of the read. */
	readonly entries: readonly StreamEntry[];
	/**
	 * Absent if only the stream's own growth, and erasure, can ever change what its reads show.
	 */
	readonly retention?: Retention;
	/** If all of a range of `$all` was scavenged: the whole run of such positions. */
	readonly gap?: Gap;
};

export type Gap = { readonly first: Position; readonly last: Position };

/** How metadata and links limit a read, at the moment of the read. */
export type Retention = {
	/**
	 * The first version that is shown, by `$tb` and `$maxCount`, and by `$maxAge` as far as the range
	 * shows.
	 */
	readonly first: Version;
	/**
	 * The time until which the range shows the same, unless the stream grows into it or metadata
	 * changes: milliseconds since 1970; 0 if it may change at any moment, Infinity if it never does.
	 */
	readonly steadyUntil: number;
	/** `$cacheControl`: the seconds that caches may keep an answer that can still change. */
	readonly cacheSeconds?: number;
};

/** An event as one entry of the stream that was read. */
export type StreamEntry = {
	/** Its version in the stream that was read, which for an index stream is not `event.version`. */
	readonly version: Version;
	/** If the entry is a resolved link, its target event; otherwise the event at this place. */
	readonly event: RecordedEvent;
	/** The link that a client wrote, if it was resolved. */
	readonly link?: RecordedEvent;
	/** The target of this entry, a link, if no event is shown there. */
	readonly unresolved?: Target;
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
	 * The new number of erasures, if the commit erased content. The streams of the erased events are
	 * `marked`; index streams and `$all` may show the events too.
	 */
	readonly erasures?: number;
};

export type Verification = {
	readonly ok: boolean;
	readonly events: number;
	readonly streams: number;
	/** Events whose content was erased, by redaction or by a scavenge. */
	readonly erased: number;
	/** Index entries of erased events that depend on erased metadata, so that nothing proves them. */
	readonly unproven: number;
	/** The first hundred faults, in words. */
	readonly faults: readonly string[];
};

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
