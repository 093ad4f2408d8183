/**
 * The position in the log up to which the caches were told of hidden events, in a file beside the
 * log. It is written after the purge, so after a crash a purge is repeated, never left out.
 */
import { readFile, rename, writeFile } from "node:fs/promises";

export type Watermark = {
	readonly incarnation: number;
	/** The position of the last commit whose purges are done; -1 for none. */
	readonly position: number;
	/** As `Log.erasures` was then. */
	readonly erasures: number;
	/** The list of caches; for another list the watermark does not count. */
	readonly caches: string;
};

/** Undefined if the file is missing or unreadable: then no purge is known to be done. */
export async function readWatermark(file: string): Promise<Watermark | undefined> {
	try {
		const { incarnation, position, erasures, caches } = JSON.parse(await readFile(file, "utf8"));
		if (![incarnation, position, erasures].every(Number.isSafeInteger)) return undefined;
		return { incarnation, position, erasures, caches: String(caches) };
	} catch {
		return undefined;
	}
}

export async function writeWatermark(file: string, watermark: Watermark): Promise<void> {
	await writeFile(`${file}.new`, JSON.stringify(watermark));
	await rename(`${file}.new`, file);
}
