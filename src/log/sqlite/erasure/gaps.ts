/**
 * The gaps in the log: spans of scavenged positions. They are disjoint, and none touches another.
 * So if a read of the log meets one, the position after its end is the next one to read.
 */
import type Database from "better-sqlite3";
import type { Gap } from "../../log.ts";
import * as sql from "../statements.ts";

/** With the position up to which it is packed. */
type StoredGap = Gap & { readonly packed: number | null };

export class Gaps {
	readonly #select: Database.Statement;
	readonly #delete: Database.Statement;
	readonly #insert: Database.Statement;

	constructor(database: Database.Database) {
		this.#select = database.prepare(sql.SELECT_GAP);
		this.#delete = database.prepare(sql.DELETE_GAP);
		this.#insert = database.prepare(sql.INSERT_GAP);
	}

	/** Adds positions that are in no gap yet, ascending. */
	add(positions: readonly number[]): void {
		let first: number | undefined;
		let last = -1;
		for (const position of positions) {
			if (first !== undefined && position !== last + 1) this.#addGap(first, last);
			if (first === undefined || position !== last + 1) first = position;
			last = position;
		}
		if (first !== undefined) this.#addGap(first, last);
	}

	#addGap(from: number, to: number): void {
		let [first, last] = [from, to];
		let packed: number | null = null;
		const before = this.#select.get(from) as StoredGap | undefined;
		if (before?.last === from - 1) {
			first = Number(before.first);
			packed = before.packed;
			this.#delete.run(before.first);
		}
		const after = this.#select.get(to + 1) as StoredGap | undefined;
		if (after?.first === to + 1) {
			last = Number(after.last);
			this.#delete.run(after.first);
		}
		this.#insert.run(first, last, packed);
	}
}
