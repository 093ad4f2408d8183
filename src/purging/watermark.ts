/**
 * Up to where in the log caches were told of what was hidden, kept beside the log. It is written
 * behind the purge, so whatever is lost in a crash is purged once too often.
 */
import { readFile, rename, writeFile } from "node:fs/promises";

export type Watermark = {
	readonly incarnation: number;
	/** The position of the last commit whose purges are done; -1 for none. */
	readonly position: number;
	/** As `Log.erasures` was then. */
	readonly erasures: number;
	/** Which caches they are: another list knows of nothing. */
	readonly caches: string;
};

/** Undefined where there is none that can be read: then nothing was purged, as far as is known. */
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
