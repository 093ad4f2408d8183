/**
 * The place for SQLite's temporary files. Large sorts, such as those of a migration or of `verify`,
 * and statements that may have to be undone spill into files that SQLite deletes as soon as it has
 * opened them. It looks for a directory in this order, and fails if it may write to none:
 *
 *     SQLITE_TMPDIR   TMPDIR   /var/tmp   /usr/tmp   /tmp   the working directory
 *
 * A container with a read-only root has none of these. It has a data directory.
 */
import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";

/** SQLite's own list, besides the two variables; the working directory is last. */
const SYSTEM_PLACES = ["/var/tmp", "/usr/tmp", "/tmp", "."];

/**
 * Names `directory` as the place, if the system has none. SQLite reads the variable once, when the
 * process opens its first database. So this comes before that.
 */
export function provideTemporaryPlace(directory: string): void {
	if (!hasTemporaryPlace()) process.env.SQLITE_TMPDIR = resolve(directory);
}

/** Without a place, for example on a read-only medium, what would spill stays in memory. */
export function temporaryStore(): "FILE" | "MEMORY" {
	return hasTemporaryPlace() ? "FILE" : "MEMORY";
}

function hasTemporaryPlace(): boolean {
	const { SQLITE_TMPDIR, TMPDIR } = process.env;
	return [SQLITE_TMPDIR, TMPDIR, ...SYSTEM_PLACES].some(
		(place) => place !== undefined && isWritableDirectory(place),
	);
}

/** Whether files can be made in a directory. The superuser cannot on a read-only medium either. */
export function isWritableDirectory(path: string): boolean {
	try {
		accessSync(path, constants.W_OK | constants.X_OK);
		return statSync(path).isDirectory();
	} catch {
		return false;
	}
}
