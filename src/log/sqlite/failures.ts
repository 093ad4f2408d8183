/**
 * Tells a full disk, which is answered, from a broken one, which is a fault; and from a sync that
 * failed, after which nothing may be written any more.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Answer } from "./protocol.ts";

/**
 * Where growing a file failed for another reason than SQLITE_FULL, this much room rules out a full
 * disk.
 */
const ROOM_BYTES = 1024 * 1024;

/** What every append of a failed transaction is answered. */
export function failureOf(error: unknown, file: string): Answer {
	if (isDiskFull(error, file)) return { word: "disk-full", facts: { path: dirname(file) } };
	return { fault: causeOf(error) };
}

/** An error in one line, as operators search for it: `SQLITE_IOERR_FSYNC: disk I/O error`. */
export function causeOf(error: unknown): string {
	const code = codeOf(error);
	const message = messageOf(error);
	return code === undefined || message.startsWith(code) ? message : `${code}: ${message}`;
}

/**
 * Whether `error` says that a sync failed, for whatever reason: a full disk is none that matters.
 * The system may have dropped what it could not write and call the rest clean, so that a second
 * sync succeeds and means nothing. What is on the disk only a recovery can tell.
 */
export function isSyncFailure(error: unknown): boolean {
	const code = codeOf(error);
	return code === "SQLITE_IOERR_FSYNC" || code === "SQLITE_IOERR_DIR_FSYNC";
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

/** Whether `error` says that a file holds what SQLite did not write there. */
export function isDamage(error: unknown): boolean {
	const code = codeOf(error);
	return code?.startsWith("SQLITE_CORRUPT") === true || code === "SQLITE_NOTADB";
}

export function messageOf(error: unknown): string {
	// An error of another thread comes without its class.
	const { message } = (error ?? {}) as { message?: unknown };
	return typeof message === "string" ? message : String(error);
}

function codeOf(error: unknown): string | undefined {
	const code = (error as { code?: unknown } | undefined)?.code;
	return typeof code === "string" ? code : undefined;
}
