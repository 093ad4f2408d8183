/**
 * WAL checkpoints: SQLite copies the pages of the WAL into the database file, and the WAL starts
 * anew.
 *
 * SQLite would make them by itself inside a commit, and hide their failures. Here a failure is
 * reported, no client waits for a checkpoint, and a sync that failed is never tried again as if
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
 * Takes over the WAL checkpoints of a connection from SQLite.
 * @param own false leaves the WAL to another process, which must move it into the database
 * @returns a function to call after each commit; it makes a checkpoint if one is due
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
 * Copies the pages of the WAL that no reader still needs there, and syncs both files. A full disk
 * only delays it: the WAL has everything, and appends are refused with `disk-full`.
 * @throws SQLite's error if reading, writing or a sync failed
 */
export function checkpoint(database: Database.Database): void {
	try {
		database.exec(CHECKPOINT);
	} catch (error) {
		if (!isDiskFull(error, database.name)) throw error;
	}
}
