/**
 * The log, as everything above it sees it.
 *
 * `memory/` is the engine to read, `sqlite/` the default one; `open.ts` chooses. Every engine
 * passes the contract suite in `test/log/contract.ts`, which has a case for each of these promises.
 *
 * Writing
 * - Appends are atomic, and happen one after another. Positions and versions are 0, 1, 2 …
 *   without gaps. `created` never falls along the log.
 * - An append that resolved is on disk (fsynced). A refused append left nothing behind, except
 *   after `writer-stopped`: then it may be there.
 * - The index entries of an event are written in the event's own transaction.
 *
 * Reading
 * - A read is one snapshot: its entries, its `last` and its `retention` are of one moment.
 * - A read shows a commit only after all listeners have heard of it. Suppose a client saw position
 *   n and asks again with `ES-MinPosition: n`: no listener answers from a memory older than n.
 *   If the writer stops, the listeners may never hear of its last commit; if that commit is on
 *   disk, reads show it.
 *
 * Listening
 * - Listeners are called in the order they were registered, for one commit after another, in the
 *   order of the log. All of them have heard of a commit before its append, delete, redaction or
 *   step of a scavenge resolves.
 */
import type { Position, StreamName, Version } from "../event.ts";
import type { Append, Appended, Commit, Deletion, Redaction, ScavengeStep } from "./commit.ts";
import type { NameRange, Range, Slice, VersionRange } from "./range.ts";

export type {
	Append,
	Appended,
	Commit,
	Deletion,
	Redaction,
	ScavengeStep,
} from "./commit.ts";
export { DEFAULT_LOG_LIMITS, type LogLimits } from "./limits.ts";
export type {
	Gap,
	NameRange,
	Range,
	Retention,
	Slice,
	StreamEntry,
	VersionRange,
	Withheld,
} from "./range.ts";
export { keptWithMax } from "./range.ts";

/** What somebody may read of a log: all of it, or as `access/reads.ts` has it. */
export type LogReads = Pick<Log, "read" | "last" | "locate">;

export interface Log extends Erasure, EventLookup, Histories, StreamNames, WriterProbe {
	/**
	 * Appends a batch to one stream, whole or not at all. A stream that was softly deleted comes
	 * back, with its metadata rewritten in the same transaction.
	 * @throws Refusal `stream-not-writable`, `wrong-expected-version`, `events-known`,
	 * `stream-deleted`, `overloaded`, `disk-full`, `log-damaged`, `log-locked`, `shutting-down`, and
	 * `writer-stopped`
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
	 * Reads a range of any stream (an own stream, an index stream, or `$all`), as far as the
	 * metadata of the stream shows it. A stream that has no events, or was softly deleted, has `last`
	 * -1; `read` does not refuse it.
	 * @throws Refusal `page-too-large` if the events exceed `pageBytesMax`, `stream-deleted`,
	 * `log-damaged`, `shutting-down`
	 */
	read(range: Range): Promise<Slice>;

	/**
	 * The last version of a stream (of `$all`: the last position); -1 if `read` says so.
	 * @throws Refusal `stream-deleted`, `log-damaged`, `shutting-down`
	 */
	last(stream: StreamName): Promise<Version>;

	/**
	 * Calls `listener` after each commit is on disk, from the next commit on. If several processes
	 * (nodes) serve one log, the listeners of each hear the commits of all. A listener must not
	 * throw, and nothing waits for what it starts.
	 * @returns a function that stops the listener: the log does not call it again, not even for a
	 * commit that it is telling listeners about
	 */
	onCommit(listener: (commit: Commit) => void): () => void;

	/**
	 * Checks every invariant of the stored log, see `verify/verify.ts`. It reads everything, so it is
	 * slow.
	 * @throws the reason of the watch's signal
	 */
	verify(watch?: VerifyWatch): Promise<Verification>;

	/**
	 * Lets running appends finish, refuses new ones and reads with `shutting-down`, and lets go of
	 * the files. Repeating it changes nothing.
	 */
	close(): Promise<void>;
}

/**
 * Which of several nodes over one log does what only one may do at a time: delivering to the
 * consumers of subscriptions, and scavenges. A log with one server is led by it.
 */
export interface Leadership {
	/** Whether it is this one, as far as it knows: what it writes tells for sure, see `log`. */
	readonly isLeading: boolean;
	/** The address of the one that leads; undefined if that is not known. */
	readonly leader: string | undefined;
	/** The log through which the leader writes: it refuses `not-leader` once another one leads. */
	readonly log: Log;
	/** Calls `listener` with each change. @returns a function that stops it */
	onChange(listener: (isLeading: boolean) => void): () => void;
}

/** Which history this is, and which histories its events are from. */
export interface Histories {
	/**
	 * The number of the history in this log: 1 for the first, and a higher one for each that
	 * replaced it (a restored backup, for example). It stays the same while the log is open. Facts
	 * of one incarnation, positions included, say nothing of another.
	 */
	readonly incarnation: number;

	/**
	 * The number of the history in which the event at a position was written: a history that
	 * replaced another one keeps the events that both have.
	 */
	incarnationAt(position: Position): number;
}

/** A history that replaced another one, and the position of the first event written in it. */
export type History = { readonly incarnation: number; readonly first: number };

/** For probes that ask whether this server should get requests. */
export interface WriterProbe {
	/**
	 * Resolves when the writer has done all earlier work. A healthy writer answers soon; a writer
	 * that hangs answers late or never.
	 * @throws Refusal `writer-stopped`, `shutting-down`
	 */
	writerAnswers(): Promise<void>;
}

/** For readers whose position is an id, not a number. */
export interface EventLookup {
	/**
	 * Finds the version of the event with an id in a stream, whatever its age, shown or not. If
	 * several events have one id, it finds the earliest. An own stream costs one look-up; an index
	 * or `$all` costs one for each stream of the log. A link has its own id, not that of the event
	 * it points to.
	 * @param id as in `NewEvent`
	 * @returns undefined if there was none when the look-up began
	 * @throws Refusal `log-damaged`, `shutting-down`
	 */
	locate(stream: StreamName, id: string): Promise<Version | undefined>;
}

/** For lists of streams. */
export interface StreamNames {
	/**
	 * The names of streams in a range, in the order of their bytes: own streams, index streams and
	 * metadata streams that have ever had an event, the deleted ones too. It may name a stream before
	 * the listeners have heard of its first event.
	 * @throws Refusal `log-damaged`, `shutting-down`
	 */
	names(range: NameRange): Promise<readonly StreamName[]>;

	/**
	 * The bytes of data and metadata that the log has of the events of some versions of a stream,
	 * whether or not a read shows them; of an index stream, those of the events that it lists.
	 * @throws Refusal `log-damaged`, `shutting-down`
	 */
	bytesOf(versions: VersionRange): Promise<number>;
}

/**
 * Erases content on purpose. The event stays, with its position, version, id, type and time. So
 * everything that depends on them (the numbers, the answer to a repeat) stays true for ever.
 */
export interface Erasure {
	/**
	 * How many transactions have erased anything since the log began, as far as the listeners have
	 * heard. The number only grows, and a restart keeps it. If it is the same before one read began
	 * and after a later read resolved, no erasure came between the two.
	 */
	readonly erasures: number;

	/**
	 * Erases the data of an event, whether or not a read shows it, and on request its metadata.
	 * A repeat changes nothing. `redact` resolves after the fsync, once no file of the log holds the
	 * bytes. If a long read (`verify`, a backup) still needs them, the bytes go when it ends.
	 * @throws Refusal `stream-not-found`, `event-not-found`, `event-not-redactable`, `disk-full`,
	 * `log-damaged`, `log-locked`, `writer-stopped`, `shutting-down`
	 */
	redact(redaction: Redaction): Promise<void>;

	/**
	 * One step of a scavenge: erases, in one transaction, a bounded number of events that only `$all`
	 * can show (see `retention/erasable.ts`). A run may stop after any step; a new run finds what is
	 * left.
	 * @param from 0, or the `next` of the step before
	 * @throws Refusal `disk-full`, `log-damaged`, `log-locked`, `writer-stopped`, `shutting-down`
	 */
	scavenge(from: number): Promise<ScavengeStep>;
}

/**
 * Also reads the events that metadata and deletes hide. Only purging has it, to find the events
 * that caches must no longer show, and access, to find the ACL of a stream that was deleted for
 * ever. No code that answers a client has it.
 */
export interface HiddenReads {
	/** As `Log.read`; a stream that was deleted for ever is read as any other. */
	read(range: Range): Promise<Slice>;
}

/** Hears of a verification, stops it, and says how fast it may be. */
export type VerifyWatch = {
	readonly onProgress?: (progress: VerifyProgress) => void;
	readonly signal?: AbortSignal;
	/**
	 * The share of time in which it works, from 1 to 100. Below 100 it does one thing at a time, and
	 * leaves the processor to whoever wants it.
	 */
	readonly percent?: number;
};

/** Events checked, and the part of all there is to do, from 0 to 1. */
export type VerifyProgress = { readonly events: number; readonly fraction: number };

export type Verification = {
	readonly ok: boolean;
	readonly events: number;
	readonly streams: number;
	/** Events whose content was erased, by redaction or by a scavenge. */
	readonly erased: number;
	/** Index entries that nothing can prove: they depend on metadata that was erased. */
	readonly unproven: number;
	/** The first hundred faults, in words. */
	readonly faults: readonly string[];
};
