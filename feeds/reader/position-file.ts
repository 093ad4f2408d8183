/**
 * A reader position in a file: the `at` of the last handled event, as one decimal line. The public
 * names call it a checkpoint.
 *
 * The new value is written to another file, fsynced, and renamed over the old file, so that a crash
 * at any moment leaves the whole old value or the whole new one. A program with its own database
 * should keep the position there instead, in the transaction of the events it stands for.
 */
import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * The position, or undefined if there is no such file.
 * @throws Error if the file holds anything but one whole number
 */
export async function loadCheckpoint(file: string): Promise<number | undefined> {
	const text = await readFile(file, "utf8").catch((error: unknown) => {
		if (isMissing(error)) return undefined;
		throw error;
	});
	if (text === undefined) return undefined;
	const at = Number(text);
	if (/^\d+\n$/.test(text) && Number.isSafeInteger(at)) return at;
	throw new Error(
		`${file} is not a checkpoint: it must hold one whole number and a line feed. ` +
			"Correct it, or remove it to start from the beginning.",
	);
}

/** Resolves once `at` is on disk. Calls for one file must not overlap. */
export async function saveCheckpoint(file: string, at: number): Promise<void> {
	if (!Number.isSafeInteger(at) || at < 0) throw new RangeError(`${at} is not an event number`);
	const beside = `${file}.new`;
	const handle = await open(beside, "w");
	try {
		await handle.writeFile(`${at}\n`);
		await handle.sync();
	} finally {
		await handle.close();
	}
	await rename(beside, file);
	await syncDirectory(dirname(file));
}

/** A rename changes the directory, and is durable once the directory is synced. */
async function syncDirectory(directory: string): Promise<void> {
	// Windows cannot open a directory; there the rename alone must be enough.
	if (process.platform === "win32") return;
	const handle = await open(directory, "r");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}

function isMissing(error: unknown): boolean {
	return typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";
}
