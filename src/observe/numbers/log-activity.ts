/**
 * What the log has done since it was opened, and what waits for it: plain numbers, for whoever
 * measures the server. Nothing in the log depends on them.
 */
import { COUNTS, Histogram, WORK_SECONDS } from "./histogram.ts";

export class LogActivity {
	/** From the begin of a transaction of appends to the end of its sync. */
	readonly commitSeconds = new Histogram(WORK_SECONDS);
	/** Of that, the `COMMIT`: SQLite writes the WAL, and syncs it. */
	readonly syncSeconds = new Histogram(WORK_SECONDS);
	/** From the call of an append to its answer: it waits for its turn, and for its commit. */
	readonly appendSeconds = new Histogram(WORK_SECONDS);
	/** Reads of the log. */
	readonly readSeconds = new Histogram(WORK_SECONDS);
	/** Appends and deletes that share a commit. */
	readonly commitAppends = new Histogram(COUNTS);
	/** Appends and deletes by what became of them. */
	readonly appends = { written: 0, repeated: 0, refused: 0 };
	/** What was written, in all. Bytes are those of data and metadata. */
	readonly written = { events: 0, bytes: 0 };
	/** The content of commits, and how long their syncs took. */
	readonly flushes = { lastBytes: 0, lastMs: 0, maxBytes: 0, maxMs: 0 };
	/** The most that ever waited. */
	readonly peaks = { appends: 0 };
	/** Appends that wait for the disk, and their bytes. */
	readonly waiting = { appends: 0, bytes: 0 };

	/** Counts an append in, until it has its answer. */
	enter(bytes: number): void {
		const { waiting, peaks } = this;
		waiting.appends++;
		waiting.bytes += bytes;
		if (waiting.appends > peaks.appends) peaks.appends = waiting.appends;
	}

	/** Notes a commit: what all its appends wrote. */
	noteCommit({ appends, events, bytes, commitMs, syncMs }: CommitNumbers): void {
		this.commitSeconds.observe(commitMs / 1000);
		this.syncSeconds.observe(syncMs / 1000);
		this.commitAppends.observe(appends);
		this.written.events += events;
		this.written.bytes += bytes;
		const { flushes } = this;
		flushes.lastBytes = bytes;
		flushes.lastMs = syncMs;
		flushes.maxBytes = Math.max(flushes.maxBytes, bytes);
		flushes.maxMs = Math.max(flushes.maxMs, syncMs);
	}
}

export type CommitNumbers = {
	readonly appends: number;
	readonly events: number;
	/** Of data and metadata. */
	readonly bytes: number;
	readonly commitMs: number;
	readonly syncMs: number;
};

/** What the log takes on the disk, in bytes; undefined if nobody says. */
export type FileSizes = {
	readonly database: number | undefined;
	/** Of the write-ahead log, if it is the log's own. */
	readonly wal: number | undefined;
};

/** Of a log in a database: whether its commits wait for a synchronous standby. */
export type StandbyState = {
	/** As `--standby` has it. */
	readonly mode: "warn" | "require" | "ignore";
	/** Whether commits wait for one. */
	readonly awaited: boolean;
	/** If they do, whether one is connected. Left out if the database does not tell. */
	readonly connected?: boolean;
	/** Whether they should wait for one, and do not. */
	readonly missing: boolean;
};

/** A log that tells of its work. */
export interface MeasuredLog {
	readonly activity: LogActivity;
	/** A file that is not there has 0 bytes. */
	fileSizes(): Promise<FileSizes>;
	/** As of the last look, which is a second old at most; a log in a file has none. */
	standby?(): StandbyState;
}
