/** What the tests of backups have in common: stores that hold something of everything. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { Log } from "../../src/log/log.ts";
import { append, event, events, name } from "../log/asking.ts";

/** Appends what has a table, an index or a mark of its own. */
export async function appendEverything(log: Log): Promise<void> {
	const correlated = { metadata: Buffer.from('{"$correlationId":"c-1"}') };
	await append(log, "order-1", events(3, correlated));
	await append(log, "order-2", events(2));
	await append(log, "größe-42/ä b", [event({ data: Buffer.alloc(10_000, 7), isJson: false })]);
	await append(log, "$$order-2", [event({ data: Buffer.from('{"$maxCount":1}') })]);
	await append(log, "links", [
		event({ type: "$>", data: Buffer.from("1@order-1"), isJson: false }),
	]);
	await log.delete({ stream: name("order-2"), expected: "any", hard: false });
	await append(log, "order-2", events(1));
	await append(log, "gone-1", events(1));
	await log.delete({ stream: name("gone-1"), expected: "any", hard: true });
}

/** Every row of every table, and every trigger: what two equal stores have in common. */
export function contentOf(directory: string): Record<string, unknown[]> {
	const file = join(directory, "log.sqlite");
	if (!existsSync(file)) throw new Error(`${directory} holds no log`);
	const database = new Database(file, { readonly: true });
	try {
		const schema = database
			.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
			.all();
		const tables = (schema as { type: string; name: string }[]).filter(
			({ type }) => type === "table",
		);
		const rows = tables.map(({ name: table }) => {
			const key = table === "store" ? "" : " ORDER BY 1, 2";
			return [table, database.prepare(`SELECT * FROM "${table}"${key}`).all()] as const;
		});
		return { ...Object.fromEntries(rows), schema };
	} finally {
		database.close();
	}
}

/** The same in short, for large stores: a hash of each table. */
export function sumsOf(directory: string): Record<string, string> {
	const tables = Object.entries(contentOf(directory)).map(([table, rows]) => {
		const sum = createHash("sha256");
		for (const row of rows) sum.update(JSON.stringify(row, inHex));
		return [table, `${rows.length} rows, ${sum.digest("hex")}`];
	});
	return Object.fromEntries(tables);
}

/** Changes what the database guards, as damage does. */
export function alter(directory: string, sql: string): void {
	const database = new Database(join(directory, "log.sqlite"));
	const triggers = database
		.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
		.all() as { name: string; sql: string }[];
	for (const trigger of triggers) database.exec(`DROP TRIGGER ${trigger.name}`);
	database.pragma("ignore_check_constraints = ON");
	database.exec(sql);
	for (const trigger of triggers) database.exec(trigger.sql);
	database.close();
}

function inHex(this: Record<string, unknown>, key: string, value: unknown): unknown {
	const whole = this[key];
	return Buffer.isBuffer(whole) ? whole.toString("hex") : value;
}
