/** Reads small files that an operator names: settings and secrets. */
import { closeSync, openSync, readSync } from "node:fs";

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
		file = openSync(path, "r");
		for (;;) {
			const read = readSync(file, buffer, length, bytesMax - length, null);
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

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EACCES: "this user may not read it",
	EISDIR: "it is a directory",
	ENOTDIR: "a part of the path is no directory",
};
