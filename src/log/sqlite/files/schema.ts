/** Whether a database that is only read, and not migrated, has all this program looks for. */
import { Refusal } from "../../../errors.ts";
import { migrationsFor } from "../../migrate.ts";
import { openForReading } from "./directory.ts";

/** @returns why not; undefined where it has */
export function schemaFault(file: string, path: string): Refusal | undefined {
	const known = migrationsFor("sqlite").length;
	const database = openForReading(file);
	try {
		const found = Number(database.pragma("user_version", { simple: true }));
		if (found >= known) return undefined;
		const reason = "an older program wrote it; `varve serve` brings it up to date";
		return new Refusal("data-directory-unusable", { path, reason });
	} finally {
		database.close();
	}
}
