/**
 * Brings the schema of a log to what this program knows, all missing steps in one transaction. One
 * node does it and the others wait; while nodes of an older version run, none may.
 */
import type pg from "pg";
import { isRefusal, Refusal } from "../../../errors.ts";
import { type Migration, missingMigrations } from "../../migrate.ts";
import type { Database } from "../connection/database.ts";
import { codeOf } from "../connection/failures.ts";

/** Two advisory locks of a schema: who changes it, and who runs on it. */
const LOCK_CHANGING = "hashtextextended('varve schema ' || current_database() || $1, 0)";
const LOCK_RUNNING = "hashtextextended('varve running ' || current_database() || $1, 0)";

const INSUFFICIENT_PRIVILEGE = "42501";

/** Held by each node as long as its session lives. */
export const HOLD_SCHEMA = `SELECT pg_advisory_lock_shared(${LOCK_RUNNING})`;

/** How many nodes run on it, this one included. */
export const COUNT_RUNNING = `
	SELECT count(*)::int AS count FROM pg_catalog.pg_locks l
		JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = current_database()
	WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
		AND (l.classid::bigint << 32) | l.objid::bigint = ${LOCK_RUNNING}`;

/** By a look into the catalog: `to_regclass` goes by a cache that may be older than the lock. */
const FIND_TABLE = `
	SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = 'migrations') AS found`;
const SELECT_VERSION = "SELECT coalesce(max(number), 0)::int AS number FROM @migrations";
const CREATE_TABLE = `
	CREATE TABLE IF NOT EXISTS @migrations (
		number int PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())`;

/**
 * @returns the schema that was found, and what it is now
 * @throws Refusal `newer-schema`, `database-unusable`
 */
export async function prepareSchema(
	database: Database,
	client: pg.Client,
	migrations: readonly Migration[],
): Promise<{ readonly found: number; readonly known: number }> {
	const { shown, schema } = database.address;
	const known = migrations.at(-1)?.number ?? 0;
	const found = await schemaVersion(database, client);
	const missing = missingMigrations(shown, found, migrations);
	if (missing.length === 0) return { found, known };
	try {
		await client.query("BEGIN");
		await client.query(`SELECT pg_advisory_xact_lock(${LOCK_CHANGING})`, [schema]);
		// Another node may have done it while this one waited.
		const before = await schemaVersion(database, client);
		const steps = missingMigrations(shown, before, migrations);
		if (before > 0 && steps.length > 0) await refuseRunning(client, schema, shown);
		if (before === 0) await client.query(`CREATE SCHEMA IF NOT EXISTS ${database.schema}`);
		await client.query(`SET LOCAL search_path TO ${database.schema}`);
		await client.query(database.text(CREATE_TABLE));
		for (const { number, sql } of steps) {
			await client.query(sql);
			await client.query(database.text(`INSERT INTO @migrations (number) VALUES (${number})`));
		}
		await client.query("COMMIT");
		return { found, known };
	} catch (error) {
		await client.query("ROLLBACK").catch(() => undefined);
		if (isRefusal(error)) throw error;
		if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
		const reason =
			`its schema is ${found}, this program needs ${known}, and this role may not change it: ` +
			`${(error as Error).message}`;
		throw new Refusal("database-unusable", { store: shown, reason });
	}
}

/** The number of the last step that was applied; 0 if there is no log. */
export async function schemaVersion(database: Database, client: pg.ClientBase): Promise<number> {
	const { rows } = await client.query(FIND_TABLE, [database.address.schema]);
	if (!rows[0]?.found) return 0;
	const version = await client.query(database.text(SELECT_VERSION));
	return Number(version.rows[0]?.number ?? 0);
}

async function refuseRunning(client: pg.Client, schema: string, shown: string): Promise<void> {
	const { rows } = await client.query(`SELECT pg_try_advisory_xact_lock(${LOCK_RUNNING}) AS free`, [
		schema,
	]);
	if (rows[0]?.free === true) return;
	const reason =
		"its schema has to change, and nodes of an older version run on it; stop them first";
	throw new Refusal("database-unusable", { store: shown, reason });
}
