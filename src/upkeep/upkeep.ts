/** The care of one log: its verifications, and what is known of its backups. */
import type { Log } from "../log/log.ts";
import type { OperatorLog } from "../observe/operator-log.ts";
import { type BackupNote, knownBackups } from "./backup-notes.ts";
import { openVerifications, type Verifications } from "./verifications.ts";

export interface Upkeep {
	readonly verifications: Verifications;
	/** The newest first. */
	backups(): Promise<readonly BackupNote[]>;
}

/** @param directory of the log */
export async function openUpkeep(
	log: Pick<Log, "verify">,
	directory: string,
	operatorLog: OperatorLog,
): Promise<Upkeep> {
	const verifications = await openVerifications(log, directory, operatorLog);
	return { verifications, backups: () => knownBackups(directory) };
}
