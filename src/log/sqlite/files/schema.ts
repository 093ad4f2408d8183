/** The schema of a database: which one it is at, and how it comes to that of this program. */
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import { type Migration, migrationsFor, missingMigrations } from "../../migrate.ts";
import { checkpoint } from "./checkpoint.ts";
import { openForReading, openForWriting, openSettled, refusalOf } from "./directory.ts";

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

/** The number of the last migration that was applied to a database. */
export function schemaOf(database: Database.Database): number {
	return Number(database.pragma("user_version", { simple: true }));
}

/**
 * Brings a database to the schema of this program; makes it if there is none.
 * @param journal without a WAL, the one file can be read on a read-only disk: a backup
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
		refuseForeign(database);
		// A crash leaves a WAL whose last sync may have failed. Its pages are written and synced
		// once more before anything is built upon them.
		checkpoint(database);
		if (schemaOf(database) === migrations.length) return;
		applyAll(database, migrations);
		// Closing would do this too, and hide a failure.
		checkpoint(database);
	} finally {
		database.close();
	}
}

function refuseForeign(database: Database.Database): void {
	const application = database.pragma("application_id", { simple: true });
	const isEmpty = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
	if (application === APPLICATION_ID || isEmpty) return;
	throw new Error("log.sqlite is the database of another program");
}

/** All steps are one transaction: a crash leaves the old schema. */
function applyAll(database: Database.Database, migrations: readonly Migration[]): void {
	const apply = database.transaction((number: number, sql: string) => {
		database.exec(sql);
		database.pragma(`application_id = ${APPLICATION_ID}`);
		database.pragma(`user_version = ${number}`);
	});
	const all = () => {
		const missing = missingMigrations(dirname(database.name), schemaOf(database), migrations);
		for (const { number, sql } of missing) apply(number, sql);
	};
	database.transaction(all).immediate();
}

/**
 * Whether a database that is only read, and not migrated, has all this program looks for.
 * @returns the reason why not; undefined if it has
 */
export function schemaFault(file: string, path: string): Refusal | undefined {
	const known = migrationsFor("sqlite").length;
	if (schemaIn(file, openForReading) >= known) return undefined;
	const reason = "an older program wrote it; `varve serve` brings it up to date";
	return new Refusal("data-directory-unusable", { path, reason });
}

/**
 * For programs that copy a log unchanged: it must be at the schema of this program.
 * @param file its database, or a private copy of that
 * @throws Refusal `newer-schema`, `data-directory-unusable`
 */
export function refuseOtherSchema(file: string, directory: string): void {
	const known = migrationsFor("sqlite").length;
	let found: number;
	try {
		found = schemaIn(file, openForReading);
	} catch (error) {
		throw refusalOf(error, directory);
	}
	if (found > known) throw new Refusal("newer-schema", { path: directory, found, known });
	if (found === known) return;
	const reason = `it is at schema ${found} and this varve at ${known}; use the version that serves it`;
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

/** Whether a copy is at an older schema. One that was interrupted is rolled back first. */
export function isOlder(file: string): boolean {
	return schemaIn(file, openSettled) < migrationsFor("sqlite").length;
}

function schemaIn(file: string, open: (file: string) => Database.Database): number {
	const database = open(file);
	try {
		return schemaOf(database);
	} finally {
		database.close();
	}
}
