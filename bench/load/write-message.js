// Appends by message-db's `write_message`, each durable when it is answered. Arguments: the folder of
// the packages, the host, connections, events a transaction, seconds. Writes the events a second.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, host, connections, events, seconds] = process.argv.slice(2);
const { Client } = createRequire(join(packages, "package.json"))("pg");
const WRITE = {
	name: "write",
	text: "SELECT message_store.write_message($1, $2, $3, $4::jsonb, NULL, NULL)",
};
const DATA = JSON.stringify({ total: 110, currency: "EUR", note: "x".repeat(120) });

const clients = await Promise.all(
	Array.from({ length: Number(connections) }, async () => {
		const client = new Client({ host, user: "postgres", database: "message_store" });
		await client.connect();
		// Its functions call each other without their schema.
		await client.query("SET search_path TO message_store, public");
		return client;
	}),
);
const startedAt = performance.now();
const until = startedAt + Number(seconds) * 1000;
const counts = await Promise.all(clients.map(write));
const rate =
	counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - startedAt) / 1000);
process.stdout.write(`${rate}\n`);
await Promise.all(clients.map((client) => client.end()));

async function write(client) {
	let count = 0;
	while (performance.now() < until) {
		const isMany = Number(events) > 1;
		const stream = `order-${1 + Math.floor(Math.random() * 1000)}`;
		if (isMany) await client.query("BEGIN");
		for (let index = 0; index < Number(events); index++) {
			await client.query({ ...WRITE, values: [randomUUID(), stream, "OrderPlaced", DATA] });
		}
		if (isMany) await client.query("COMMIT");
		count += Number(events);
	}
	return count;
}
