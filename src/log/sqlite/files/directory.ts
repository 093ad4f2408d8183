/**
 * The data directory: which files lie in it, and how its database is opened.
 *
 *     log.sqlite   the log
 *     log.sqlite-wal, -shm   the WAL and its index; empty after an orderly stop, see medium.ts
 *     log.key, log.checkpoint   the signing key, and the last signed head; see tree/signer.ts
 *     purged.json  up to where caches were purged; see src/purging
 *     incarnation  the highest number a history in it was given; from the second one on
 *     log.schema-2.sqlite   the log as it was before an upgrade; see upgrade.ts
 *     lock         an empty database that is locked as long as a process has the directory; the
 *                  lock is the operating system's, so it ends with the process, however it ends
 */
import { closeSync, existsSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { causeOf, isDiskFull, isLocked, isReadOnlyMedium } from "../failures.ts";
import { CHECKPOINT_PAGES } from "./checkpoint.ts";
import { registerFunctions } from "./functions.ts";
import { isWritableDirectory, temporaryStore } from "./temporary.ts";

/**
 * Each connection's own page cache; more is the operating system's to give. The writer comes back
 * to the pages that hold the ids and the ends of the streams it appends to; a reader to little more
 * than the inner pages. Those of ten million events are 9 MiB: keeping them all made a page of 20
 * events no more than 5 % cheaper.
 */
const WRITING_CACHE_KIB = 8 * 1024;
const READING_CACHE_KIB = 2 * 1024;
/** A copy is filled by one connection, in a process of its own. */
export const COPYING_CACHE_KIB = 64 * 1024;

/** A WAL that grew because a long read held it shrinks to this size afterwards. */
const WAL_BYTES_KEPT = 64 * 1024 * 1024;

/** For how long a foreign process (a backup, a shell) may hold the file before a write fails. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * The same for reads in the thread that serves requests: all of them wait meanwhile. While a server
 * has the log open, nobody else can get a lock that keeps reads out, unless by going round SQLite.
 */
export const SERVING_TIMEOUT_MS = 100;

/** The types of better-sqlite3 that the rest of this engine needs. */
export type Connection = Database.Database;
export type Statement = Database.Statement;

export function logFile(directory: string): string {
	return join(directory, "log.sqlite");
}

/** Opens the database for the writer. */
export function openForWriting(file: string): Connection {
	const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
	database.pragma(`cache_size = -${WRITING_CACHE_KIB}`);
	database.pragma("synchronous = FULL");
	database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
	database.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
	// SQLite overwrites erased bytes with zeros. Rows that it moves while it divides pages also leave
	// no copy behind, which no erasure would find. Divided pages are few: it costs appends nothing.
	database.pragma("secure_delete = ON");
	database.pragma(`temp_store = ${temporaryStore()}`);
	registerFunctions(database);
	return database;
}

/**
 * Opens the database for reading; no statement can change it.
 * @param timeoutMs how long a read waits if another program has locked it
 */
export function openForReading(file: string, timeoutMs = BUSY_TIMEOUT_MS): Connection {
	const database = new Database(file, { readonly: true, timeout: timeoutMs });
	database.pragma(`cache_size = -${READING_CACHE_KIB}`);
	database.pragma(`temp_store = ${temporaryStore()}`);
	return database;
}

/**
 * Opens a log to which rows are copied out of another one that is attached to it.
 * @param file of the copy, at this program's schema
 */
export function openCopy(file: string): Connection {
	const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
	database.pragma("synchronous = FULL");
	database.pragma(`cache_size = -${COPYING_CACHE_KIB}`);
	database.pragma(`temp_store = ${temporaryStore()}`);
	// Erasures in the source are overwritten with zeros here as well.
	database.pragma("secure_delete = ON");
	registerFunctions(database);
	return database;
}

/**
 * Opens a copy of a log that no server has open. One that was interrupted in its transaction has to
 * be rolled back first, which takes the right to write; any other is only read.
 */
export function openSettled(file: string): Connection {
	const isInterrupted = existsSync(`${file}-journal`) && statSync(`${file}-journal`).size > 0;
	return new Database(file, { readonly: !isInterrupted, timeout: BUSY_TIMEOUT_MS });
}

/** The refusal for an error that opening the directory met. */
export function refusalOf(error: unknown, directory: string): Refusal {
	if (existsSync(directory) && isDiskFull(error, logFile(directory))) {
		return new Refusal("disk-full", { path: directory });
	}
	const cause = causeOf(error);
	const advice = adviceOn(error, directory);
	const reason = advice === undefined ? cause : `${advice} (${cause})`;
	return new Refusal("data-directory-unusable", { path: directory, reason });
}

function adviceOn(error: unknown, directory: string): string | undefined {
	if (isLocked(error)) {
		return "another program, such as a backup tool or a database shell, holds a lock on a file of it";
	}
	if ((isReadOnlyMedium(error) || !existsSync(directory)) && !mayBeWritten(directory)) {
		return "this process cannot write to it; is it on a read-only medium, or does it belong to another user?";
	}
	return undefined;
}

/** Of a directory that is not there, the one in which it would be made counts. */
function mayBeWritten(directory: string): boolean {
	const parent = dirname(directory);
	if (existsSync(directory) || parent === directory) return isWritableDirectory(directory);
	return mayBeWritten(parent);
}

export function syncFile(file: string): void {
	const descriptor = openSync(file, "r");
	try {
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}

/** Makes files that were created, renamed or removed in a folder survive a power cut. */
export function syncDirectory(folder: string): void {
	syncFile(folder);
}
