/** Directories for tests, removed when the file's tests are done. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

export function newDirectory(): string {
	const directory = mkdtempSync(join(tmpdir(), "varve-log-"));
	made.push(directory);
	return directory;
}

afterAll(() => {
	for (const directory of made) rmSync(directory, { recursive: true, force: true });
});
