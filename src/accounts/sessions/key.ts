/** The key that signs sessions: it stays when the server starts again, and is in no backup. */
import { randomBytes } from "node:crypto";
import {
	closeSync,
	fsyncSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { Refusal } from "../../errors.ts";

export const SESSION_KEY_FILE = "session-key";
const KEY_BYTES = 32;
const OWNER_ALONE = 0o600;

/**
 * The key in a data directory, which is made if it is not there. Where none can be kept, sessions
 * end with the process.
 * @throws Refusal `data-directory-unusable` if there is a file that is no key: whoever put it there
 *   counts on it
 */
export function sessionKeyIn(directory: string): Buffer {
	return readKey(directory) ?? makeKey(directory) ?? randomBytes(KEY_BYTES);
}

function readKey(directory: string): Buffer | undefined {
	const key = bytesIn(directory);
	if (key === undefined || key.length === KEY_BYTES) return key;
	throw unusable(directory, `it has ${key.length} bytes, not ${KEY_BYTES}`);
}

function bytesIn(directory: string): Buffer | undefined {
	try {
		return readFileSync(join(directory, SESSION_KEY_FILE));
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") return undefined;
		throw unusable(directory, `it cannot be read (${code})`);
	}
}

/** The file is whole as soon as it has its name. Undefined if none can be made. */
function makeKey(directory: string): Buffer | undefined {
	const file = join(directory, SESSION_KEY_FILE);
	const key = randomBytes(KEY_BYTES);
	try {
		rmSync(`${file}.new`, { force: true });
		const descriptor = openSync(`${file}.new`, "wx", OWNER_ALONE);
		try {
			writeSync(descriptor, key);
			fsyncSync(descriptor);
		} finally {
			closeSync(descriptor);
		}
		renameSync(`${file}.new`, file);
		return key;
	} catch {
		return undefined;
	}
}

function unusable(directory: string, reason: string): Refusal {
	return new Refusal("data-directory-unusable", {
		path: join(directory, SESSION_KEY_FILE),
		reason: `${reason}; remove it, and the next start makes a key: all logins in browsers end`,
	});
}
