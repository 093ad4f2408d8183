/** The claim to a data directory: one process at a time has it. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { Migration } from "../../migrate.ts";
import { type Connection, logFile, refusalOf, syncDirectory } from "./directory.ts";
import { migrateFile } from "./schema.ts";
import { provideTemporaryPlace } from "./temporary.ts";
import { prepareUpgrade, type Upgrade } from "./upgrade.ts";

/**
 * Makes the directory if need be, locks it, and brings its database to the schema of this program.
 * @returns a function that lets go of the lock
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`
 */
export function claimDirectory(
	path: string,
	migrations: readonly Migration[],
	upgrade: Upgrade = { keepsCopy: true },
): () => void {
	const directory = resolve(path);
	let lock: Connection | undefined;
	try {
		mkdirSync(directory, { recursive: true });
		provideTemporaryPlace(directory);
		lock = lockDirectory(directory);
		refuseCopies(directory);
		prepareUpgrade(logFile(directory), migrations, upgrade);
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

/**
 * Takes the lock of an existing directory, for as long as the connection is open.
 * @throws Refusal `data-directory-in-use`
 */
export function lockDirectory(directory: string): Connection {
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

/** Whether a process has an existing directory; nothing is made or written to find out. */
export function isClaimed(directory: string): boolean {
	const file = join(directory, "lock");
	if (!existsSync(file)) return false;
	const lock = new Database(file, { readonly: true, timeout: 0 });
	try {
		// Any read takes the shared lock for a moment; an exclusive lock refuses that.
		lock.pragma("schema_version");
		return false;
	} catch (error) {
		if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
		return true;
	} finally {
		lock.close();
	}
}

/** Refuses directories whose log is a backup or an unfinished restore, not the log to serve. */
function refuseCopies(directory: string): void {
	const refuse = (reason: string) =>
		new Refusal("data-directory-unusable", { path: directory, reason });
	if (existsSync(join(directory, "backup.json")))
		throw refuse("it is a backup; varve restore makes a data directory from it");
	if (existsSync(join(directory, "restoring")) && !existsSync(logFile(directory)))
		throw refuse(
			"a restore into it did not finish; run the restore again, or remove the folder restoring in it",
		);
}
