/** The key that signs sessions: it stays when the server starts again, and is in no backup. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export const SESSION_KEY_FILE = "session-key";
const KEY_BYTES = 32;
const OWNER_ALONE = 0o600;

/**
 * The key in a data directory, which is made if it is not there. Where none can be kept, sessions
 * end with the process.
 */
export function sessionKeyIn(directory: string): Buffer {
	const file = join(directory, SESSION_KEY_FILE);
	return readKey(file) ?? makeKey(file) ?? readKey(file) ?? randomBytes(KEY_BYTES);
}

function readKey(file: string): Buffer | undefined {
	try {
		const key = readFileSync(file);
		return key.length === KEY_BYTES ? key : undefined;
	} catch {
		return undefined;
	}
}

/** Undefined if there is a file, or none can be made. */
function makeKey(file: string): Buffer | undefined {
	const key = randomBytes(KEY_BYTES);
	try {
		const descriptor = openSync(file, "wx", OWNER_ALONE);
		try {
			writeSync(descriptor, key);
			fsyncSync(descriptor);
		} finally {
			closeSync(descriptor);
		}
		return key;
	} catch {
		return undefined;
	}
}
