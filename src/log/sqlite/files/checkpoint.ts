/**
 * Checkpoints: what the WAL holds is copied into the database file, and the WAL starts anew.
 *
 * SQLite would make them by itself inside a commit, and keep to itself what goes wrong. Here a
 * failure is told, no client waits for one, and a sync that failed is never tried again as if
 * nothing had happened (decision 42).
 */
import type Database from "better-sqlite3";
import { isDiskFull } from "../failures.ts";
import { CHECKPOINT, SELECT_WAL_LENGTH } from "../statements.ts";

/**
 * Pages of 4 KiB in the WAL that make a checkpoint due, so one each 32 MiB: rarer ones fold more
 * writes of the same page into one.
 */
export const CHECKPOINT_PAGES = 8192;

/**
 * Takes the checkpoints of a connection over from SQLite.
 * @param own false leaves the WAL to another process, which must move it into the database
 * @returns to be called after each commit; makes a checkpoint where one is due
 */
export function takeCheckpoints(database: Database.Database, own: boolean): () => void {
	database.pragma("wal_autocheckpoint = 0");
	if (!own) return () => {};
	const walLength = database.prepare(SELECT_WAL_LENGTH).raw();
	return () => {
		const [, pages] = walLength.get() as [busy: number, pages: number, copied: number];
		if (pages >= CHECKPOINT_PAGES) checkpoint(database);
	};
}

/**
 * Copies as much of the WAL as no reader still needs where it was, and syncs both files. A full
 * disk only puts it off: the WAL has everything, and whoever appends is told.
 * @throws SQLite's error where reading, writing or a sync failed
 */
export function checkpoint(database: Database.Database): void {
	try {
		database.exec(CHECKPOINT);
	} catch (error) {
		if (!isDiskFull(error, database.name)) throw error;
	}
}
