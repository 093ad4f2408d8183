// Floor of the catch-up: better-sqlite3 reads the rows a reader gets, in order, and counts their
// bytes. Argument: the directory. Writes the events a second.
import Database from "better-sqlite3";
import { logFile } from "../../dist/src/log/sqlite/files/directory.js";

const database = new Database(logFile(process.argv[2]), { readonly: true });
const startedAt = performance.now();
let events = 0;
let bytes = 0;
const rows = database.prepare(`
	SELECT e.position, s.name, e.version, e.id, e.type, e.created, e.flags, e.data, e.metadata
	FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`);
for (const row of rows.raw().iterate()) {
	events++;
	bytes += row[7].length;
}
const seconds = (performance.now() - startedAt) / 1000;
if (bytes === 0) throw new Error("there was nothing to read");
process.stdout.write(`${events / seconds}\n`);
