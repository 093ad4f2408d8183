// Floor of a replay: a consumer of message-db reads a category by get_category_messages, 1,000 at a
// time, and parses the data of each. Arguments: the folder that has the package `pg`, the folder of
// the server's socket, events there must be. Writes the events a second.
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, host, expected] = process.argv.slice(2);
const { Client } = createRequire(join(packages, "package.json"))("pg");
const BATCH = 1000;

const client = new Client({ host, user: "postgres", database: "message_store" });
await client.connect();
await client.query("SET search_path TO message_store, public");
const startedAt = performance.now();
let events = 0;
let total = 0;
for (let position = 1; ; ) {
	const { rows } = await client.query({
		name: "next",
		text: "SELECT * FROM get_category_messages($1, $2, $3)",
		values: ["order", position, BATCH],
	});
	for (const row of rows) {
		total += JSON.parse(row.data).total;
		position = Number(row.global_position) + 1;
	}
	events += rows.length;
	if (rows.length < BATCH) break;
}
const seconds = (performance.now() - startedAt) / 1000;
await client.end();
if (events !== Number(expected) || !(total > 0)) throw new Error(`there were ${events} events`);
process.stdout.write(`${events / seconds}\n`);
