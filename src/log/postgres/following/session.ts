/**
 * The connection of a node that nothing pools: it listens for the commits of other nodes and tells
 * them of its own, and it looks at the end of the log each second besides.
 *
 * NOTIFY takes a lock of the whole cluster until its commit is flushed, and it wakes the process
 * that writes the WAL, which the next commit then waits for. So it comes after the commit of the
 * appends, in a transaction of its own that waits for no standby, and seldom; a node that runs
 * alone tells nobody. What is missed (nothing listens while a connection is made anew) the next
 * look finds.
 */
import type pg from "pg";
import type { Database, Row } from "../connection/database.ts";
import { hangUp, within } from "../connection/ending.ts";
import { isUnreachable } from "../connection/failures.ts";
import { COUNT_RUNNING, HOLD_SCHEMA } from "../start/schema.ts";
import { SELECT_END } from "../statements.ts";
import { type Heard, heardOf } from "./heard.ts";
import type { Seat } from "./seat.ts";
import { NOTIFY, SELECT_CONNECTED } from "./statements.ts";

/** How often other nodes are told, at most: those that write themselves hear of it by that. */
const TELL_MS = 10;
const LOOK_MS = 1000;
/** A look that takes longer finds a connection that leads nowhere. */
const LOOK_MAX_MS = 10_000;

export type SessionListener = {
	/** Another node tells how far the log goes. */
	onTold(end: Heard): void;
	/**
	 * Called after each look with the row of the end, and with whether a synchronous standby is
	 * connected, if the database tells.
	 */
	onLook(end: Row, hasStandby: boolean | undefined): void;
	/** When the database cannot be reached, and when it can again. */
	onState(error: unknown | undefined): void;
};

export class Session {
	readonly #database: Database;
	readonly #seat: Seat;
	readonly #listener: SessionListener;
	readonly #channel: string;
	#client: pg.Client | undefined;
	#connecting: Promise<pg.Client> | undefined;
	#looking: NodeJS.Timeout | undefined;
	#telling: NodeJS.Timeout | undefined;
	#untold: Heard | undefined;
	#toldMs = Number.NEGATIVE_INFINITY;
	#hasOthers = true;
	#isDown = false;
	#isClosed = false;

	constructor(database: Database, seat: Seat, listener: SessionListener) {
		this.#database = database;
		this.#seat = seat;
		this.#listener = listener;
		this.#channel = `varve_${database.address.schema}`;
	}

	/** Looks once, and from then on each second until it is closed. */
	async start(): Promise<void> {
		await this.#look();
		this.#again();
	}

	/** Tells other nodes of the end of the log, at once if they were not told lately. */
	tell(end: Heard): void {
		if (!this.#hasOthers) return;
		this.#untold = end;
		const waitMs = Math.max(0, this.#toldMs + TELL_MS - performance.now());
		this.#telling ??= setTimeout(() => void this.#notify(), waitMs);
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		clearTimeout(this.#looking);
		clearTimeout(this.#telling);
		this.#seat.lose();
		const client = this.#client ?? (await this.#connecting?.catch(() => undefined));
		if (client) await hangUp(client);
	}

	#again(): void {
		if (this.#isClosed) return;
		this.#looking = setTimeout(async () => {
			await this.#lookSafely();
			this.#again();
		}, LOOK_MS).unref();
	}

	async #lookSafely(): Promise<void> {
		try {
			await this.#look();
			if (this.#isDown) this.#listener.onState(undefined);
			this.#isDown = false;
		} catch (error) {
			this.#drop();
			if (this.#isClosed) return;
			if (!this.#isDown) this.#listener.onState(error);
			this.#isDown = true;
		}
	}

	async #look(): Promise<void> {
		const client = await this.#connected();
		await within(client, LOOK_MAX_MS, async () => {
			const [{ rows }, running, hasStandby] = await Promise.all([
				client.query(this.#database.text(SELECT_END)),
				client.query(COUNT_RUNNING, [this.#database.address.schema]),
				hasStandbyOn(client),
			]);
			this.#hasOthers = Number(running.rows[0]?.count) > 1;
			this.#listener.onLook(rows[0] as Row, hasStandby);
			await this.#seat.look(client);
		});
	}

	#connected(): Promise<pg.Client> {
		if (this.#client) return Promise.resolve(this.#client);
		this.#connecting ??= this.#connect().finally(() => {
			this.#connecting = undefined;
		});
		return this.#connecting;
	}

	async #connect(): Promise<pg.Client> {
		const client = await this.#database.connect("session", true);
		try {
			client.on("notification", ({ payload, processId }) => {
				if (processId !== processOf(client)) this.#hasOthers = true;
				this.#heard(payload);
			});
			client.on("end", () => {
				if (this.#client === client) this.#drop();
			});
			await client.query(HOLD_SCHEMA, [this.#database.address.schema]);
			await client.query(`LISTEN "${this.#channel}"`);
			// One that ran alone knows then that it does not any more; its next look tells it, too.
			await client.query(this.#notification("here")).catch(() => undefined);
		} catch (error) {
			void hangUp(client);
			throw error;
		}
		this.#client = client;
		return client;
	}

	#drop(): void {
		const client = this.#client;
		this.#client = undefined;
		this.#seat.lose();
		if (client) void hangUp(client);
	}

	#heard(payload: string | undefined): void {
		const [next, erasures] = (payload ?? "").split(" ");
		const end = heardOf({ next, erasures });
		// Anybody who may connect to the database may notify.
		if (!Number.isSafeInteger(end.next) || !Number.isSafeInteger(end.erasures)) return;
		this.#listener.onTold(end);
	}

	async #notify(): Promise<void> {
		this.#telling = undefined;
		this.#toldMs = performance.now();
		const end = this.#untold;
		this.#untold = undefined;
		if (!end || !this.#client || this.#isClosed) return;
		try {
			await this.#client.query(this.#notification(`${end.next} ${end.erasures}`));
		} catch (error) {
			if (isUnreachable(error)) this.#drop();
		}
	}

	#notification(payload: string): pg.QueryConfig {
		return this.#database.statement(NOTIFY, [this.#channel, payload]);
	}
}

/** A service may keep that from everybody; the other statements of a look tell of real failures. */
async function hasStandbyOn(client: pg.Client): Promise<boolean | undefined> {
	try {
		const { rows } = await client.query(SELECT_CONNECTED);
		return rows[0]?.connected ?? undefined;
	} catch {
		return undefined;
	}
}

/** The server's process of a connection, which the types of the driver leave out. */
function processOf(client: pg.Client): number {
	return (client as unknown as { readonly processID: number }).processID;
}
