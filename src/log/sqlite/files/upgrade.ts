/**
 * The way back from an upgrade. Before a migration brings a log to a newer schema, the file is
 * copied beside it, as `log.schema-2.sqlite`. An older program can serve that copy.
 *
 * If the file system can share blocks (btrfs, XFS), the copy is instant and takes no room.
 */
import { constants, copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { Migration } from "../../migrate.ts";
import { isDiskFull } from "../failures.ts";
import { openForWriting, syncDirectory, syncFile } from "./directory.ts";
import { schemaOf } from "./schema.ts";

export type Upgrade = {
	/** Whether to keep the log as it was. */
	readonly keepsCopy: boolean;
	/** Called before the copy and the migration begin: both may take minutes. */
	onUpgrade?(upgrade: { found: number; known: number; copy: string | undefined }): void;
};

/**
 * Copies the file that a migration is about to change.
 * @param file of the database, in a directory that is locked
 * @throws Refusal `data-directory-unusable` if the copy fails: nothing was changed
 */
export function prepareUpgrade(
	file: string,
	migrations: readonly Migration[],
	{ keepsCopy, onUpgrade }: Upgrade,
): void {
	const known = migrations.at(-1)?.number ?? 0;
	const found = existsSync(file) ? settledSchema(file, known) : 0;
	if (found === 0 || found >= known) return;
	const copy = join(dirname(file), `log.schema-${found}.sqlite`);
	onUpgrade?.({ found, known, copy: keepsCopy ? copy : undefined });
	if (keepsCopy) copyLog(file, copy);
}

/** The schema of a database. If it is older than `known`, the WAL is moved into the file first. */
function settledSchema(file: string, known: number): number {
	const database = openForWriting(file);
	try {
		const schema = schemaOf(database);
		if (schema !== 0 && schema < known) database.pragma("wal_checkpoint(TRUNCATE)");
		return schema;
	} finally {
		database.close();
	}
}

function copyLog(file: string, copy: string): void {
	const directory = dirname(file);
	const refuse = (reason: string) =>
		new Refusal("data-directory-unusable", { path: directory, reason });
	// The last connection to close removes it.
	if (existsSync(`${file}-wal`)) {
		throw refuse(
			"the log needs an upgrade, but another process has it open (a backup, Litestream, a shell)",
		);
	}
	const unfinished = `${copy}.new`;
	try {
		copyFileSync(file, unfinished, constants.COPYFILE_FICLONE);
		syncFile(unfinished);
		renameSync(unfinished, copy);
		syncDirectory(directory);
	} catch (error) {
		rmSync(unfinished, { force: true });
		if (isRefusal(error) || !isDiskFull(error, file)) throw error;
		throw refuse(
			"there is no room for a copy of the log before the upgrade; free some, or back the log up " +
				"and start with --upgrade-copy=no",
		);
	}
}
