// A projection that counts by category, in its sandbox, over the rows of a log. Its state is handed
// out after each batch, as for a checkpoint. Arguments: the directory, how often the log is read.
// Writes the events a second; the time to start the sandbox is not among them.
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { logFile } from "../../dist/src/log/sqlite/files/directory.js";
import { openScripts } from "../../dist/src/projections/script/script.js";

/** As a server does. */
const BATCH = 500;
const SOURCE = `fromAll().when({
	$any(s, e) { s[e.category] = (s[e.category] || 0) + 1; },
})`;

const [directory, times] = process.argv.slice(2);
const database = new Database(logFile(directory), { readonly: true });
const rows = database.prepare(`
	SELECT e.position, s.name, e.version, e.id, e.type, e.created, e.flags, e.data, e.metadata
	FROM events e JOIN streams s ON s.id = e.stream ORDER BY e.position`);
const none = {
	load: async (partitions) => partitions.map(() => undefined),
	loadShared: async () => undefined,
};
const scripts = openScripts();
const script = await scripts.open({ source: SOURCE, states: none, startsFromNothing: true });
await script.run([], { handOut: true });

const startedAt = performance.now();
let events = 0;
let state;
// The sandbox has another thread: the next batch is read while it runs.
let running = Promise.resolve();
for (let time = 0; time < Number(times); time++) {
	let batch = [];
	for (const row of rows.raw().iterate()) {
		batch.push(eventOf(row));
		if (batch.length < BATCH) continue;
		await run(batch);
		batch = [];
	}
	await run(batch);
}
await running;
const seconds = (performance.now() - startedAt) / 1000;
const counted = Object.values(JSON.parse(state)).reduce((sum, count) => sum + count, 0);
if (events === 0 || counted !== events) throw new Error(`${counted} of ${events} were counted`);
await scripts.close();
process.stdout.write(`${events / seconds}\n`);

async function run(batch) {
	await running;
	running = script.run(batch, { handOut: true }).then(({ done, fault, states }) => {
		if (fault) throw new Error(fault.message);
		events += done;
		state = states.partitions[0]?.[1] ?? state;
	});
	// It is on its way before the next one is read.
	await setImmediate();
}

function eventOf([position, stream, number, id, type, created, , data, metadata]) {
	// Without a spread, which costs as much as the rest of it.
	return {
		position,
		stream,
		number,
		type,
		created,
		isJson: true,
		id: id.toString("hex"),
		data: data.toString(),
		metadata: metadata?.length > 0 ? metadata.toString() : "",
	};
}
