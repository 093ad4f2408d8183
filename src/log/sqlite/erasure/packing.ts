/**
 * Moves the skeletons of long gaps together, so that the pages they stood on are free for the next
 * appends. Emptied in place, a row of 300 bytes leaves a hole that nothing ever fills: SQLite
 * appends at the end.
 *
 *     first        the rows that are moved         last
 *     ├── MARGIN ──┼───────────────────┼── MARGIN ──┤
 *
 * While SQLite joins pages it leaves copies of the rows it moved, on the page and its neighbours to
 * the left and right. A copy of a skeleton is harmless; no erasure would find one of an event
 * that is erased later. So the margins stay where they are: more rows than three pages can hold.
 */
import type Database from "better-sqlite3";
import * as sql from "../statements.ts";

/** A skeleton with its hash has 78 bytes or more: of those, three pages of 4 KiB hold 157. */
const MARGIN = 300;
/** Rows moved in one step: some 10 ms. */
const STEP_ROWS_MAX = 500;

type Unpacked = { readonly first: number; readonly last: number; readonly packed: number };

export class Packing {
	readonly #select: Database.Statement;
	readonly #mark: Database.Statement;
	readonly #pack: Database.Statement;

	constructor(database: Database.Database) {
		this.#select = database.prepare(sql.SELECT_TO_PACK);
		this.#mark = database.prepare(sql.MARK_PACKED);
		this.#pack = database.prepare(sql.PACK_EVENTS);
	}

	/**
	 * One step, within a transaction.
	 * @param from no gap that begins earlier is looked at
	 * @returns where the next step begins; undefined if nothing is left
	 */
	step(from: number): number | undefined {
		const gap = this.#next(from);
		if (!gap) return undefined;
		const start = Math.max(gap.first + MARGIN, gap.packed + 1);
		const end = Math.min(start + STEP_ROWS_MAX - 1, gap.last - MARGIN);
		if (end >= start) this.#pack.run(start, end);
		this.#mark.run(end, gap.first);
		return gap.first;
	}

	isDue(): boolean {
		return this.#next(0) !== undefined;
	}

	/**
	 * Less than a step waits for the next time: so a gap that grows a little every day is packed only
	 * now and then, at its new end.
	 */
	#next(from: number): Unpacked | undefined {
		return this.#select.get(from, 2 * MARGIN + STEP_ROWS_MAX) as Unpacked | undefined;
	}
}
