/**
 * The connections of one node.
 *
 *     writer    a pipelined connection of its own: the transactions of appends
 *     session   a connection of its own that never goes through a pooler's transactions: it
 *               listens, tells other nodes, and holds locks
 *     pool      reads, each a statement or two
 *
 * Statements name the tables `@events`; a name is bound to the schema of the log once.
 */
import pg from "pg";
import type { StoreAddress } from "../address.ts";
import { TYPES } from "./values.ts";

/** A connection or a pool of them: what can run a statement. */
export interface Queryable {
	query(statement: pg.QueryConfig): Promise<pg.QueryResult>;
}

/** A row, by the names of its columns; each statement says what they hold. */
export type Row = Readonly<Record<string, unknown>>;

/** What the connection is for that no pooler may share between transactions. */
export const SESSION = "session";

/** How long a connection may take. A fail-over is waited for by those who ask, again and again. */
const CONNECT_MS = 5000;
/** An idle connection of the pool ends: a standby that became primary gets its share of them. */
const IDLE_MS = 60_000;
const KEEP_ALIVE_MS = 10_000;

/**
 * Each session's own settings. The planner must not take the tables for as small as they were when
 * a statement was prepared: all look-ups go by an index. A transaction that lies idle holds the end
 * of the log, and its process may be stopped; PostgreSQL ends it. Whoever waits for the end of the
 * log longer than that gives up, and has written nothing.
 */
const SETTINGS = `
	SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
	SET jit = off; SET statement_timeout = 0; SET bytea_output = hex;
	SET client_min_messages = warning;
	SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '15s';
	SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3`;

export class Database {
	readonly address: StoreAddress;
	readonly pool: pg.Pool;
	/** Asks each connection, before it is used, whether it leads to the log that is served. */
	admit: (client: pg.ClientBase) => Promise<void> = async () => undefined;
	readonly #bound = new Map<string, { readonly name: string; readonly text: string }>();

	readonly #session: string;

	/**
	 * @param connectionsMax of the pool
	 * @param session the address of the session's connection
	 */
	constructor(address: StoreAddress, connectionsMax: number, session = address.connection) {
		this.address = address;
		this.#session = session;
		this.pool = new pg.Pool({
			...this.#config("reads"),
			max: connectionsMax,
			idleTimeoutMillis: IDLE_MS,
			onConnect: async (client: pg.ClientBase) => {
				await client.query(SETTINGS);
				await this.admit(client);
			},
		} as pg.PoolConfig);
		// A connection that ends while nobody uses it is no error of anybody.
		this.pool.on("error", () => undefined);
	}

	/** A connection of its own; whoever asks ends it. */
	async connect(purpose: string, pipeline = false): Promise<pg.Client> {
		const client = new pg.Client({ ...this.#config(purpose), pipeline } as pg.ClientConfig);
		client.on("error", () => undefined);
		try {
			await client.connect();
			await client.query(SETTINGS);
			await this.admit(client);
			return client;
		} catch (error) {
			await client.end().catch(() => undefined);
			throw error;
		}
	}

	/** Runs a statement on one connection, or on any of the pool. */
	async rows(
		statement: string,
		values: readonly unknown[] = [],
		on: Queryable = this.pool,
	): Promise<Row[]> {
		return (await on.query(this.statement(statement, values))).rows as Row[];
	}

	statement(statement: string, values: readonly unknown[]): pg.QueryConfig {
		const { name, text } = this.#boundTo(statement);
		const config = { text, values: [...values] };
		return this.address.prepares ? { ...config, name } : config;
	}

	/** The text of a statement for this schema. */
	text(statement: string): string {
		return this.#boundTo(statement).text;
	}

	/** The name of the schema, as SQL has it. */
	get schema(): string {
		return `"${this.address.schema}"`;
	}

	close(): Promise<void> {
		return this.pool.end();
	}

	#boundTo(statement: string) {
		let bound = this.#bound.get(statement);
		if (!bound) {
			const name = `varve${this.#bound.size}`;
			bound = { name, text: statement.replaceAll("@", `${this.schema}.`) };
			this.#bound.set(statement, bound);
		}
		return bound;
	}

	#config(purpose: string): pg.ClientConfig {
		return {
			connectionString: purpose === SESSION ? this.#session : this.address.connection,
			connectionTimeoutMillis: CONNECT_MS,
			keepAlive: true,
			keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
			application_name: `varve ${purpose}`,
			types: TYPES as pg.CustomTypesConfig,
		};
	}
}
