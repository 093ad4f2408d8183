/**
 * The log as it lies in the database, past everything that could put a good face on it: also what no
 * read shows any more.
 */
import { join } from "node:path";
import Database from "better-sqlite3";
import type { LoggedEvent } from "./oracle.ts";

const FLAG_JSON = 1;
const FLAG_REDACTED = 8;
const FLAG_SCAVENGED = 16;

const EVENTS = `
	SELECT position, name AS stream, version, lower(hex(events.id)) AS id, type, flags, data,
		metadata, created, lower(hex(hash)) AS leaf
	FROM events LEFT JOIN streams ON streams.id = events.stream ORDER BY position`;

/** As a database has it: the id may lack its dashes. */
export type EventRow = Omit<LoggedEvent, "isJson" | "erased"> & { readonly flags: number };

export function storedEvents(directory: string): LoggedEvent[] {
	const database = new Database(join(directory, "log.sqlite"), { readonly: true });
	try {
		return (database.prepare(EVENTS).all() as EventRow[]).map(loggedEvent);
	} finally {
		database.close();
	}
}

export function loggedEvent({ flags, id, ...row }: EventRow): LoggedEvent {
	return {
		...row,
		id: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"),
		isJson: (flags & FLAG_JSON) !== 0,
		erased:
			(flags & FLAG_SCAVENGED) !== 0
				? "scavenged"
				: (flags & FLAG_REDACTED) !== 0
					? "redacted"
					: undefined,
	};
}
