/**
 * A data directory out of a backup.
 *
 *     DATA/restoring/    copied, brought to this program's schema, verified, given its number
 *     DATA/log.sqlite    renamed out of there, last of all: the directory holds a log or none
 *
 * The next restore removes the files of an interrupted one, and no server takes them for a log.
 */
import {
	existsSync,
	mkdirSync,
	readdirSync,
	renameSync,
	rmdirSync,
	rmSync,
	statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isRefusal, Refusal } from "../errors.ts";
import type { Verification } from "../log/log.ts";
import {
	APPLICATION_ID,
	type Connection,
	incarnationOf,
	leaveReadable,
	lockDirectory,
	logFile,
	messageOf,
	migrateCopy,
	openSettled,
	provideTemporaryPlace,
	ReadableLog,
	raiseIncarnation,
	refusalOf,
	syncDirectory,
	syncFile,
	takeSnapshot,
} from "../log/sqlite/copies.ts";
import { type Measure, verifyCopy } from "./progress.ts";
import {
	copyKeys,
	isWithin,
	KEY_FILES,
	type LastCheck,
	lastCheckOf,
	readRecord,
} from "./target.ts";

export type RestoreOptions = {
	readonly verify: boolean;
	/** The history was not replaced: nothing was appended to the log after the backup. */
	readonly sameHistory: boolean;
	/** The restored history's number is at least this; else the seconds since 1970. */
	readonly incarnation?: number;
	readonly signal?: AbortSignal;
	/** The copying begins. */
	copying?(measure: Measure): void;
	/** The copy is there, and is being read. */
	verifying?(measure: Measure): void;
};

export type RestoreResult = {
	/** Undefined if the backup failed its verification: nothing was restored. */
	readonly incarnation: number | undefined;
	readonly verification?: Verification;
	/** Of the backup; undefined if it is the copy of a data directory. */
	readonly lastCheck: LastCheck | undefined;
};

/** Pages of 4 KiB between two looks at the signal. */
const PAGES_AT_ONCE = 2000;

/** Files that may lie in a directory that is restored into. */
const IGNORED = ["lock", "lock-journal", "restoring", "lost+found"];

/**
 * Restores `backup` into `data`, which is made if there is none.
 * @throws Refusal `backup-unusable`, `data-directory-unusable`, `data-directory-in-use`,
 *   `newer-schema`, `disk-full`
 */
export async function restore(
	backup: string,
	data: string,
	options: RestoreOptions,
): Promise<RestoreResult> {
	const [from, directory] = [resolve(backup), resolve(data)];
	provideTemporaryPlace(directory);
	const source = new BackupLog(from);
	let made: string | undefined;
	let lock: Connection | undefined;
	try {
		if (isWithin(directory, from)) throw unusable(directory, "it is inside the backup");
		refuseFilled(directory);
		made = mkdirSync(directory, { recursive: true });
		lock = lockDirectory(directory);
		refuseFilled(directory);
		const record = readRecord(from);
		const staged = await stage(source.database, from, directory, options);
		return { ...staged, lastCheck: record && lastCheckOf(record) };
	} catch (error) {
		if (isRefusal(error) || options.signal?.aborted) throw error;
		throw refusalOf(error, directory);
	} finally {
		source.close();
		if (lock) rmSync(join(directory, "restoring"), { recursive: true, force: true });
		lock?.close();
		if (made !== undefined && !existsSync(logFile(directory))) removeMade(directory, made);
	}
}

async function stage(
	source: Connection,
	from: string,
	directory: string,
	options: RestoreOptions,
): Promise<Omit<RestoreResult, "lastCheck">> {
	const staging = join(directory, "restoring");
	rmSync(staging, { recursive: true, force: true });
	mkdirSync(staging);
	const file = logFile(staging);
	await copyPages(source, file, options);
	migrateCopy(file, "WAL");

	let verification: Verification | undefined;
	if (options.verify) {
		verification = await verifyCopy(staging, options);
		if (!verification.ok) return { incarnation: undefined, verification };
	}
	const incarnation = options.sameHistory
		? incarnationOf(file)
		: raiseIncarnation(staging, options.incarnation ?? Math.floor(Date.now() / 1000));

	syncFile(file);
	copyKeys(from, staging);
	// The log comes last: with it the directory holds one.
	for (const name of ["incarnation", ...KEY_FILES, "log.sqlite"]) {
		if (existsSync(join(staging, name))) renameSync(join(staging, name), join(directory, name));
	}
	leaveReadable(logFile(directory));
	for (const folder of [directory, dirname(directory)]) syncDirectory(folder);
	return { incarnation, ...(verification && { verification }) };
}

async function copyPages(
	source: Connection,
	file: string,
	{ signal, copying }: RestoreOptions,
): Promise<void> {
	let [copied, all] = [0, 1];
	copying?.({ events: () => copied, unit: "pages", fraction: () => copied / all });
	await source.backup(file, {
		progress({ totalPages, remainingPages }) {
			signal?.throwIfAborted();
			[copied, all] = [totalPages - remainingPages, totalPages];
			return PAGES_AT_ONCE;
		},
	});
}

/** The log of a backup, and its snapshot. */
class BackupLog {
	readonly database: Connection;
	readonly #readable: ReadableLog;

	/**
	 * @param path of the backup. A copy of a data directory will do, too, if no process has it
	 * @throws Refusal `backup-unusable`
	 */
	constructor(path: string) {
		if (!existsSync(logFile(path))) throw unusable(path, missing(path));
		refuseInUse(path);
		this.#readable = readableOf(path);
		try {
			this.database = openSnapshot(this.#readable.file, path);
		} catch (error) {
			this.#readable.close();
			throw isRefusal(error) ? error : unusable(path, messageOf(error));
		}
	}

	close(): void {
		this.database.close();
		this.#readable.close();
	}
}

function readableOf(path: string): ReadableLog {
	try {
		return new ReadableLog(path);
	} catch (error) {
		if (!isRefusal(error, "data-directory-unusable")) throw error;
		throw unusable(path, error.facts.reason);
	}
}

function openSnapshot(file: string, path: string): Connection {
	const database = openSettled(file);
	try {
		if (database.pragma("application_id", { simple: true }) !== APPLICATION_ID)
			throw unusable(path, "its log.sqlite is the database of another program");
		takeSnapshot(database);
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

function missing(path: string): string {
	if (!existsSync(path)) return "there is nothing there";
	if (!existsSync(join(path, "partial"))) return "it holds no backup";
	return "its first backup was never finished; run varve backup again";
}

/** If the file system is read-only, no process can have the backup open for writing. */
function refuseInUse(path: string): void {
	if (!existsSync(join(path, "lock"))) return;
	try {
		lockDirectory(path).close();
	} catch (error) {
		if (isRefusal(error)) throw error;
	}
}

function refuseFilled(directory: string): void {
	if (!existsSync(directory)) return;
	const refuse = (reason: string) =>
		new Refusal("data-directory-unusable", { path: directory, reason });
	if (!statSync(directory).isDirectory()) throw refuse("it is a file");
	const found = readdirSync(directory);
	if (found.includes("log.sqlite"))
		throw refuse("it holds a log, and a restore never overwrites one; move it away first");
	// One that was killed while it put its files in their place, the log last, left the others.
	const ignored = found.includes("restoring") ? [...IGNORED, "incarnation", ...KEY_FILES] : IGNORED;
	const [other] = found.filter((name) => !ignored.includes(name));
	if (other !== undefined) throw refuse(`it is not empty: it holds ${other}`);
}

/** A restore that failed leaves no directory that it made. */
function removeMade(directory: string, made: string): void {
	rmSync(join(directory, "lock"), { force: true });
	for (let folder = directory; ; folder = dirname(folder)) {
		rmdirSync(folder);
		if (folder === made) return;
	}
}

function unusable(path: string, reason: string): Refusal {
	return new Refusal("backup-unusable", { path, reason });
}
