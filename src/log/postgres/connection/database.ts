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
import { cut, ended, within } from "./ending.ts";
import { TYPES } from "./values.ts";

/** A connection or a pool of them: what can run a statement. */
export interface Queryable {
	query(statement: pg.QueryConfig): Promise<pg.QueryResult>;
}

/** A row, by the names of its columns; each statement says what they hold. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * What a connection is for. No pooler may share that of the session between transactions, and that
 * of the start changes the schema, which takes as long as it takes.
 */
export type Purpose = "reads" | "writer" | "session" | "start" | "incarnation";

/**
 * How long a connection may take until it can be used. A fail-over is waited for by those who ask,
 * again and again.
 */
const CONNECT_MS = 5000;
/** Longer than any statement of a server that answers takes, with the wait for the log's end. */
const ANSWER_MS = 30_000;
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

export type DatabaseOptions = {
	/** Connections of the pool. */
	readonly connectionsMax: number;
	/** The address for the session's connection, if it is another one. */
	readonly session?: string;
	/** A statement that is not answered by then ends its connection. */
	readonly answerMs?: number;
};

export class Database {
	readonly address: StoreAddress;
	readonly pool: pg.Pool;
	/** Asks each connection, before it is used, whether it leads to the log that is served. */
	admit: (client: pg.ClientBase) => Promise<void> = async () => undefined;
	readonly #bound = new Map<string, { readonly name: string; readonly text: string }>();

	readonly #session: string;
	readonly #answerMs: number;
	/** Those of the pool. */
	readonly #clients = new Set<pg.ClientBase>();

	constructor(address: StoreAddress, options: DatabaseOptions) {
		this.address = address;
		this.#session = options.session ?? address.connection;
		this.#answerMs = options.answerMs ?? ANSWER_MS;
		this.pool = new pg.Pool({
			...this.#config("reads"),
			max: options.connectionsMax,
			idleTimeoutMillis: IDLE_MS,
			onConnect: (client: pg.ClientBase) => this.#prepare(client),
		} as pg.PoolConfig);
		// A connection that ends while nobody uses it is no error of anybody.
		this.pool.on("error", () => undefined);
		this.pool.on("connect", (client) => this.#clients.add(client));
		this.pool.on("remove", (client) => this.#clients.delete(client));
	}

	/** A connection of its own; whoever asks ends it. */
	async connect(purpose: Purpose, pipeline = false): Promise<pg.Client> {
		const client = new pg.Client({ ...this.#config(purpose), pipeline } as pg.ClientConfig);
		client.on("error", () => undefined);
		try {
			await client.connect();
			await this.#prepare(client);
			return client;
		} catch (error) {
			cut(client);
			throw error;
		}
	}

	/** Before anybody else uses a connection. */
	#prepare(client: pg.ClientBase): Promise<void> {
		return within(client, CONNECT_MS, async () => {
			await client.query(SETTINGS);
			await this.admit(client);
		});
	}

	/** Ends all connections for reads, and with them what waits for their answers. */
	cut(): void {
		for (const client of this.#clients) cut(client);
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

	/** What still waits for an answer is refused after a while. */
	async close(): Promise<void> {
		await ended(this.pool.end(), () => this.cut());
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

	#config(purpose: Purpose): pg.ClientConfig {
		return {
			connectionString: purpose === "session" ? this.#session : this.address.connection,
			connectionTimeoutMillis: CONNECT_MS,
			...(purpose === "start" ? {} : { query_timeout: this.#answerMs }),
			keepAlive: true,
			keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
			application_name: `varve ${purpose}`,
			types: TYPES as pg.CustomTypesConfig,
		};
	}
}
