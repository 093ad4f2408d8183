/**
 * A streaming replica of the database, for reads. It may be behind, gone, promoted, or have come to
 * hold another history: each second, and with each connection, it is held against the primary.
 *
 *     following ── it cannot be reached, or is no beginning of this log ──▶ aside ─┐
 *         ▲                                              (reads go to the primary) │
 *         └───────────────── a look finds it sound again ──────────────────────────┘
 */
import type pg from "pg";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { Refusal } from "../../../errors.ts";
import type { Database, Queryable } from "../connection/database.ts";
import { causeOf, isUnreadable, present } from "../connection/failures.ts";
import { readEdge } from "../hashes/edge.ts";
import { beginsWith, headAt } from "../hashes/hashes.ts";
import { SELECT_END, SELECT_SYSTEM } from "../statements.ts";

export type ReplicaParts = {
	readonly primary: Database;
	/** Of the replica. */
	readonly database: Database;
	readonly incarnation: number;
	readonly tell: (level: "info" | "warn", text: string) => void;
};

/** What is no replica of the log, and will not become one. */
class Stranger extends Error {}

export class Replica {
	readonly #parts: ReplicaParts;
	#system: unknown;
	#isAside = false;
	#looking: Promise<void> | undefined;

	constructor(parts: ReplicaParts) {
		this.#parts = parts;
		parts.database.admit = (client: pg.ClientBase) => this.#check(client);
	}

	/** Whether reads may ask it. */
	get isFollowing(): boolean {
		return !this.#isAside;
	}

	/** @throws Refusal `database-unusable` if it is no replica of this log; it may be away for now */
	async start(): Promise<void> {
		const { primary, database } = this.#parts;
		const [row] = await primary.rows(SELECT_SYSTEM);
		this.#system = present(row, "the number of the cluster").system;
		try {
			await this.#check(database.pool);
		} catch (error) {
			const { shown } = database.address;
			if (error instanceof Stranger) {
				throw new Refusal("database-unusable", { store: shown, reason: error.message });
			}
			this.failed(error);
		}
	}

	/** Looks whether it is what it was; one look at a time. */
	look(): void {
		this.#looking ??= this.#look().finally(() => {
			this.#looking = undefined;
		});
	}

	async #look(): Promise<void> {
		try {
			await this.#check(this.#parts.database.pool);
			if (this.#isAside) this.#parts.tell("info", "the replica is read from again");
			this.#isAside = false;
		} catch (error) {
			this.failed(error);
		}
	}

	/** Reads go to the primary from now on, until a look finds the replica sound. */
	failed(error: unknown): void {
		if (this.#isAside) return;
		this.#isAside = true;
		this.#parts.tell("warn", `reads go to the primary, not to the replica: ${causeOf(error)}`);
		this.#parts.database.cut();
	}

	close(): Promise<void> {
		return this.#parts.database.close();
	}

	/** The shorter of the two logs has to be the beginning of the longer one. */
	async #check(on: Queryable): Promise<void> {
		const { primary, database, incarnation } = this.#parts;
		const [system] = await database.rows(SELECT_SYSTEM, [], on);
		if (system?.system !== this.#system) {
			throw new Stranger("it is no replica of the primary: its cluster has another number");
		}
		const [row] = await database.rows(SELECT_END, [], on);
		const end = present(row, "the end of its log");
		if (Number(end.incarnation) !== incarnation) {
			throw new Error(`it has history ${end.incarnation}, and this node serves ${incarnation}`);
		}
		const [own] = await primary.rows(SELECT_END);
		const [theirs, ours] = [end, present(own, "the end of the log")].map((one) => {
			const size = Number(one.next);
			return { size, root: rootOf(readEdge(size, one.edge as Buffer)) };
		}) as [{ size: number; root: Buffer }, { size: number; root: Buffer }];
		if (theirs.size === ours.size && Buffer.compare(theirs.root, ours.root) === 0) return;
		const isBeginning =
			theirs.size <= ours.size
				? await isIn(theirs, ours.size, (size) => headAt(primary, size))
				: await isIn(ours, theirs.size, (size) => headAt(database, size, on));
		if (!isBeginning) throw new Stranger("it holds another history than the primary");
	}
}

async function isIn(...given: Parameters<typeof beginsWith>): Promise<boolean> {
	try {
		return await beginsWith(...given);
	} catch (error) {
		if (isUnreadable(error)) return false;
		throw error;
	}
}
