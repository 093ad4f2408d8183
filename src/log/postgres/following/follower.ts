/**
 * How far the listeners of this node have heard of the log, and how they hear of the commits of
 * other nodes: from the events themselves, which say all that a commit changes.
 *
 *     own commit      ─▶ it follows what was heard: told as it is
 *                        others lie between: those are fetched, up to its own
 *     other's commit  ─▶ seen by a read, a notification or a poll: fetched, and told as one, once
 *                        a standby has it (see `replication.ts`)
 *
 * Everything happens in one line, so listeners hear of it in the order of the log.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { addSubtree, type Frontier, rootOf } from "../../../../feeds/proof/frontier.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import type { StreamName } from "../../../event.ts";
import { CORRELATED_METADATA_BYTES_MAX } from "../../../indexes/joins.ts";
import type { Commit } from "../../commit.ts";
import type { Database, Row } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { textsOf } from "../connection/values.ts";
import { readEdge } from "../hashes/edge.ts";
import { growthOf, SELECT_GROWTH } from "./growth.ts";
import { type Heard, heardOf, isBefore } from "./heard.ts";
import { Replication } from "./replication.ts";
import * as sql from "./statements.ts";

/** Events of other nodes that are told as one commit. */
const STEP_EVENTS_MAX = 2000;
/** A commit of this node that takes longer is not waited for: what a read saw is fetched. */
const OWN_WORK_MS = 20;

export class Follower {
	readonly replication = new Replication();
	readonly #database: Database;
	readonly #tell: (commit: Commit) => void;
	/** The right edge of the tree over all that was heard. */
	#frontier: Frontier;
	/** The transaction of this node that is under way, until its listeners have heard of it. */
	#ownWork: Promise<unknown> = Promise.resolve();
	#line: Promise<unknown> = Promise.resolve();
	/** Fetches that have failed, and why the last of them did. */
	#failures: { readonly count: number; readonly last: unknown } = { count: 0, last: undefined };
	#heard: Heard;

	/** @param end the row of the log's end, as this node begins with it */
	constructor(database: Database, end: Row, tell: (commit: Commit) => void) {
		this.#database = database;
		this.#heard = heardOf(end);
		this.#frontier = readEdge(this.#heard.next, end.edge as Buffer);
		this.#tell = tell;
	}

	get heard(): Heard {
		return this.#heard;
	}

	/** The size and the root of all that was heard, and so of all that this node has served. */
	head(): TreeHead {
		return { size: this.#heard.next, root: rootOf(this.#frontier) };
	}

	/** Reads wait for the transaction, rather than fetch what it will tell in a moment. */
	expect(work: Promise<unknown>): void {
		this.#ownWork = work.catch(() => undefined);
	}

	/**
	 * Tells of a commit of this node.
	 * @param taken the end of the log before it
	 * @param frontier the right edge of the tree behind it, if it appended anything
	 */
	committed(taken: Heard, commit: Commit, frontier?: Frontier): Promise<void> {
		const own = { next: commit.last + 1, erasures: commit.erasures ?? taken.erasures };
		// What lies before it waited for the standby as well, or was committed before.
		this.replication.note(own);
		return this.#inLine(async () => {
			const { next, erasures } = this.#heard;
			if (next >= own.next && erasures >= own.erasures) return;
			if (next === taken.next && erasures === taken.erasures) {
				this.#heard = own;
				this.#frontier = frontier ?? this.#frontier;
				this.#tell(commit);
			} else await this.#fetch(own);
		});
	}

	/**
	 * Undefined if the listeners have heard of what a read has seen; else a promise that resolves
	 * once they have.
	 * @throws Refusal `no-standby` if no synchronous standby has it
	 */
	reached(seen: Heard): Promise<void> | undefined {
		if (!isBefore(this.#heard, seen)) return undefined;
		return this.#reach(seen);
	}

	/** Another node has committed up to there, and its commit was answered. */
	async told(end: Heard): Promise<void> {
		this.replication.note(end);
		await this.reached(end);
	}

	async #reach(seen: Heard): Promise<void> {
		// A commit may wait for a standby, and who reads must not wait with it.
		await Promise.race([this.#ownWork, sleep(OWN_WORK_MS, undefined, { ref: false })]);
		if (isBefore(this.#heard, seen)) await this.replication.reached(seen);
		const { count } = this.#failures;
		await this.#inLine(async () => {
			if (!isBefore(this.#heard, seen)) return;
			// Those who waited behind a fetch that failed do not wait for one more, each.
			if (this.#failures.count > count) throw this.#failures.last;
			await this.#fetch(seen);
		});
	}

	#inLine(work: () => Promise<void>): Promise<void> {
		const result = this.#line.then(work);
		this.#line = result.catch(() => undefined);
		return result;
	}

	async #fetch(seen: Heard): Promise<void> {
		try {
			await this.#fetchUpTo(seen);
		} catch (error) {
			this.#failures = { count: this.#failures.count + 1, last: error };
			throw error;
		}
	}

	/** Fetches all that happened up to `seen`, and tells of it. */
	async #fetchUpTo(seen: Heard): Promise<void> {
		while (this.#heard.next < seen.next) {
			const { next: from, erasures } = this.#heard;
			const to = Math.min(from + STEP_EVENTS_MAX, seen.next);
			const { commit, hashes } = await this.#growth(from, to);
			this.#heard = { next: to, erasures };
			for (const hash of hashes) addSubtree(this.#frontier, hash, 0);
			this.#tell(commit);
		}
		while (this.#heard.erasures < seen.erasures) {
			const rows = await this.#database.rows(sql.SELECT_ERASED, [this.#heard.erasures]);
			present(rows[0], "an erasure that the log has counted");
			for (const { number, streams } of rows) {
				const marked = ((streams as string | null) ?? "").split("\n") as StreamName[];
				this.#heard = { next: this.#heard.next, erasures: Number(number) };
				const last = this.#heard.next - 1;
				this.#tell({ last, streams: new Map(), marked, erasures: Number(number) });
			}
		}
	}

	async #growth(
		from: number,
		to: number,
	): Promise<{ readonly commit: Commit; readonly hashes: readonly Buffer[] }> {
		const values = [from, to, CORRELATED_METADATA_BYTES_MAX];
		const [row] = await this.#database.rows(SELECT_GROWTH, values);
		const { count, streams, joined, marked, hashes } = growthOf(present(row, "what was appended"));
		if (count < to - from) present(undefined, "an event before the end of the log");
		// An event says its own version, but not those that it has in the streams it joins.
		const names = textsOf([...joined.keys()]);
		const lasts = await this.#database.rows(sql.SELECT_LAST_AT, [names, to]);
		for (const { name, last } of lasts) streams.set(name as StreamName, Number(last));
		return { commit: { last: to - 1, streams, marked: [...marked] }, hashes };
	}
}
