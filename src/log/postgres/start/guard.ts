/**
 * Sees to it that this node serves one history. A connection that is made anew may lead to another
 * server, or to the same one after a restore. So before any is used, and with each look at the end
 * of the log, the log there has to begin with all that this node has served.
 *
 *     serving ── another history, or another incarnation ──▶ replaced: nothing is read or written
 *                                                            until the node is started again
 */
import type pg from "pg";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import type { Refusal } from "../../../errors.ts";
import type { Database, Queryable, Row } from "../connection/database.ts";
import { isUnreadable, present, unreachable } from "../connection/failures.ts";
import { readEdge } from "../hashes/edge.ts";
import { beginsWith, headAt } from "../hashes/hashes.ts";
import { SELECT_END } from "../statements.ts";
import type { SeenHistory } from "./history.ts";

/** What was seen is written down this often, at most: a node that is killed knows nearly all. */
const NOTE_MS = 5000;

export type Served = {
	readonly incarnation: number;
	/** The size and the root of all that this node has served. */
	readonly head: () => TreeHead;
	readonly seen: SeenHistory;
};

export class HistoryGuard {
	readonly #database: Database;
	readonly #served: Served;
	readonly #onReplaced: (reason: string) => void;
	#incarnation: number;
	#notedMs = Number.NEGATIVE_INFINITY;
	#replaced: Refusal | undefined;

	constructor(database: Database, served: Served, onReplaced: (reason: string) => void) {
		this.#database = database;
		this.#served = served;
		this.#incarnation = served.incarnation;
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
	 * Looks at the log behind a connection that was made just now.
	 * @throws Refusal if it is another history
	 */
	async admit(client: pg.ClientBase): Promise<void> {
		this.refuseReplaced();
		await this.#check(client);
	}

	/** Takes a look at the end of the log, on a connection that was admitted. */
	async look(end: Row): Promise<void> {
		if (this.#replaced) return;
		// This row may be older than what this node has appended meanwhile; the next one is not.
		const isLower = Number(end.next) < this.#served.head().size;
		if (isLower || Number(end.incarnation) !== this.#incarnation) {
			await this.#check(this.#database.pool).catch(() => undefined);
		}
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
		await this.#served.seen.note(this.#served.head());
	}

	async #check(on: Queryable): Promise<void> {
		// Before the log is asked: it goes on while it answers, and this node with it.
		const served = this.#served.head();
		const [row] = await this.#database.rows(SELECT_END, [], on);
		const end = present(row, "the end of the log");
		const incarnation = Number(end.incarnation);
		const size = Number(end.next);
		if (incarnation !== this.#incarnation) {
			this.#replace(
				`the log is history ${incarnation} now, and this node serves ${this.#incarnation}; start it again`,
			);
		} else if (!(await this.#isContinued(served, end, on))) {
			this.#replace(
				`the log has ${size} events, and does not begin with the ${served.size} that this node has ` +
					"served: another history has taken its place; see docs/postgresql.md",
			);
		}
		this.refuseReplaced();
	}

	async #isContinued(served: TreeHead, end: Row, on: Queryable): Promise<boolean> {
		const size = Number(end.next);
		try {
			if (size === served.size) {
				return Buffer.compare(rootOf(readEdge(size, end.edge as Buffer)), served.root) === 0;
			}
			return await beginsWith(served, size, (of) => headAt(this.#database, of, on));
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
