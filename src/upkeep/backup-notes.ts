/**
 * What a data directory knows of its backups: each run of a backup leaves a note in it, one file
 * for each target. A note says how it was when the run ended; nobody looks whether the backup is
 * still there.
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { readUpkeep, upkeepFolder, writeUpkeep } from "./files.ts";

export type BackupNote = {
	/** The directory of the backup, as the run saw it. */
	readonly target: string;
	/** ISO 8601, when the copy was whole. */
	readonly finished: string;
	/** Events in it. */
	readonly events: number;
	readonly incarnation: number;
	/** ISO 8601, when a run last found all of it sound; absent if none has. */
	readonly lastVerified?: string;
	/** How many faults the last verification of it found; absent if it found none. */
	readonly faults?: number;
};

/** More targets than anybody has; the rest of a strange folder is not read. */
const TARGETS_MAX = 100;
const NAME = /^backup-[\da-f]{16}\.json$/;
const TARGET_CHARACTERS_MAX = 4096;

/** @throws the system's error, if the directory cannot be written */
export async function noteBackup(directory: string, note: BackupNote): Promise<void> {
	const hash = createHash("sha256").update(note.target).digest("hex").slice(0, 16);
	await writeUpkeep(directory, `backup-${hash}.json`, note);
}

/** The newest first. */
export async function knownBackups(directory: string): Promise<BackupNote[]> {
	const names = await readdir(upkeepFolder(directory)).catch(() => []);
	const files = names.filter((name) => NAME.test(name)).slice(0, TARGETS_MAX);
	const notes = await Promise.all(files.map((name) => readUpkeep(directory, name)));
	return notes
		.map(noteOf)
		.filter((note) => note !== undefined)
		.sort((one, other) => (one.finished < other.finished ? 1 : -1));
}

/** Anybody who can write into the directory can write such a file. */
function noteOf(value: unknown): BackupNote | undefined {
	if (typeof value !== "object" || value === null) return undefined;
	const { target, finished, events, incarnation, lastVerified, faults } = value as Partial<
		Record<keyof BackupNote, unknown>
	>;
	if (typeof target !== "string" || target.length > TARGET_CHARACTERS_MAX) return undefined;
	if (!isTime(finished) || !isCount(events) || !isCount(incarnation)) return undefined;
	const checked = isTime(lastVerified) ? { lastVerified } : {};
	return { target, finished, events, incarnation, ...checked, ...(isCount(faults) && { faults }) };
}

function isTime(value: unknown): value is string {
	return typeof value === "string" && value.length < 40 && !Number.isNaN(Date.parse(value));
}

function isCount(value: unknown): value is number {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}
