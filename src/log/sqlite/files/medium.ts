/**
 * A log on a medium that cannot be written to: a snapshot, a forensic copy, a directory of another
 * user.
 *
 * SQLite reads a database with a WAL only beside `-wal` and `-shm`, and makes them if they are not
 * there. If both are there, even empty ones, it reads the database in place, without writing, and
 * safely beside a server that has the same directory on another mount. So whoever closes a log in
 * order leaves them there.
 *
 * If they are missing, a small log is read through a private copy, and a large one refused.
 */
import {
	closeSync,
	copyFileSync,
	existsSync,
	mkdtempSync,
	openSync,
	rmSync,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { isRefusal, Refusal } from "../../../errors.ts";
import { causeOf, isReadOnlyMedium } from "../failures.ts";
import { isClaimed } from "./claim.ts";
import { logFile, openForReading, openSettled } from "./directory.ts";
import { isWritableDirectory } from "./temporary.ts";

/** A few seconds of copying, and room that a temporary directory has. */
export const PRIVATE_COPY_BYTES_MAX = 1024 ** 3;

/** The database that stands for the log of a directory while it is read. */
export class ReadableLog {
	/** To be opened for reading. */
	readonly file: string;
	readonly #copy: string | undefined;
	readonly #discard = () => {
		if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
	};

	/**
	 * @throws Refusal `data-directory-unusable` if SQLite cannot read it where it lies, and no copy
	 *   of it can be made
	 */
	constructor(directory: string) {
		const file = logFile(directory);
		this.#copy = isStranded(file) ? copyOf(file) : undefined;
		this.file = this.#copy === undefined ? file : join(this.#copy, basename(file));
		if (this.#copy !== undefined) process.once("exit", this.#discard);
	}

	/** Removes the private copy, if there is one. Its connections are closed before. */
	close(): void {
		process.off("exit", this.#discard);
		this.#discard();
	}
}

/** Leaves a log that was closed in order so that it can be read on a read-only medium. */
export function leaveReadable(file: string): void {
	try {
		const mode = statSync(file).mode & 0o777;
		// Another process may just have made them, and has them open: "a" keeps what they hold.
		for (const end of ["-wal", "-shm"]) closeSync(openSync(`${file}${end}`, "a", mode));
	} catch {
		// The log is closed and whole. A full disk only takes this comfort from a later reader.
	}
}

/** Whether SQLite would have to write beside a database to read it, and cannot. */
function isStranded(file: string): boolean {
	try {
		const database = openForReading(file);
		try {
			database.pragma("user_version");
		} finally {
			database.close();
		}
		return false;
	} catch (error) {
		return isReadOnlyMedium(error) && existsSync(file) && !isWritableDirectory(dirname(file));
	}
}

/**
 * Copies a database into a new folder. Nobody writes to the files meanwhile: on this medium nobody
 * can. On another mount of the same files a server would make `-shm`, or keep the lock.
 */
function copyOf(file: string): string {
	const refuse = (reason: string) =>
		new Refusal("data-directory-unusable", { path: dirname(file), reason });
	const before = stateOf(file);
	if (before.bytes > PRIVATE_COPY_BYTES_MAX) {
		throw refuse(
			"it is on a read-only medium, without the files that SQLite needs beside log.sqlite, and " +
				"too large for a temporary copy; copy the directory to a writable disk and use that copy",
		);
	}
	let folder: string | undefined;
	try {
		folder = mkdtempSync(join(tmpdir(), "varve-"));
		const copy = join(folder, basename(file));
		for (const end of before.ends) copyFileSync(`${file}${end}`, `${copy}${end}`);
		const after = stateOf(file);
		if (after.state !== before.state) throw refuse("a server has opened it; run this again");
		settle(copy);
		return folder;
	} catch (error) {
		if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
		if (isRefusal(error)) throw error;
		throw refuse(
			"it is on a read-only medium, without the files that SQLite needs beside log.sqlite, and " +
				`a temporary copy cannot be made (${causeOf(error)}); set TMPDIR to a writable directory`,
		);
	}
}

/** It may hold half a transaction, which the first read undoes if its connection may write. */
function settle(copy: string): void {
	const database = openSettled(copy);
	try {
		database.pragma("user_version");
	} finally {
		database.close();
	}
}

type FileState = {
	/** What follows the database's name in those of the files to copy. */
	readonly ends: readonly string[];
	readonly bytes: number;
	/** Another text if anything was written. */
	readonly state: string;
};

function stateOf(file: string): FileState {
	const found = ["", "-wal", "-journal", "-shm"].map((end) => {
		const stat = statSync(`${file}${end}`, { throwIfNoEntry: false });
		return { end, size: stat?.size ?? 0, mtimeMs: stat?.mtimeMs };
	});
	return {
		ends: found.filter(({ end, size }) => end !== "-shm" && size > 0).map(({ end }) => end),
		bytes: found.reduce((sum, { size }) => sum + size, 0),
		state: JSON.stringify([found, isClaimed(dirname(file))]),
	};
}
