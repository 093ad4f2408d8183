// Floor of a projection: better-sqlite3 reads the rows of a log, and plain JavaScript parses each
// event and counts by category. Arguments: the directory, how often the log is read. Writes the
// events a second.
import Database from "better-sqlite3";
import { logFile } from "../../dist/src/log/sqlite/files/directory.js";

const [directory, times] = process.argv.slice(2);
const database = new Database(logFile(directory), { readonly: true });
const rows = database.prepare(`
	SELECT e.position, s.name, e.version, e.id, e.type, e.created, e.flags, e.data, e.metadata
	FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`);
const startedAt = performance.now();
const state = {};
let events = 0;
for (let time = 0; time < Number(times); time++) {
	for (const [, stream, , , , , , data, metadata] of rows.raw().iterate()) {
		const event = {
			category: stream.slice(0, Math.max(stream.indexOf("-"), 0)),
			body: data.length > 0 ? JSON.parse(data.toString()) : undefined,
			metadata: metadata?.length > 0 ? JSON.parse(metadata.toString()) : undefined,
		};
		state[event.category] = (state[event.category] || 0) + 1;
		events++;
	}
}
const seconds = (performance.now() - startedAt) / 1000;
const counted = Object.values(state).reduce((sum, count) => sum + count, 0);
if (events === 0 || counted !== events) throw new Error(`${counted} of ${events} were counted`);
process.stdout.write(`${events / seconds}\n`);
