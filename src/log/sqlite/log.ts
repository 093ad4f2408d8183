/**
 * The log in one SQLite file.
 *
 *     append ─▶ queue ═══ batch of bytes ═══▶ writer's thread: decide, insert, commit, fsync
 *                 ▲                                    │
 *                 └────────────── answers ─────────────┘
 *     read ───▶ reader: a read-only connection of this thread; WAL lets it go on while others write
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Refusal } from "../../errors.ts";
import type { Position, StreamName, Version } from "../../event.ts";
import type { FileSizes, LogActivity, MeasuredLog } from "../../observe/numbers/log-activity.ts";
import type { Append, Appended, Commit, Deletion, Redaction, ScavengeStep } from "../commit.ts";
import { Listeners } from "../listening/listeners.ts";
import {
	DEFAULT_LOG_LIMITS,
	type HiddenReads,
	type History,
	type Log,
	type LogLimits,
	type NameRange,
	type Range,
	type Slice,
	type Verification,
	type VerifyWatch,
	type VersionRange,
} from "../log.ts";
import { type Migration, migrationsFor } from "../migrate.ts";
import type { MovedSpan } from "../moving/moves.ts";
import { AppendQueue } from "./appending/queue.ts";
import { startWriter } from "./appending/start.ts";
import { ErasureQueue, erasuresOf } from "./erasure/queue.ts";
import { refusalOr } from "./failures.ts";
import { claimDirectory } from "./files/claim.ts";
import { logFile, refusalOf } from "./files/directory.ts";
import { historiesOf, incarnationOf } from "./files/incarnation.ts";
import { leaveReadable } from "./files/medium.ts";
import type { Upgrade } from "./files/upgrade.ts";
import { Reader } from "./reading/reader.ts";
import { verifyDirectory } from "./verify/verifier.ts";

export type SqliteOptions = {
	/** Milliseconds since 1970; may jump, `created` will not. */
	readonly clock?: () => number;
	readonly migrations?: readonly Migration[];
	readonly upgrade?: Upgrade;
	/** Whether the writer moves the WAL into the database; if not, another process has to. */
	readonly checkpoints?: boolean;
	/** Whether each event that is read is held against its hash. */
	readonly checksReads?: boolean;
	/**
	 * Called once, if ever: when nothing can be written any more until the log is opened anew. Reads
	 * go on. If damage leaves nothing to append to, it is called before `openSqliteLog` resolves.
	 */
	readonly onStop?: OnStop;
};

export type OnStop = (refusal: Refusal<"writer-stopped">) => void;

/**
 * Opens the log of a data directory, creating what is missing.
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`
 */
export async function openSqliteLog(
	path: string,
	limits: LogLimits = DEFAULT_LOG_LIMITS,
	options: SqliteOptions = {},
): Promise<SqliteLog> {
	const { clock = Date.now, migrations = migrationsFor("sqlite"), onStop = () => {} } = options;
	const { upgrade, checkpoints = true, checksReads } = options;
	const { pageBytesMax } = limits;
	const directory = resolve(path);
	const release = claimDirectory(directory, migrations, upgrade);
	let opened: Reader | undefined;
	try {
		const incarnation = incarnationOf(logFile(directory));
		const histories = historiesOf(logFile(directory));
		const reader = new Reader(logFile(directory), { pageBytesMax, clock, checksReads });
		opened = reader;
		const writing = await startWriter(logFile(directory), checkpoints);
		const listeners = new Listeners();
		const tell = (commit: Commit) => listeners.tell(commit);
		const count = erasuresOf(logFile(directory));
		const erasureQueue = new ErasureQueue(writing, count, clock, tell);
		const queue = new AppendQueue(writing, limits, clock, {
			onCommit: tell,
			onStop(refusal) {
				erasureQueue.stop(refusal);
				onStop(refusal);
			},
			// The last connection to close tidies the WAL away, and the reader's may not write. So the
			// writer's is the last, unless it stopped: then the files stay as they are.
			onEnd: () => reader.close(),
		});
		if (writing.stopped !== undefined) queue.stop(writing.stopped);
		return new SqliteLog({
			directory,
			incarnation,
			histories,
			queue,
			erasureQueue,
			reader,
			listeners,
			release,
		});
	} catch (error) {
		opened?.close();
		release();
		throw refusalOf(error, directory);
	}
}

type Parts = {
	readonly directory: string;
	readonly incarnation: number;
	readonly histories: readonly History[];
	readonly queue: AppendQueue;
	readonly erasureQueue: ErasureQueue;
	readonly reader: Reader;
	readonly listeners: Listeners;
	/** Lets go of the directory. */
	readonly release: () => void;
};

export class SqliteLog implements Log, MeasuredLog {
	readonly incarnation: number;
	/** What `openLog` hands out beside the log. */
	readonly hidden: HiddenReads = { read: (range) => this.#read(range, true) };
	readonly #parts: Parts;
	#closing: Promise<void> | undefined;

	constructor(parts: Parts) {
		this.incarnation = parts.incarnation;
		this.#parts = parts;
	}

	get activity(): LogActivity {
		return this.#parts.queue.activity;
	}

	async fileSizes(): Promise<FileSizes> {
		const file = logFile(this.#parts.directory);
		const sizeOf = (path: string) =>
			stat(path).then(
				({ size }) => size,
				() => 0,
			);
		const [database, wal] = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`)]);
		return { database, wal };
	}

	get erasures(): number {
		return this.#parts.erasureQueue.count;
	}

	incarnationAt(position: Position): number {
		return this.#parts.histories.find(({ first }) => first <= position)?.incarnation ?? 1;
	}

	append(append: Append): Promise<Appended> {
		return this.#parts.queue.write(append);
	}

	delete(deletion: Deletion): Promise<Appended> {
		return this.#parts.queue.write(deletion);
	}

	/** Appends events of another log, as `AppendQueue.import`; for `LogMoves`. */
	import(span: MovedSpan): Promise<Appended> {
		return this.#parts.queue.import(span);
	}

	async redact(redaction: Redaction): Promise<void> {
		this.#refuseClosing();
		await this.#parts.erasureQueue.redact(redaction);
	}

	async scavenge(from: number): Promise<ScavengeStep> {
		this.#refuseClosing();
		return this.#parts.erasureQueue.scavenge(from);
	}

	read(range: Range): Promise<Slice> {
		return this.#read(range, false);
	}

	last(stream: StreamName): Promise<Version> {
		return this.#reading(stream, "head", () => this.#parts.reader.last(stream));
	}

	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		return this.#reading(stream, id, () => this.#parts.reader.locate(stream, id));
	}

	async names(range: NameRange): Promise<readonly StreamName[]> {
		this.#refuseClosing();
		try {
			return this.#parts.reader.names(range);
		} catch (error) {
			throw refusalOr(error, `the names of streams from '${range.from}' on`);
		}
	}

	async bytesOf(versions: VersionRange): Promise<number> {
		this.#refuseClosing();
		try {
			return this.#parts.reader.bytesOf(versions);
		} catch (error) {
			throw refusalOr(error, `events of stream '${versions.stream}'`);
		}
	}

	async writerAnswers(): Promise<void> {
		this.#refuseClosing();
		await this.#parts.erasureQueue.ping();
	}

	onCommit(listener: (commit: Commit) => void): () => void {
		return this.#parts.listeners.add(listener);
	}

	verify(watch?: VerifyWatch): Promise<Verification> {
		return verifyDirectory(this.#parts.directory, watch);
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #read(range: Range, hidden: boolean): Promise<Slice> {
		const { reader, erasureQueue } = this.#parts;
		const begunMs = performance.now();
		const slice = await this.#reading(range.stream, range.from, () =>
			reader.read(range, { hidden, isErasing: erasureQueue.isErasing() }),
		);
		this.activity.readSeconds.observe((performance.now() - begunMs) / 1000);
		return slice;
	}

	/**
	 * @param where the place that is read, in words for the operator
	 * @param work one call of the reader
	 */
	async #reading<T>(
		stream: StreamName,
		where: string | number,
		work: () => T | Promise<T>,
	): Promise<T> {
		this.#refuseClosing();
		let telling: Promise<unknown> | undefined;
		try {
			let found: T | Promise<T>;
			try {
				found = work();
			} finally {
				// At once, as the next read forgets what this one has seen. A refusal can show a commit,
				// too: the delete of the stream.
				telling = this.#telling();
			}
			return await found;
		} catch (error) {
			throw refusalOr(error, `${stream} at ${where}`);
		} finally {
			if (telling) await telling;
		}
	}

	/** A read may find a commit on disk before the listeners have heard of it. */
	#telling(): Promise<unknown> | undefined {
		const { queue, erasureQueue, reader } = this.#parts;
		const { position, erasures: count } = reader.seen;
		const appended = queue.listenersReached(position);
		const erased = erasureQueue.listenersReached(count);
		return appended || erased ? Promise.all([appended, erased]) : undefined;
	}

	#refuseClosing(): void {
		if (this.#closing) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
	}

	async #close(): Promise<void> {
		const { directory, queue, erasureQueue, reader, release } = this.#parts;
		await queue.close();
		erasureQueue.stop(new Refusal("shutting-down", { retryAfterSeconds: 1 }));
		reader.close();
		if (!queue.hasStopped) leaveReadable(logFile(directory));
		release();
	}
}
