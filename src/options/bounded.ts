/** Reads small files that an operator names: settings and secrets. */
import { closeSync, constants, openSync, readSync } from "node:fs";

/** Long enough for a program that decrypts what it writes into a pipe. */
const PIPE_MS_MAX = 10_000;
const PIPE_PAUSE_MS = 20;

/**
 * @returns the text of the file
 * @throws Error if it cannot be read, is longer than `bytesMax`, or is not UTF-8; its message goes
 *   behind the file's name
 */
export function readSmallFile(path: string, bytesMax: number): string {
	// One byte more than may be there: a device or a pipe has no size that could be asked for.
	const bytes = readUpTo(path, bytesMax + 1);
	if (bytes.length > bytesMax) throw new Error(`it is longer than ${bytesMax} bytes`);
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		throw new Error("it is not text in UTF-8");
	}
}

function readUpTo(path: string, bytesMax: number): Uint8Array {
	const buffer = Buffer.alloc(bytesMax);
	let file: number | undefined;
	let length = 0;
	try {
		// Otherwise, a pipe that nobody opens for writing would be waited for: by a server that reads
		// its settings again, too.
		file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		for (;;) {
			const read = readWaiting(file, buffer.subarray(length));
			length += read;
			if (read === 0 || length === bytesMax) return buffer.subarray(0, length);
		}
	} catch (error) {
		const { code = "" } = error as NodeJS.ErrnoException;
		throw new Error(REASONS[code] ?? String(error));
	} finally {
		if (file !== undefined) closeSync(file);
	}
}

/** Reads what is there; from a pipe, what comes in time. */
function readWaiting(file: number, buffer: Uint8Array): number {
	const untilMs = performance.now() + PIPE_MS_MAX;
	for (;;) {
		try {
			return readSync(file, buffer, 0, buffer.length, null);
		} catch (error) {
			const isEmpty = (error as NodeJS.ErrnoException).code === "EAGAIN";
			if (!isEmpty || performance.now() > untilMs) throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_PAUSE_MS);
		}
	}
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EACCES: "this user may not read it",
	EISDIR: "it is a directory",
	EAGAIN: `it is a pipe into which nothing was written for ${PIPE_MS_MAX / 1000} s`,
	ENOTDIR: "a part of the path is no directory",
};
