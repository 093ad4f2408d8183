/**
 * The tables of a copy. Events, streams, places, nodes and digests only grow, by their keys. Every
 * other table is small and is replaced whole, so a table that is added one day is not forgotten.
 */
import type { Connection } from "../log/sqlite/copies.ts";
import * as copying from "./statements.ts";

/** The tables that only grow, and may be large; see `statements.ts`. */
const GROWING = ["events", "streams", "places", "nodes", "digests"];

/** Replaces the small tables by those of the source. */
export function replaceSmall(database: Connection): void {
	const tables = database.prepare(copying.BACKUP_TABLES).pluck().all() as string[];
	for (const table of tables) {
		if (!GROWING.includes(table)) database.exec(copying.replaceTable(table));
	}
}

/**
 * Does `change` without the triggers that guard a log, within a transaction. A copy changes as the
 * log did, and the triggers would refuse that.
 */
export async function withoutTriggers(
	database: Connection,
	change: () => Promise<void> | void,
): Promise<void> {
	type Trigger = { readonly name: string; readonly sql: string };
	const triggers = database.prepare(copying.BACKUP_TRIGGERS).all() as Trigger[];
	for (const { name } of triggers) database.exec(`DROP TRIGGER main."${name}"`);
	await change();
	for (const { sql } of triggers) database.exec(sql);
}
