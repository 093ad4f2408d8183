/**
 * The log in one SQLite file.
 *
 *     append ─▶ queue ═══ batch of bytes ═══▶ writer's thread: decide, insert, commit, fsync
 *                 ▲                                    │
 *                 └────────────── answers ─────────────┘
 *     read ───▶ reader: a read-only connection of this thread; WAL lets it go on while others write
 */
import { resolve } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { Refusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import { type Commit, DEFAULT_LOG_LIMITS, type Log, type LogLimits } from "../log.ts";
import { type Migration, migrationsFor } from "../migrate.ts";
import { Erasures, erasuresOf } from "./erasing/erasures.ts";
import { damageOr } from "./failures.ts";
import { claimDirectory } from "./files/claim.ts";
import { logFile, refusalOf } from "./files/directory.ts";
import { incarnationOf } from "./files/incarnation.ts";
import type { Upgrade } from "./files/upgrade.ts";
import { READY, type Stopped } from "./protocol.ts";
import { AppendQueue, type WriterThread } from "./queue.ts";
import { Reader } from "./reader.ts";
import { verifyDirectory } from "./verify/verifier.ts";

export type SqliteOptions = {
	/** Milliseconds since 1970; may jump, `created` will not. */
	readonly clock?: () => number;
	readonly migrations?: readonly Migration[];
	readonly upgrade?: Upgrade;
	/** Whether the writer moves the WAL into the database; else another process has to. */
	readonly checkpoints?: boolean;
	/** Whether each event that is read is held against its hash. */
	readonly checksReads?: boolean;
	/**
	 * Called once, if ever, where nothing can be written any more until the log is opened anew: reads
	 * go on. Before `openSqliteLog` resolves, where what is damaged leaves nothing to append to.
	 */
	readonly onStop?: OnStop;
};

export type OnStop = (refusal: Refusal<"writer-stopped">) => void;

/** A batch is one message, so the writer's own heap stays small; this is room, not need. */
const WRITER_HEAP_MIB = 128;
/** What a batch leaves behind is dead with its answer; Node's default keeps three times as much. */
const WRITER_YOUNG_MIB = 8;

/**
 * Opens the log of a data directory, creating what is missing.
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`
 */
export async function openSqliteLog(
	path: string,
	limits: LogLimits = DEFAULT_LOG_LIMITS,
	options: SqliteOptions = {},
): Promise<Log> {
	const { clock = Date.now, migrations = migrationsFor("sqlite"), onStop = () => {} } = options;
	const { upgrade, checkpoints = true, checksReads } = options;
	const { pageBytesMax } = limits;
	const directory = resolve(path);
	const release = claimDirectory(directory, migrations, upgrade);
	const listeners = new Set<(commit: Commit) => void>();
	let opened: Reader | undefined;
	try {
		const incarnation = incarnationOf(logFile(directory));
		const reader = new Reader(logFile(directory), { pageBytesMax, clock, checksReads });
		opened = reader;
		const writing = await startWriter(logFile(directory), checkpoints);
		const { erasing, stopped } = writing;
		const tell = (commit: Commit) => {
			for (const listener of listeners) listener(commit);
		};
		const erasures = new Erasures(erasing, erasuresOf(logFile(directory)), clock, tell);
		const queue = new AppendQueue(writing, limits, clock, {
			onCommit: tell,
			onStop(refusal) {
				erasures.stop(refusal);
				onStop(refusal);
			},
			// The last connection to close tidies the WAL away, and the reader's may not write. So the
			// writer's is the last, but where it stopped: then the files stay as they are.
			onEnd: () => reader.close(),
		});
		if (stopped !== undefined) queue.stop(stopped);
		return logOf(directory, incarnation, queue, erasures, reader, listeners, release);
	} catch (error) {
		opened?.close();
		release();
		throw refusalOf(error, directory);
	}
}

function logOf(
	directory: string,
	incarnation: number,
	queue: AppendQueue,
	erasing: Erasures,
	reader: Reader,
	listeners: Set<(commit: Commit) => void>,
	release: () => void,
): Log {
	let closing: Promise<void> | undefined;
	const whileOpen = <T>(work: () => T): T => {
		if (closing) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		return work();
	};
	/** @param where what is read of the stream, in words for the operator */
	const reading = async <T>(
		stream: StreamName,
		where: string | number,
		work: () => T | Promise<T>,
	): Promise<T> => {
		try {
			return await whileOpen(work);
		} catch (error) {
			throw damageOr(error, `${stream} at ${where}`);
		}
	};
	return {
		incarnation,
		append: (append) => queue.write(append),
		delete: (deletion) => queue.write(deletion),
		get erasures() {
			return erasing.count;
		},
		redact: async (redaction) => whileOpen(() => erasing.redact(redaction)),
		scavenge: async (from) => whileOpen(() => erasing.scavenge(from)),
		read: (range) => reading(range.stream, range.from, () => reader.read(range)),
		last: (stream) => reading(stream, "head", () => reader.last(stream)),
		writerAnswers: async () => whileOpen(() => erasing.ping()),
		locate: (stream, id) => reading(stream, id, () => reader.locate(stream, id)),
		onCommit(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		verify: () => verifyDirectory(directory),
		close() {
			closing ??= close();
			return closing;
		},
	};

	async function close(): Promise<void> {
		await queue.close();
		reader.close();
		release();
	}
}

/** Erasing has a line of its own to the writer's thread, so that it never waits behind appends. */
export type WriterData = {
	readonly file: string;
	readonly checkpoints: boolean;
	readonly erasing: MessagePort;
};

type Writing = WriterThread & {
	readonly erasing: MessagePort;
	/** Why the thread could not begin. */
	readonly stopped: string | undefined;
};

/** Resolves once the thread has opened the database. */
function startWriter(file: string, checkpoints: boolean): Promise<Writing> {
	// The name carries the extension this very file runs under: .js built, .ts where types are
	// stripped.
	const url = new URL(import.meta.url.replace(/log(\.\w+)$/, "writer$1"));
	const { port1, port2 } = new MessageChannel();
	const data: WriterData = { file, checkpoints, erasing: port2 };
	const writer = new Worker(url, {
		workerData: data,
		transferList: [port2],
		// The options of the process are not the thread's: `node -e` would not even start one.
		execArgv: [],
		resourceLimits: {
			maxOldGenerationSizeMb: WRITER_HEAP_MIB,
			maxYoungGenerationSizeMb: WRITER_YOUNG_MIB,
		},
	});
	// It may end before anybody else listens.
	const exited = new Promise<number>((resolve) => writer.once("exit", resolve));
	return new Promise((resolve, reject) => {
		// Left in place: an error that nobody listens for would end the process, not the thread.
		writer.on("error", reject);
		writer.once("message", (message: typeof READY | Stopped) => {
			const stopped = message === READY ? undefined : message.stopped;
			resolve({ writer, exited, erasing: port1, stopped });
		});
	});
}
