/**
 * The incarnation of a data directory: which history it holds.
 *
 * The number stands in the database, and the highest one the directory ever had in a file beside
 * it: a backup that is restored a second time brings its old number along, and must not get the one
 * that the first restored history has used up.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { History } from "../../log.ts";
import { migrationsFor } from "../../migrate.ts";
import {
	INSERT_HISTORY,
	SELECT_HISTORIES,
	SELECT_INCARNATION,
	UPDATE_INCARNATION,
} from "../statements.ts";
import { claimDirectory } from "./claim.ts";
import { logFile, openForReading, openForWriting, refusalOf } from "./directory.ts";
import { leaveReadable, ReadableLog } from "./medium.ts";

/**
 * The histories of a log, the newest first; the very first is not among them.
 * @param file the database, at this program's schema
 */
export function historiesOf(file: string): readonly History[] {
	const database = openForReading(file);
	try {
		return database.prepare(SELECT_HISTORIES).all() as History[];
	} finally {
		database.close();
	}
}

/** @param file the database, at this program's schema */
export function incarnationOf(file: string): number {
	const database = openForReading(file);
	try {
		return Number(database.prepare(SELECT_INCARNATION).pluck().get());
	} finally {
		database.close();
	}
}

/**
 * The number of the history in a directory; a server may be running.
 * @throws Refusal `data-directory-unusable`
 */
export function readIncarnation(path: string): number {
	const directory = resolve(path);
	refuseEmpty(directory);
	try {
		const readable = new ReadableLog(directory);
		try {
			return incarnationOf(readable.file);
		} finally {
			readable.close();
		}
	} catch (error) {
		throw isRefusal(error) ? error : refusalOf(error, directory);
	}
}

/**
 * Gives the history in a directory a number of its own. No server may have the directory.
 * @param least the number is at least this
 * @returns the new number
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`
 */
export function raiseIncarnation(path: string, least = 2): number {
	const directory = resolve(path);
	const file = logFile(directory);
	refuseEmpty(directory);
	const release = claimDirectory(directory, migrationsFor("sqlite"));
	try {
		const used = Math.max(incarnationOf(file), highestIn(directory));
		const next = Math.max(used + 1, least);
		// First the file: a number is rather left out than used twice.
		writeFileSync(highestFile(directory), `${next}\n`, { flush: true });
		const database = openForWriting(file);
		try {
			const raise = database.transaction(() => {
				database.prepare(UPDATE_INCARNATION).run(next);
				database.prepare(INSERT_HISTORY).run(next);
			});
			raise.immediate();
		} finally {
			database.close();
		}
		leaveReadable(file);
		return next;
	} finally {
		release();
	}
}

function refuseEmpty(directory: string): void {
	if (existsSync(logFile(directory))) return;
	throw new Refusal("data-directory-unusable", { path: directory, reason: "it holds no log" });
}

function highestIn(directory: string): number {
	const file = highestFile(directory);
	const text = existsSync(file) ? readFileSync(file, "utf8").trim() : "1";
	if (/^\d{1,15}$/.test(text)) return Number(text);
	throw new Refusal("data-directory-unusable", {
		path: directory,
		reason: "its file `incarnation` holds no number",
	});
}

function highestFile(directory: string): string {
	return join(directory, "incarnation");
}
