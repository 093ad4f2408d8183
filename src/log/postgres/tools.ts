/** What the command line does with a log in a database that it has not opened as a node. */
import type { Frontier } from "../../../feeds/proof/frontier.ts";
import { Refusal } from "../../errors.ts";
import type { Verification, VerifyWatch } from "../log.ts";
import { migrationsFor, missingMigrations } from "../migrate.ts";
import type { MovedEvent } from "../moving/moves.ts";
import type { CopySource } from "../moving/source.ts";
import { parseStoreAddress } from "./address.ts";
import { Database } from "./connection/database.ts";
import { hangUp } from "./connection/ending.ts";
import { present, refusalOr } from "./connection/failures.ts";
import { frontierAt } from "./hashes/hashes.ts";
import { Exporter } from "./moving/exporter.ts";
import { INSERT_HISTORY, RAISE_INCARNATION } from "./moving/statements.ts";
import { SeenHistory } from "./start/history.ts";
import { schemaVersion } from "./start/schema.ts";
import * as sql from "./statements.ts";
import { VERIFYING, verifyDatabase } from "./verify/verifier.ts";

/** @throws Refusal `database-unusable`, `database-unreachable`, `newer-schema` */
export function verifyStore(store: string, watch?: VerifyWatch): Promise<Verification> {
	return withLog(store, (database) => verifyDatabase(database, watch));
}

/** The number of the history in a database. */
export async function readStoreIncarnation(store: string): Promise<number> {
	return (await readStoreEnd(store)).incarnation;
}

export type StoreEnd = {
	readonly size: number;
	readonly incarnation: number;
	/** How many transactions have erased anything. */
	readonly erasures: number;
};

export function readStoreEnd(store: string): Promise<StoreEnd> {
	return withLog(store, async (database) => {
		const [row] = await database.rows(sql.SELECT_END);
		const { next, incarnation, erasures } = present(row, "the end of the log");
		return {
			size: Number(next),
			incarnation: Number(incarnation),
			erasures: Number(erasures),
		};
	});
}

/**
 * Gives the history in a database a number of its own. Nodes that run on it notice, and serve
 * nothing until they are started again.
 * @param directory of a node: the highest number that it has seen is not used again
 * @param least the number is at least this
 */
export function raiseStoreIncarnation(
	store: string,
	directory: string,
	least = 2,
): Promise<number> {
	return withLog(store, async (database) => {
		const { schema, shown } = database.address;
		const client = await database.connect("incarnation");
		try {
			await client.query(sql.BEGIN_WRITE);
			const [row] = await database.rows(sql.TAKE_END, [], client);
			const end = present(row, "the end of the log");
			const seen = new SeenHistory(directory, schema, shown, Number(end.incarnation));
			const used = Math.max(Number(end.incarnation), seen.highest);
			const next = Math.max(used + 1, least);
			await database.rows(RAISE_INCARNATION, [next], client);
			await database.rows(INSERT_HISTORY, [next, Number(end.next)], client);
			await client.query(sql.COMMIT);
			return next;
		} finally {
			await hangUp(client);
		}
	});
}

/** The log in a database, to be copied while its nodes run. */
export async function openStoreSource(store: string): Promise<CopySource> {
	const database = new Database(parseStoreAddress(store), VERIFYING);
	try {
		await refuseOtherSchema(database);
		return new StoreSource(database);
	} catch (error) {
		await database.close().catch(() => undefined);
		throw refusalOr(error, "the log in the database");
	}
}

class StoreSource implements CopySource {
	readonly #database: Database;
	readonly #exporter: Exporter;

	constructor(database: Database) {
		this.#database = database;
		this.#exporter = new Exporter(database);
	}

	end(): Promise<{ readonly size: number; readonly incarnation: number }> {
		return this.#exporter.end();
	}

	events(from: number): Promise<readonly MovedEvent[]> {
		return this.#exporter.events(from);
	}

	frontierAt(size: number): Promise<Frontier> {
		return frontierAt(this.#database, size);
	}

	close(): Promise<void> {
		return this.#database.close();
	}
}

async function withLog<T>(store: string, work: (database: Database) => Promise<T>): Promise<T> {
	const address = parseStoreAddress(store);
	const database = new Database(address, VERIFYING);
	try {
		await refuseOtherSchema(database);
		return await work(database);
	} catch (error) {
		throw refusalOr(error, "the log in the database");
	} finally {
		await database.close().catch(() => undefined);
	}
}

async function refuseOtherSchema(database: Database): Promise<void> {
	const { shown } = database.address;
	const client = await database.pool.connect();
	try {
		const found = await schemaVersion(database, client);
		const missing = missingMigrations(shown, found, migrationsFor("postgres"));
		if (missing.length === 0) return;
		const reason =
			found === 0
				? "it holds no log"
				: "its schema is older than this version's; start a server on it first";
		throw new Refusal("database-unusable", { store: shown, reason });
	} finally {
		client.release();
	}
}
