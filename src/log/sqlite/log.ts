/**
 * The log in one SQLite file.
 *
 *     append ─▶ queue ═══ batch of bytes ═══▶ writer's thread: decide, insert, commit, fsync
 *                 ▲                                    │
 *                 └────────────── answers ─────────────┘
 *     read ───▶ reader: a read-only connection of this thread; WAL lets it go on while others write
 */
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { Refusal } from "../../errors.ts";
import { type Commit, DEFAULT_LOG_LIMITS, type Log, type LogLimits } from "../log.ts";
import { type Migration, migrationsFor } from "../migrate.ts";
import { claimDirectory, logFile, refusalOf } from "./files/directory.ts";
import { incarnationOf } from "./files/incarnation.ts";
import { AppendQueue } from "./queue.ts";
import { Reader } from "./reader.ts";
import { verifyDirectory } from "./verifier.ts";

export type SqliteOptions = {
	/** Milliseconds since 1970; may jump, `created` will not. */
	readonly clock?: () => number;
	readonly migrations?: readonly Migration[];
	/**
	 * Called once, if ever, where nothing can be written any more until the log is opened anew; reads
	 * go on.
	 */
	readonly onStop?: (refusal: Refusal<"writer-stopped">) => void;
};

/** A batch is one message, so the writer's own heap stays small; this is room, not need. */
const WRITER_HEAP_MIB = 128;

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
	const directory = resolve(path);
	const release = claimDirectory(directory, migrations);
	const listeners = new Set<(commit: Commit) => void>();
	let opened: Reader | undefined;
	try {
		const incarnation = incarnationOf(logFile(directory));
		const reader = new Reader(logFile(directory), limits.pageBytesMax, clock);
		opened = reader;
		const writer = await startWriter(logFile(directory));
		const queue = new AppendQueue(writer, limits, clock, {
			onCommit: (commit) => {
				for (const listener of listeners) listener(commit);
			},
			onStop,
			// The last connection to close tidies the WAL away, and the reader's may not write. So the
			// writer's is the last, but where it stopped: then the files stay as they are.
			onEnd: () => reader.close(),
		});
		return logOf(directory, incarnation, queue, reader, listeners, release);
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
	reader: Reader,
	listeners: Set<(commit: Commit) => void>,
	release: () => void,
): Log {
	let closing: Promise<void> | undefined;
	const whileOpen = <T>(work: () => T): T => {
		if (closing) throw new Refusal("shutting-down", { retryAfterSeconds: 1 });
		return work();
	};
	return {
		incarnation,
		append: (append) => queue.write(append),
		delete: (deletion) => queue.write(deletion),
		read: async (range) => whileOpen(() => reader.read(range)),
		last: async (stream) => whileOpen(() => reader.last(stream)),
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

/** Resolves once the thread has opened the database. */
function startWriter(file: string): Promise<Worker> {
	// The name carries the extension this very file runs under: .js built, .ts where types are
	// stripped.
	const url = new URL(import.meta.url.replace(/log(\.\w+)$/, "writer$1"));
	const writer = new Worker(url, {
		workerData: file,
		// The options of the process are not the thread's: `node -e` would not even start one.
		execArgv: [],
		resourceLimits: { maxOldGenerationSizeMb: WRITER_HEAP_MIB },
	});
	return new Promise((resolve, reject) => {
		writer.once("error", reject);
		writer.once("message", () => {
			writer.off("error", reject);
			resolve(writer);
		});
	});
}
