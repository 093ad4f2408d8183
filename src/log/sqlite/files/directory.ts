/**
 * The data directory: which files lie in it, who has it, and how its database is opened.
 *
 *     log.sqlite   the log (with -wal and -shm beside it while it is in use)
 *     lock         an empty database that is locked as long as a process has the directory; the
 *                  lock is the operating system's, so it ends with the process, however it ends
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { isRefusal, Refusal } from "../../../errors.ts";
import { type Migration, migrate } from "../../migrate.ts";
import { isDiskFull, messageOf } from "../failures.ts";
import { registerFunctions } from "../tree/functions.ts";

/**
 * "Varv", in the header of the file: `file log.sqlite` tells it, and no other database passes for
 * ours.
 */
const APPLICATION_ID = 0x56617276;

/**
 * Small events scattered over many streams dirty many pages a little, and a commit writes whole
 * pages. With 300,000 events in 10,000 streams, commits of 32 single appends ran at 19,400 events/s
 * on pages of 4 KiB, 16,100 on 8 KiB and 12,100 on 16 KiB; batches of 100 differ less, in the same
 * order.
 */
const PAGE_BYTES = 4096;

/** Each connection's own page cache; more is the operating system's to give. */
const CACHE_KIB = 8 * 1024;

/** A checkpoint each 32 MiB of WAL: rarer ones fold more writes of the same page into one. */
const CHECKPOINT_PAGES = (32 * 1024 * 1024) / PAGE_BYTES;

/** What a WAL that had to grow (a long read held it) gives back to the disk afterwards. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/** For how long a foreign process (a backup, a shell) may hold the file before a write fails. */
const BUSY_TIMEOUT_MS = 5000;

export function logFile(directory: string): string {
	return join(directory, "log.sqlite");
}

/**
 * Makes the directory if need be, locks it, and brings its database to the schema of this program.
 * @returns the way to let go of the lock
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`
 */
export function claimDirectory(path: string, migrations: readonly Migration[]): () => void {
	const directory = resolve(path);
	let lock: Database.Database | undefined;
	try {
		mkdirSync(directory, { recursive: true });
		lock = lockDirectory(directory);
		migrateFile(logFile(directory), migrations);
		// A file is only there after a power cut if the directory that names it was synced as well.
		for (const folder of [directory, dirname(directory)]) syncDirectory(folder);
		const held = lock;
		return () => held.close();
	} catch (error) {
		lock?.close();
		throw isRefusal(error) ? error : refusalOf(error, directory);
	}
}

/** Opens the database for the writer. */
export function openForWriting(file: string): Database.Database {
	const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
	database.pragma(`cache_size = -${CACHE_KIB}`);
	database.pragma("synchronous = FULL");
	database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
	database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
	// What is erased is overwritten with zeros; and what SQLite moves while it divides pages leaves
	// no copy behind, which no erasing would find. Divided pages are few: it costs appends nothing.
	database.pragma("secure_delete = ON");
	registerFunctions(database);
	return database;
}

/** Opens the database for reading; nothing it is asked can change it. */
export function openForReading(file: string): Database.Database {
	const database = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
	database.pragma(`cache_size = -${CACHE_KIB}`);
	return database;
}

/** What an error on opening says of the directory. */
export function refusalOf(error: unknown, directory: string): Refusal {
	if (existsSync(directory) && isDiskFull(error, logFile(directory))) {
		return new Refusal("disk-full", { path: directory });
	}
	return new Refusal("data-directory-unusable", { path: directory, reason: messageOf(error) });
}

function lockDirectory(directory: string): Database.Database {
	const lock = new Database(join(directory, "lock"), { timeout: 0 });
	try {
		lock.exec("BEGIN EXCLUSIVE");
		return lock;
	} catch (error) {
		lock.close();
		if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
		throw new Refusal("data-directory-in-use", { path: directory });
	}
}

function migrateFile(file: string, migrations: readonly Migration[]): void {
	const database = openForWriting(file);
	try {
		database.pragma(`page_size = ${PAGE_BYTES}`);
		database.pragma("journal_mode = WAL");
		const application = database.pragma("application_id", { simple: true });
		const isEmpty = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
		if (application !== APPLICATION_ID && !isEmpty) {
			throw new Error("log.sqlite is the database of another program");
		}
		const schema = () => Number(database.pragma("user_version", { simple: true }));
		const apply = database.transaction((number: number, sql: string) => {
			database.exec(sql);
			database.pragma(`application_id = ${APPLICATION_ID}`);
			database.pragma(`user_version = ${number}`);
		});
		migrate({ schema, apply: apply.immediate }, dirname(file), migrations);
	} finally {
		database.close();
	}
}

function syncDirectory(folder: string): void {
	const descriptor = openSync(folder, "r");
	try {
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
