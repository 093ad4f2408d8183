/**
 * Sees to it that this node serves one history. A connection that is made anew may lead to another
 * server, or to the same one after a restore. So each is asked who it is. If that is new, or the
 * end of the log is lower than it was, the log there has to begin with the one that this node knows.
 *
 *     serving ── another history, or another incarnation ──▶ replaced: nothing is read or written
 *                                                            until the node is started again
 */
import type pg from "pg";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import type { Refusal } from "../../../errors.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { codeOf, isUnreadable, present, unreachable } from "../connection/failures.ts";
import { readEdge } from "../hashes/edge.ts";
import { beginsWith, headAt } from "../hashes/hashes.ts";
import { SELECT_END } from "../statements.ts";
import type { SeenHistory } from "./history.ts";

const SELECT_IDENTITY = `
	SELECT system_identifier::text || CASE WHEN pg_is_in_recovery() THEN ''
		ELSE ' ' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END AS identity
	FROM pg_control_system()`;

const INSUFFICIENT_PRIVILEGE = "42501";
/** What was seen is written down this often, at most: a node that is killed knows nearly all. */
const NOTE_MS = 5000;

export class HistoryGuard {
	readonly #database: Database;
	#incarnation: number;
	readonly #seen: SeenHistory;
	readonly #onReplaced: (reason: string) => void;
	#identity: string | undefined;
	#head: TreeHead;
	#notedMs = Number.NEGATIVE_INFINITY;
	#replaced: Refusal | undefined;

	/** @param end the row of the log's end, as this node begins with it */
	constructor(
		database: Database,
		incarnation: number,
		end: Row,
		seen: SeenHistory,
		onReplaced: (reason: string) => void,
	) {
		this.#database = database;
		this.#incarnation = incarnation;
		this.#head = headOf(end);
		this.#seen = seen;
		this.#onReplaced = onReplaced;
	}

	/** Why nothing is served any more. */
	get replaced(): Refusal | undefined {
		return this.#replaced;
	}

	/** @throws Refusal if nothing is served any more */
	refuseReplaced(): void {
		if (this.#replaced) throw this.#replaced;
	}

	/**
	 * Asks a connection that was made just now who it is.
	 * @throws Refusal if it leads to another history
	 */
	async admit(client: pg.ClientBase): Promise<void> {
		this.refuseReplaced();
		const identity = await identityOf(client);
		if (identity !== undefined && identity === this.#identity) return;
		const [end] = await this.#database.rows(SELECT_END, [], client);
		await this.#check(present(end, "the end of the log"), client);
		this.#identity = identity;
	}

	/** Takes a look at the end of the log. */
	async look(end: Row): Promise<void> {
		if (this.#replaced) return;
		const size = Number(end.next);
		if (Number(end.incarnation) !== this.#incarnation || size < this.#head.size) {
			await this.#check(end, this.#database.pool).catch(() => undefined);
			return;
		}
		if (size > this.#head.size) this.#head = headOf(end);
		if (performance.now() - this.#notedMs < NOTE_MS) return;
		this.#notedMs = performance.now();
		await this.note();
	}

	/** An import on this node has given the log the number of its source. */
	raised(incarnation: number): void {
		this.#incarnation = Math.max(this.#incarnation, incarnation);
	}

	/** Writes down how much of the log this node has seen. */
	async note(): Promise<void> {
		await this.#seen.note(this.#head);
	}

	async #check(end: Row, on: Queryable): Promise<void> {
		const incarnation = Number(end.incarnation);
		const size = Number(end.next);
		if (incarnation !== this.#incarnation) {
			this.#replace(
				`the log is history ${incarnation} now, and this node serves ${this.#incarnation}; start it again`,
			);
		} else if (!(await this.#isContinued(size, on))) {
			this.#replace(
				`the log has ${size} events, and is not the one of which this node has seen ` +
					`${this.#head.size}: another history has taken its place; see docs/postgresql.md`,
			);
		}
		this.refuseReplaced();
	}

	async #isContinued(size: number, on: Queryable): Promise<boolean> {
		try {
			return await beginsWith(this.#head, size, (of) => headAt(this.#database, of, on));
		} catch (error) {
			if (isUnreadable(error)) return false;
			throw error;
		}
	}

	#replace(reason: string): void {
		if (this.#replaced) return;
		this.#replaced = unreachable(new Error(reason));
		this.#onReplaced(reason);
	}
}

/** Undefined if this role may not ask: then every connection is compared by the log itself. */
async function identityOf(client: pg.ClientBase): Promise<string | undefined> {
	try {
		const { rows } = await client.query(SELECT_IDENTITY);
		return String(rows[0]?.identity);
	} catch (error) {
		if (codeOf(error) === INSUFFICIENT_PRIVILEGE) return undefined;
		throw error;
	}
}

function headOf(end: Row): TreeHead {
	const size = Number(end.next);
	return { size, root: rootOf(readEdge(size, end.edge as Buffer)) };
}
