/**
 * Migrations bring a database to the schema this program knows. They are numbered SQL files, such
 * as `migrations/sqlite/0001-log.sql`.
 *
 * An engine applies each file whole or not at all, and records its number in the same transaction.
 * A file that was released is never edited. This program does not touch a database with a
 * newer schema, because it would not know what it breaks.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "../errors.ts";

export type Migration = { readonly number: number; readonly sql: string };

/**
 * The migrations that a database still lacks, in the order to apply them.
 * @param path what the refusal calls the database
 * @param found the number of the last migration applied to it; 0 for an empty database
 * @throws Refusal `newer-schema`
 */
export function missingMigrations(
	path: string,
	found: number,
	migrations: readonly Migration[],
): readonly Migration[] {
	const known = migrations.at(-1)?.number ?? 0;
	if (found > known) throw new Refusal("newer-schema", { path, found, known });
	return migrations.filter(({ number }) => number > found);
}

/**
 * Reads the migrations of an engine; their numbers are 1, 2, 3 …
 * @param engine the name of its folder in `migrations/`
 */
export function migrationsFor(engine: string): Migration[] {
	const folder = folderOf(engine);
	const files = readdirSync(folder).filter((file) => /^\d{4}-.+\.sql$/.test(file));
	return files.sort().map((file, index) => {
		const number = Number(file.slice(0, 4));
		if (number !== index + 1) throw new Error(`${join(folder, file)}: ${index + 1} was expected`);
		return { number, sql: readFileSync(join(folder, file), "utf8") };
	});
}

/** `migrations/` lies above `dist/src/log` if the program is built, and above `src/log` if not. */
function folderOf(engine: string): string {
	const here = dirname(fileURLToPath(import.meta.url));
	for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
		const migrations = join(folder, "migrations", engine);
		if (existsSync(migrations)) return migrations;
	}
	throw new Error(`no folder above ${here} holds migrations/${engine}`);
}
