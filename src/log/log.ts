/**
 * The log, as everything above it sees it.
 *
 * Three engines stand behind this interface: `memory.ts` is the readable specification, `sqlite/`
 * the default. All pass the contract suite in `test/log/contract.ts`, and all of them keep these
 * promises:
 *
 * - Appends are atomic and one after another: positions and versions are dense, `created` never
 *   falls.
 * - An append that resolved is on disk (fsynced). One that was refused left nothing behind.
 * - A read is one snapshot: its events and its `last` are of the same moment.
 * - Every index stream entry is written in the transaction of the event it points to.
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
	/** Which history this is: 1, and more where one was replaced. It stays as long as it is open. */
	readonly incarnation: number;

	/**
	 * Appends a batch to one stream, whole or not at all. Resolves after the fsync. A stream that was
	 * softly deleted comes back, with its metadata rewritten in the same transaction.
	 * @throws Refusal `wrong-expected-version`, `stream-deleted`, `overloaded`, `disk-full`,
	 * `log-damaged`, `shutting-down`, and `writer-stopped`, after which it may be there or not
	 */
	append(append: Append): Promise<Appended>;

	/**
	 * Deletes a stream, which is an append too: of metadata that hides all its events, or for ever of
	 * a tombstone as its last event.
	 * @returns where that event stands: version in the stream it is written to, and position
	 * @throws Refusal as `append`
	 */
	delete(deletion: Deletion): Promise<Appended>;

	/**
	 * Reads a range of any stream: an own stream, an index stream, or `$all`, as far as the metadata
	 * of the stream shows it. One that has no events, or was softly deleted, has `last` -1; that is
	 * no refusal here.
	 * @throws Refusal `page-too-large` where the events would exceed `pageBytesMax`,
	 * `stream-deleted`, `log-damaged`
	 */
	read(range: Range): Promise<Slice>;

	/**
	 * The last version of a stream (of `$all`: the last position); -1 where `read` says so.
	 * @throws Refusal `stream-deleted`
	 */
	last(stream: StreamName): Promise<Version>;

	/** Calls `listener` after each commit is on disk, in commit order. Returns the way to stop it. */
	onCommit(listener: (commit: Commit) => void): () => void;

	/**
	 * Checks every invariant of what is stored, see `verify/verify.ts`. It reads everything: slow on
	 * purpose.
	 */
	verify(): Promise<Verification>;

	/**
	 * Lets running appends finish, refuses new ones with `shutting-down`, and lets go of the files.
	 */
	close(): Promise<void>;
}

/** For those who ask whether requests should be sent here. */
export interface Probing {
	/**
	 * Resolves when what writes is through with all it was given before: soon where it is well, and
	 * late or never where it hangs.
	 * @throws Refusal `writer-stopped`, `shutting-down`
	 */
	writerAnswers(): Promise<void>;
}

/** For readers whose checkpoint is an id, not a number. */
export interface Locating {
	/**
	 * Where in a stream the event with an id stands, of whatever age, shown or not; where an index or
	 * `$all` has several of one id, the newest. In an own stream that is one look-up, elsewhere one
	 * for each stream there is. A link stands under its own id, not that of the event it points to.
	 * @param id as of `NewEvent`
	 * @returns undefined where there is none
	 */
	locate(stream: StreamName, id: string): Promise<Version | undefined>;
}

/**
 * Losing content on purpose. An event stays: its position, version, id, type and time, and so what
 * depends on them (the numbers, and what a repeat is answered) stays true for ever.
 */
export interface Erasing {
	/**
	 * How many transactions have erased anything, as far as this process was told. Where it is the
	 * same before two reads, no erasure came between them.
	 */
	readonly erasures: number;

	/**
	 * Erases the data of an event, whether or not a read shows it, and on request its metadata.
	 * Repeating it changes nothing. Resolves after the fsync, and once no file of the log holds the
	 * bytes, or as soon after as no long read (of `verify`, of a backup) needs them.
	 * @throws Refusal `stream-not-found`, `event-not-found`, `event-not-redactable`, `disk-full`,
	 * `shutting-down`
	 */
	redact(redaction: Redaction): Promise<void>;

	/**
	 * One step of a scavenge: erases, in one transaction, a bounded number of events that nothing but
	 * `$all` can show (see `retention/erasable.ts`). The steps of a run may stop anywhere, and a run
	 * begun anew finds what is left.
	 * @param from 0, or where the step before left off
	 * @throws Refusal `disk-full`, `shutting-down`
	 */
	scavenge(from: number): Promise<ScavengeStep>;
}

export type Redaction = {
	/** An own stream, no metadata stream. */
	readonly stream: StreamName;
	readonly version: Version;
	/** Whether its metadata goes, too. */
	readonly metadata: boolean;
};

export type ScavengeStep = {
	/** Where the next step begins; undefined where there is nothing left to look at. */
	readonly next: number | undefined;
	/** What `next` comes to when all is erased; what lies beyond it is tidying up. */
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
	/** One that clients may append to, and no metadata stream. */
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	/** For ever: the name can never be used again. */
	readonly hard: boolean;
};

export type Appended = {
	/** Version of the first event of the batch. */
	readonly first: Version;
	/** Position in the log of the last event of the batch. */
	readonly position: Position;
	/** True where the batch was already there and nothing was written. */
	readonly repeated: boolean;
};

export type Range = {
	readonly stream: StreamName;
	/**
	 * The version the read starts at (of `$all`: the position); `head` is the last one, backward
	 * only.
	 */
	readonly from: Version | "head";
	/** How many versions it covers. */
	readonly limit: number;
	readonly direction: "forward" | "backward";
	/** False leaves `data` and `metadata` empty, for documents that do not show them. */
	readonly content: boolean;
	/**
	 * Whether entries that are links show the event they point to; on `$all` false by default, else
	 * true.
	 */
	readonly resolve?: boolean;
	/**
	 * True reads what metadata and deletes hide as well: for those who must find it, to take it out
	 * of caches. What a client sees is never read so.
	 */
	readonly hidden?: boolean;
};

export type Slice = {
	/**
	 * The last version of the stream at the moment of the read; -1 where it shows no events at all.
	 */
	readonly last: Version;
	/** In the direction of the read; those that are shown. */
	readonly entries: readonly StreamEntry[];
	/**
	 * Absent where nothing but the stream's own growth, and erasure, can ever change what its reads
	 * show.
	 */
	readonly retention?: Retention;
	/** Of `$all`, where all of the range was scavenged: the whole run of such positions. */
	readonly gap?: Gap;
};

export type Gap = { readonly first: Position; readonly last: Position };

/** What metadata and links make of a read, at the moment it was made. */
export type Retention = {
	/**
	 * No lower version is shown: by `$tb` and `$maxCount`, and by `$maxAge` as far as the range
	 * tells.
	 */
	readonly first: Version;
	/**
	 * Until when the range shows what it does, unless the stream grows into it or metadata changes:
	 * milliseconds since 1970; 0 where it may change at any moment, Infinity where never.
	 */
	readonly steadyUntil: number;
	/** `$cacheControl`: how long caches may keep what can still change. */
	readonly cacheSeconds?: number;
};

/** An event as one entry of the stream that was read. */
export type StreamEntry = {
	/** Its version in the stream that was read, which for an index stream is not `event.version`. */
	readonly version: Version;
	/** Of a link that was resolved, the event it points to; else the event that stands here. */
	readonly event: RecordedEvent;
	/** The link a client wrote, where it was resolved. */
	readonly link?: RecordedEvent;
	/** Where this entry, a link, points to, if nothing is shown there. */
	readonly unresolved?: Target;
};

export type Commit = {
	/** The last position of the log after this commit. */
	readonly last: Position;
	/** Every stream that grew, index streams included, with its last version; not `$all`. */
	readonly streams: ReadonlyMap<StreamName, Version>;
	/**
	 * The streams that changed otherwise than by growing: metadata was written for them, they were
	 * deleted, or links were appended to them.
	 */
	readonly marked: readonly StreamName[];
	/**
	 * Where it erased content: the new number of erasures. The streams of those events are `marked`;
	 * indexes and `$all` may show them, too.
	 */
	readonly erasures?: number;
};

export type Verification = {
	readonly ok: boolean;
	readonly events: number;
	readonly streams: number;
	/** Events whose content was erased, by redaction or by a scavenge. */
	readonly erased: number;
	/** Index entries of theirs that rest on erased metadata, so that nothing can prove them. */
	readonly unproven: number;
	/** What is wrong, in words; the first hundred. */
	readonly faults: readonly string[];
};

/** The bounds an engine keeps. */
export type LogLimits = {
	/** Appends that may wait for a commit; more are refused with `overloaded`. */
	readonly appendQueueMax: number;
	/** Bytes of events that may wait for a commit; more are refused with `overloaded`. */
	readonly appendQueueBytesMax: number;
	/** Bytes of data and metadata one read may return. */
	readonly pageBytesMax: number;
};

export const DEFAULT_LOG_LIMITS: LogLimits = {
	appendQueueMax: 10_000,
	appendQueueBytesMax: 64 * 1024 * 1024,
	// A page of the grid (20 events) at the largest event size (4 MiB) must always be readable.
	pageBytesMax: 96 * 1024 * 1024,
};
