/**
 * The door for `src/backup/`: all parts of this engine that it uses. A backup is a log of this
 * engine, and its rows and pages are copied unchanged. So the SQL of backups knows the tables, too.
 */
import { migrationsFor } from "../migrate.ts";
import type { Connection } from "./files/directory.ts";
import { migrateFile } from "./files/schema.ts";
import * as sql from "./statements.ts";

export { FLAGS_ERASED } from "../appending/flags.ts";
export { isDamage, isReadOnlyMedium, messageOf } from "./failures.ts";
export { CHECKPOINT_PAGES } from "./files/checkpoint.ts";
export { lockDirectory } from "./files/claim.ts";
export {
	COPYING_CACHE_KIB,
	type Connection,
	logFile,
	openCopy,
	openSettled,
	refusalOf,
	type Statement,
	syncDirectory,
	syncFile,
} from "./files/directory.ts";
export { incarnationOf, raiseIncarnation } from "./files/incarnation.ts";
export { leaveReadable, ReadableLog } from "./files/medium.ts";
export { APPLICATION_ID, isOlder, refuseOtherSchema } from "./files/schema.ts";
export { provideTemporaryPlace } from "./files/temporary.ts";
export { LAST_POSITION, placeOf } from "./spans.ts";
export { Additions, type EntryRow, type OnEntries } from "./verify/additions.ts";
export { verifyDirectory } from "./verify/verifier.ts";

/**
 * Brings a copy to this program's schema; makes it if there is none.
 * @param journal `DELETE` for a backup: its one file can be read on a read-only disk
 */
export function migrateCopy(file: string, journal: "WAL" | "DELETE"): void {
	migrateFile(file, migrationsFor("sqlite"), journal);
}

/**
 * Does `work` in one transaction, which is undone if it fails. The snapshot is taken by the first
 * read, of each of the databases that are attached.
 */
export async function inTransaction(
	connection: Connection,
	work: () => Promise<void> | void,
): Promise<void> {
	connection.exec(sql.BEGIN_READ);
	try {
		await work();
		connection.exec(sql.COMMIT);
	} catch (error) {
		if (connection.inTransaction) connection.exec(sql.ROLLBACK);
		throw error;
	}
}

/** Takes the snapshot of a connection that only reads, for as long as it is open. */
export function takeSnapshot(connection: Connection): void {
	connection.exec(sql.BEGIN_READ);
	connection.prepare("SELECT count(*) FROM sqlite_schema").get();
}
