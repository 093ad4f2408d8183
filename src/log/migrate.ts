/**
 * Brings a database to the schema this program knows, by numbered SQL files:
 * `migrations/sqlite/0001-log.sql`.
 *
 * Each file is applied whole or not at all, and its number recorded in the same transaction. A file
 * that was released is never edited. A database that is ahead of us is left alone: an older program
 * would not know what it breaks.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Refusal } from "../errors.ts";

export interface Migratable {
	/** The number of the last migration applied; 0 for an empty database. */
	schema(): number;
	/** Runs `sql` and records `number`, in one transaction. */
	apply(number: number, sql: string): void;
}

export type Migration = { readonly number: number; readonly sql: string };

/**
 * Applies what is missing, in order.
 * @param path what the refusal calls the database
 * @throws Refusal `newer-schema`
 */
export function migrate(
	database: Migratable,
	path: string,
	migrations: readonly Migration[],
): void {
	const found = database.schema();
	const known = migrations.at(-1)?.number ?? 0;
	if (found > known) throw new Refusal("newer-schema", { path, found, known });
	for (const { number, sql } of migrations) {
		if (number > found) database.apply(number, sql);
	}
}

/** Reads the migrations of an engine; their numbers are 1, 2, 3 … */
export function migrationsFor(engine: "sqlite"): Migration[] {
	const folder = join(packageRoot(), "migrations", engine);
	const files = readdirSync(folder).filter((file) => /^\d{4}-.+\.sql$/.test(file));
	return files.sort().map((file, index) => {
		const number = Number(file.slice(0, 4));
		if (number !== index + 1) throw new Error(`${join(folder, file)}: ${index + 1} was expected`);
		return { number, sql: readFileSync(join(folder, file), "utf8") };
	});
}

/**
 * The folder that holds `migrations/`: above `dist/src/log` where built, above `src/log` where not.
 */
function packageRoot(): string {
	const here = dirname(fileURLToPath(import.meta.url));
	for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
		if (existsSync(join(folder, "migrations", "sqlite"))) return folder;
	}
	throw new Error(`no folder above ${here} holds migrations/sqlite`);
}
