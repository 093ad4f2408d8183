/**
 * The data directory: which files lie in it, and how its database is opened.
 *
 *     log.sqlite   the log (with -wal and -shm beside it while it is in use)
 *     log.key, log.checkpoint   who signs for it, and what was signed last; see tree/signer.ts
 *     purged.json  up to where caches were purged; see src/purging
 *     incarnation  the highest number a history in it was given; from the second one on
 *     log.schema-2.sqlite   the log as it was before an upgrade; see upgrade.ts
 *     lock         an empty database that is locked as long as a process has the directory; the
 *                  lock is the operating system's, so it ends with the process, however it ends
 */
import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { type Migration, migrate } from "../../migrate.ts";
import { causeOf, isDiskFull } from "../failures.ts";
import { CHECKPOINT_PAGES, checkpoint } from "./checkpoint.ts";
import { registerFunctions } from "./functions.ts";

/**
 * "Varv", in the header of the file: `file log.sqlite` tells it, and no other database passes for
 * ours.
 */
export const APPLICATION_ID = 0x56617276;

/**
 * Small events scattered over many streams dirty many pages a little, and a commit writes whole
 * pages. With 300,000 events in 10,000 streams, commits of 32 single appends ran at 19,400 events/s
 * on pages of 4 KiB, 16,100 on 8 KiB and 12,100 on 16 KiB; batches of 100 differ less, in the same
 * order.
 */
const PAGE_BYTES = 4096;

/**
 * Each connection's own page cache; more is the operating system's to give. The writer comes back
 * to the pages that hold the ids and the ends of the streams it appends to; a reader to little more
 * than the inner pages. Those of ten million events are 9 MiB: keeping them all made a page of 20
 * events no more than 5 % cheaper.
 */
const WRITING_CACHE_KIB = 8 * 1024;
const READING_CACHE_KIB = 2 * 1024;

/** What a WAL that had to grow (a long read held it) gives back to the disk afterwards. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/** For how long a foreign process (a backup, a shell) may hold the file before a write fails. */
export const BUSY_TIMEOUT_MS = 5000;

export function logFile(directory: string): string {
	return join(directory, "log.sqlite");
}

/** Opens the database for the writer. */
export function openForWriting(file: string): Database.Database {
	const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
	database.pragma(`cache_size = -${WRITING_CACHE_KIB}`);
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
	database.pragma(`cache_size = -${READING_CACHE_KIB}`);
	return database;
}

/** The number of the last migration that was applied to a database. */
export function schemaOf(database: Database.Database): number {
	return Number(database.pragma("user_version", { simple: true }));
}

/** What an error on opening says of the directory. */
export function refusalOf(error: unknown, directory: string): Refusal {
	if (existsSync(directory) && isDiskFull(error, logFile(directory))) {
		return new Refusal("disk-full", { path: directory });
	}
	return new Refusal("data-directory-unusable", { path: directory, reason: causeOf(error) });
}

/**
 * Brings a database to the schema of this program; makes it where there is none.
 * @param journal without a WAL, the one file can be read where nothing may be written: a backup
 */
export function migrateFile(
	file: string,
	migrations: readonly Migration[],
	journal: "WAL" | "DELETE" = "WAL",
): void {
	const database = openForWriting(file);
	try {
		database.pragma(`page_size = ${PAGE_BYTES}`);
		database.pragma(`journal_mode = ${journal}`);
		const application = database.pragma("application_id", { simple: true });
		const isEmpty = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
		if (application !== APPLICATION_ID && !isEmpty) {
			throw new Error("log.sqlite is the database of another program");
		}
		// A crash leaves a WAL whose last sync may have failed. What was found in it is written and
		// synced once more before anything is built upon it.
		checkpoint(database);
		const apply = database.transaction((number: number, sql: string) => {
			database.exec(sql);
			database.pragma(`application_id = ${APPLICATION_ID}`);
			database.pragma(`user_version = ${number}`);
		});
		if (schemaOf(database) === migrations.length) return;
		// All steps are one: a crash on the way leaves the schema there was.
		database
			.transaction(() => {
				migrate({ schema: () => schemaOf(database), apply }, dirname(file), migrations);
			})
			.immediate();
		// Closing would do this too, and tell nobody where it fails.
		checkpoint(database);
	} finally {
		database.close();
	}
}

export function syncFile(file: string): void {
	const descriptor = openSync(file, "r");
	try {
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export function syncDirectory(folder: string): void {
	syncFile(folder);
}
