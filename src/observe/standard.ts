/**
 * Standard output and standard error, as streams that keep no process from its work.
 *
 * A write to a full disk, to a closed pipe or to a terminal that has gone fails by its callback
 * alone: nothing is thrown, and no event ends the process. A pipe that nobody reads keeps no caller
 * waiting: what it does not take is held in memory, and `waiting` says how much that is.
 */
import { fstatSync, writeSync } from "node:fs";

export type StandardStream = {
	readonly isTTY: boolean;
	/** The bytes that the system has not taken yet. */
	waiting(): number;
	/**
	 * Writes all of `text`.
	 * @param done called once, with the error if not all of it was written
	 */
	write(text: string, done?: (error?: Error | null) => void): void;
};

const opened = new Map<1 | 2, StandardStream>();

export function standardStream(fd: 1 | 2): StandardStream {
	const stream = opened.get(fd) ?? open(fd);
	opened.set(fd, stream);
	return stream;
}

function open(fd: 1 | 2): StandardStream {
	const stream = fd === 1 ? process.stdout : process.stderr;
	// Writes tell their own callers; without a listener, the process would end.
	stream.on("error", () => undefined);
	if (isFile(fd) && !stream.isTTY) return { isTTY: false, waiting: () => 0, write: fileWriter(fd) };
	return {
		isTTY: stream.isTTY === true,
		waiting: () => stream.writableLength,
		write: (text, done = () => undefined) => void stream.write(text, done),
	};
}

function isFile(fd: 1 | 2): boolean {
	try {
		const found = fstatSync(fd);
		return found.isFile() || found.isCharacterDevice();
	} catch {
		return false;
	}
}

/**
 * Node writes to a file with one call, and takes a part for the whole: a disk that fills midway
 * loses the rest without an error (findings/node-stdout-short-write.sh). Each write tries anew, so
 * lines come again when there is room.
 */
function fileWriter(fd: 1 | 2): StandardStream["write"] {
	return (text, done = () => undefined) => {
		const bytes = Buffer.from(text);
		try {
			for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
		} catch (error) {
			done(error as Error);
			return;
		}
		done();
	};
}
