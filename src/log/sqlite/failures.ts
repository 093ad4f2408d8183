/**
 * Tells failures apart: a full disk and a lock of another program, which are answered with a
 * refusal; a broken disk, which is a fault; a sync that failed, after which nothing may be written;
 * stored rows that cannot be read; and a medium that takes no writes.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Refusal } from "../../errors.ts";
import type { Answer } from "./protocol.ts";

/**
 * If growing a file failed for another reason than SQLITE_FULL, this much room rules out a full
 * disk.
 */
const ROOM_BYTES = 1024 * 1024;

/** When a client asks again: each attempt waits some seconds for the lock, besides. */
const LOCKED_RETRY_SECONDS = 2;

const LOCKED = { retryAfterSeconds: LOCKED_RETRY_SECONDS };

/** The answer to every append of a failed transaction. */
export function failureOf(error: unknown, file: string): Answer {
	if (isUnreadable(error) || isTaken(error)) {
		const part = "what has to be known to write this";
		return { word: "log-damaged", facts: { part, reason: causeOf(error) } };
	}
	if (isDiskFull(error, file)) return { word: "disk-full", facts: { path: dirname(file) } };
	if (isLocked(error)) return { word: "log-locked", facts: LOCKED };
	return { fault: causeOf(error) };
}

/** An error in one line, as operators search for it: `SQLITE_IOERR_FSYNC: disk I/O error`. */
export function causeOf(error: unknown): string {
	const code = codeOf(error);
	const message = messageOf(error);
	return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}

/**
 * Whether `error` says that a sync failed, for whatever reason, a full disk included.
 * The system may have dropped what it could not write and call the rest clean, so that a second
 * sync succeeds and means nothing. Only a recovery can tell what is on the disk.
 */
export function isSyncFailure(error: unknown): boolean {
	const code = codeOf(error);
	return code === "SQLITE_IOERR_FSYNC" || code === "SQLITE_IOERR_DIR_FSYNC";
}

/** A row that must be in the database is missing. */
export class MissingRows extends Error {
	override readonly name = "MissingRows";
}

/** Two facts in the database contradict each other. */
export class Contradiction extends Error {
	override readonly name = "Contradiction";
}

/** @throws MissingRows if a look-up did not find a row or a value that must be there */
export function present<T>(found: T | null | undefined, what: string): T {
	if (found === undefined || found === null) throw new MissingRows(`${what} is missing`);
	return found;
}

/**
 * Whether `error` says that stored rows cannot be read: a page is damaged, or the disk cannot read
 * it. Trying again does not help; requests that do not need these rows go on.
 */
export function isUnreadable(error: unknown): boolean {
	if (error instanceof MissingRows || error instanceof Contradiction) return true;
	const code = codeOf(error) ?? "";
	return code.startsWith("SQLITE_CORRUPT") || UNREADABLE.has(code);
}

/** SQLite has a word of its own for some reasons why a disk does not give a page. */
const UNREADABLE: ReadonlySet<string> = new Set([
	"SQLITE_NOTADB",
	"SQLITE_IOERR_READ",
	"SQLITE_IOERR_SHORT_READ",
	"SQLITE_IOERR_CORRUPTFS",
	"SQLITE_IOERR_DATA",
]);

/**
 * Whether a row exists although its number seemed free. Numbers follow from the rows that are
 * there, so some of those must be lost.
 */
function isTaken(error: unknown): boolean {
	const code = codeOf(error);
	return code === "SQLITE_CONSTRAINT_PRIMARYKEY" || code === "SQLITE_CONSTRAINT_UNIQUE";
}

/**
 * The error to throw for a failed read: a refusal if `part` of the log cannot be read, or another
 * program has locked the log.
 */
export function refusalOr(error: unknown, part: string): unknown {
	if (isLocked(error)) return new Refusal("log-locked", LOCKED);
	if (!isUnreadable(error)) return error;
	return new Refusal("log-damaged", { part, reason: causeOf(error) });
}

/**
 * Whether `error` says the disk is full. Most writes say so with SQLITE_FULL; growing the WAL's
 * index says SQLITE_IOERR_… and leaves it to us to look.
 */
export function isDiskFull(error: unknown, file: string): boolean {
	const code = codeOf(error);
	if (isSyncFailure(error)) return false;
	if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "EDQUOT") return true;
	if (!code?.startsWith("SQLITE_IOERR") && code !== "SQLITE_CANTOPEN") return false;
	const { bavail, bsize } = statfsSync(dirname(file));
	return bavail * bsize < ROOM_BYTES;
}

/**
 * Whether `error` says that another program holds a lock on the database for longer than we wait.
 * SQLite has changed nothing then. The second code says that a lock did not come free in time where
 * locks are held for a moment only.
 */
export function isLocked(error: unknown): boolean {
	const code = codeOf(error);
	return code?.startsWith("SQLITE_BUSY") === true || code === "SQLITE_PROTOCOL";
}

/** Whether `error` says that reading a database takes a write beside it, and that this failed. */
export function isReadOnlyMedium(error: unknown): boolean {
	const code = codeOf(error);
	return (
		code?.startsWith("SQLITE_READONLY") === true || code?.startsWith("SQLITE_CANTOPEN") === true
	);
}

/** Whether `error` says that a file holds bytes that SQLite did not write there. */
export function isDamage(error: unknown): boolean {
	const code = codeOf(error);
	return code?.startsWith("SQLITE_CORRUPT") === true || code === "SQLITE_NOTADB";
}

export function messageOf(error: unknown): string {
	// An error of another thread comes without its class.
	const { message } = (error ?? {}) as { message?: unknown };
	return typeof message === "string" ? message : String(error);
}

/** The code of SQLite or of the system. */
export function codeOf(error: unknown): string | undefined {
	const code = (error as { code?: unknown } | undefined)?.code;
	return typeof code === "string" ? code : undefined;
}
