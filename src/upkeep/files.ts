/**
 * The folder `upkeep/` of a data directory: small files about the care of the log, which are no
 * part of it. Whoever loses them loses no event.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = "upkeep";
/** What we write is smaller; a larger file is none of ours. */
const BYTES_MAX = 1024 * 1024;

export function upkeepFolder(directory: string): string {
	return join(directory, FOLDER);
}

/** Replaces a file whole; a crash leaves the old one or the new one. */
export async function writeUpkeep(directory: string, name: string, value: object): Promise<void> {
	const folder = upkeepFolder(directory);
	await mkdir(folder, { recursive: true });
	const file = join(folder, name);
	const handle = await open(`${file}.new`, "w");
	try {
		await handle.writeFile(`${JSON.stringify(value)}\n`);
		await handle.datasync();
	} finally {
		await handle.close();
	}
	await rename(`${file}.new`, file);
}

/** Undefined if there is none, or it cannot be read as JSON: then nothing is known. */
export async function readUpkeep(directory: string, name: string): Promise<unknown> {
	try {
		const bytes = await readFile(join(upkeepFolder(directory), name));
		return bytes.length > BYTES_MAX ? undefined : JSON.parse(bytes.toString());
	} catch {
		return undefined;
	}
}
