/**
 * The directory of a backup. It is shaped like a data directory, so programs that read one can read
 * the other:
 *
 *     backup.json   the record of the backup: its source, and the state it is a copy of
 *     log.sqlite    the log, whole; a file of this name is never half a backup
 *     log.key       the key that signs for the log, if it has one: a secret, as the log is
 *     push-key      the key that signs what the server sends, if it has one: a secret, too
 *     partial/      the copy of a run until it is whole; the next run goes on with it. It is
 *                   `log.sqlite` of the first run, `newer.sqlite` of a later one: see newer.ts
 *     lock          held while a backup runs
 */
import {
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { isRefusal, Refusal } from "../errors.ts";
import {
	type Connection,
	lockDirectory,
	logFile,
	refusalOf,
	syncDirectory,
	syncFile,
} from "../log/sqlite/copies.ts";

/** The last verification of a whole backup. A later run checks the rows it adds itself. */
export type LastCheck = {
	/** ISO 8601, when a run last found all of it sound; absent if none has. */
	readonly lastVerified?: string | undefined;
	/** How many faults the last verification found; absent if it found none. */
	readonly faults?: number | undefined;
};

/** The content of `backup.json`. */
export type BackupRecord = LastCheck & {
	/** The data directory. */
	readonly of: string;
	/** ISO 8601; absent while the first copy is not finished. */
	readonly finished?: string;
	readonly events?: number;
	readonly incarnation?: number;
	/** Whether the run that finished the backup verified it. */
	readonly verified?: boolean;
};

/**
 * Files that may lie in a new target: those of the root of a file system, and those of a run that
 * ended before it could write its record.
 */
const IGNORED = ["lost+found", "lock", "lock-journal", "backup.json.new"];

/**
 * Makes the directory if need be, and locks it.
 * @param data the data directory, which exists
 * @throws Refusal `backup-unusable`, `data-directory-unusable`, `data-directory-in-use`,
 *   `disk-full`
 */
export function openTarget(given: string, data: string): Target {
	const path = resolve(given);
	refuseWithin(path, data);
	refuseForeign(path);
	const target = new Target(path, data, lockTarget(path));
	try {
		target.begin();
		return target;
	} catch (error) {
		target.close();
		throw error;
	}
}

/** @throws Refusal `data-directory-unusable`, `data-directory-in-use`, `disk-full` */
function lockTarget(path: string): Connection {
	try {
		mkdirSync(path, { recursive: true });
		return lockDirectory(path);
	} catch (error) {
		throw isRefusal(error) ? error : refusalOf(error, path);
	}
}

export class Target {
	readonly path: string;
	/** Whether there is no whole log in it yet. */
	readonly isFirst: boolean;
	/** The folder for an unfinished copy. */
	readonly partial: string;
	readonly #data: string;
	readonly #lock: Connection;

	/** @param lock that of the directory; it ends with the target */
	constructor(path: string, data: string, lock: Connection) {
		this.path = path;
		this.isFirst = !existsSync(logFile(path));
		this.partial = join(path, "partial");
		this.#data = data;
		this.#lock = lock;
	}

	/** The data directory to copy into: `partial` until there is a whole log. */
	get directory(): string {
		return this.isFirst ? this.partial : this.path;
	}

	/** Makes it a target, if it is a new one. */
	begin(): void {
		if (!this.isFirst) return;
		this.writeRecord({});
		mkdirSync(this.partial, { recursive: true });
	}

	/** Puts the first copy in its place. */
	promote(): void {
		syncFile(logFile(this.partial));
		renameSync(logFile(this.partial), logFile(this.path));
		syncDirectory(this.path);
		syncDirectory(dirname(this.path));
		rmSync(this.partial, { recursive: true });
	}

	/** Removes the rows that a later run copied ahead, once the backup has them. */
	clear(): void {
		if (!this.isFirst) this.discard();
	}

	/** Removes the unfinished copy: the next run begins without it. */
	discard(): void {
		rmSync(this.partial, { recursive: true, force: true });
	}

	writeRecord(facts: Omit<BackupRecord, "of">): void {
		const record: BackupRecord = { of: this.#data, ...facts };
		writeWhole(this.path, "backup.json", `${JSON.stringify(record, null, "\t")}\n`);
	}

	/** Lets go of the directory. */
	close(): void {
		this.#lock.close();
	}
}

/** Of a directory that may be a backup. */
export function readRecord(path: string): BackupRecord | undefined {
	const file = join(path, "backup.json");
	if (!existsSync(file)) return undefined;
	try {
		return JSON.parse(readFileSync(file, "utf8")) as BackupRecord;
	} catch {
		return undefined;
	}
}

export function lastCheckOf(record: BackupRecord | undefined): LastCheck {
	// Old records without `lastVerified` tell only of the run that wrote them.
	const lastVerified = record?.lastVerified ?? (record?.verified ? record.finished : undefined);
	return { lastVerified, faults: record?.faults };
}

/** Whether `path` is `folder` or lies in it, following links as far as the path exists. */
export function isWithin(path: string, folder: string): boolean {
	const [inner, outer] = [realPath(path), realPath(folder)];
	return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

/** The keys beside a log: the one that signs for it, and the one that signs what a server sends. */
export const KEY_FILES = ["log.key", "push-key"] as const;

/** Copies the keys of a log, readable by their owner only, as far as there are any. */
export function copyKeys(from: string, to: string): void {
	for (const name of KEY_FILES) {
		const file = join(from, name);
		if (existsSync(file)) writeWhole(to, name, readFileSync(file), 0o600);
	}
}

/** Creates or replaces a file, so that at any moment the old one or the new one is there. */
function writeWhole(folder: string, name: string, text: string | Uint8Array, mode = 0o644): void {
	const temporary = join(folder, `${name}.new`);
	rmSync(temporary, { force: true });
	writeFileSync(temporary, text, { flush: true, mode });
	renameSync(temporary, join(folder, name));
	syncDirectory(folder);
}

function realPath(path: string): string {
	if (existsSync(path)) return realpathSync(path);
	const parent = dirname(path);
	return parent === path ? path : join(realPath(parent), path.slice(parent.length));
}

function refuseWithin(path: string, data: string): void {
	const refuse = (reason: string) => new Refusal("backup-unusable", { path, reason });
	if (isWithin(path, data))
		throw refuse("it is inside the data directory, and would be lost with it");
	if (isWithin(data, path))
		throw refuse("the data directory is inside it; choose an empty directory");
}

function refuseForeign(path: string): void {
	if (!existsSync(path)) return;
	const refuse = (reason: string) => new Refusal("backup-unusable", { path, reason });
	if (!statSync(path).isDirectory()) throw refuse("it is a file; a backup is a directory");
	const found = readdirSync(path).filter((name) => !IGNORED.includes(name));
	if (found.length === 0 || readRecord(path)) return;
	if (found.includes("log.sqlite")) throw refuse("it is a data directory, not a backup");
	throw refuse("it holds something else; choose an empty directory, or one that holds a backup");
}
