/**
 * The seat of the node that leads: an advisory lock of the session, which ends with it. Each leader
 * gets a number that is higher than all before, in a transaction that takes the end of the log. A
 * leader that was stopped, and does not know that it lost the seat, writes under a lower number:
 * its next transaction sees that, and writes nothing.
 */
import type pg from "pg";
import { Refusal } from "../../../errors.ts";
import type { Database } from "../connection/database.ts";
import { codeOf } from "../connection/failures.ts";
import { BEGIN_WRITE, COMMIT, ROLLBACK, TAKE_END } from "../statements.ts";

const LOCK_LEADING = "hashtextextended('varve leading ' || current_database() || $1, 0)";
const TRY_LOCK = `SELECT pg_try_advisory_lock(${LOCK_LEADING}) AS taken`;
const SELECT_LEADER = "SELECT node FROM @leader";
/** The time makes it higher also where a fail-over has lost the number of before. */
const TAKE_SEAT = `
	UPDATE @leader SET node = $1,
		epoch = greatest(epoch + 1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)
	RETURNING epoch`;
/** A group of appends that waits for a standby holds the end; the next look tries again. */
const TAKE_MS = 2000;
const LOCK_NOT_AVAILABLE = "55P03";
const LEAVE = `SELECT pg_advisory_unlock(${LOCK_LEADING})`;
const RETRY_SECONDS = 1;

export class Seat {
	readonly #database: Database;
	readonly #node: string;
	#listeners: readonly ((isLeading: boolean) => void)[] = [];
	#epoch: number | undefined;
	#leader: string | undefined;

	/** @param node the address of this node */
	constructor(database: Database, node: string) {
		this.#database = database;
		this.#node = node;
	}

	get isLeading(): boolean {
		return this.#epoch !== undefined;
	}

	get leader(): string | undefined {
		return this.#leader;
	}

	/**
	 * The number under which this node leads.
	 * @throws Refusal `not-leader`
	 */
	epoch(): number {
		if (this.#epoch === undefined) throw this.refusal();
		return this.#epoch;
	}

	refusal(): Refusal<"not-leader"> {
		const leader = this.isLeading ? undefined : this.#leader;
		const facts = { retryAfterSeconds: RETRY_SECONDS };
		return new Refusal("not-leader", leader === undefined ? facts : { leader, ...facts });
	}

	onChange(listener: (isLeading: boolean) => void): () => void {
		this.#listeners = [...this.#listeners, listener];
		return () => {
			this.#listeners = this.#listeners.filter((one) => one !== listener);
		};
	}

	/** Takes the seat if it is free; else learns who has it. */
	async look(client: pg.Client): Promise<void> {
		if (this.isLeading) return;
		const { schema } = this.#database.address;
		const { rows } = await client.query(TRY_LOCK, [schema]);
		if (rows[0]?.taken !== true) {
			const [row] = await this.#database.rows(SELECT_LEADER, [], client);
			this.#leader = (row?.node as string | null) ?? undefined;
			return;
		}
		try {
			this.#epoch = await this.#take(client);
		} catch (error) {
			if (codeOf(error) !== LOCK_NOT_AVAILABLE) throw error;
			await client.query(LEAVE, [schema]);
			return;
		}
		this.#leader = this.#node;
		this.#tell(true);
	}

	/** The session has ended, and the lock with it. */
	lose(): void {
		if (!this.isLeading) return;
		this.#epoch = undefined;
		this.#leader = undefined;
		this.#tell(false);
	}

	async #take(client: pg.Client): Promise<number> {
		try {
			await client.query(BEGIN_WRITE);
			// Whether a standby has it does not matter: after a fail-over the seat is taken anew.
			await client.query(
				`SET LOCAL synchronous_commit = local; SET LOCAL lock_timeout = ${TAKE_MS}`,
			);
			await this.#database.rows(TAKE_END, [], client);
			const [row] = await this.#database.rows(TAKE_SEAT, [this.#node], client);
			await client.query(COMMIT);
			return Number(row?.epoch);
		} catch (error) {
			await client.query(ROLLBACK).catch(() => undefined);
			throw error;
		}
	}

	#tell(isLeading: boolean): void {
		for (const listener of this.#listeners) listener(isLeading);
	}
}
