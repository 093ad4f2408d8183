/**
 * The correlations of events whose metadata was erased. No event says them any more, only the
 * entries of the streams `$bc-…`; so a pass over those finds them all, and they are kept until the
 * next erasure.
 */
import type Database from "better-sqlite3";
import * as sql from "../statements.ts";
import * as moving from "./statements.ts";

/** A few milliseconds' worth of streams. */
const STREAMS_A_STEP = 2000;

type Row = { readonly position: number; readonly correlation: string };

export class Correlations {
	readonly #statements: ReturnType<typeof prepare>;
	#known = new Map<number, string>();
	/** What was erased when they were learnt; "" if they were not. */
	#asOf = "";

	constructor(database: Database.Database) {
		this.#statements = prepare(database);
	}

	/** Learns them, unless it knows them already. */
	async learn(yieldTurn: () => Promise<void>): Promise<void> {
		const { erasures, lastStream, lastErased, correlations } = this.#statements;
		// An import adds erased events, and is no erasure.
		const now = `${erasures.get()} ${lastErased.get()}`;
		if (this.#asOf === now) return;
		const found = new Map<number, string>();
		const last = Number(lastStream.get());
		for (let from = 0; from <= last; from += STREAMS_A_STEP) {
			for (const row of correlations.all(from, from + STREAMS_A_STEP - 1) as Row[]) {
				found.set(row.position, row.correlation);
			}
			await yieldTurn();
		}
		this.#known = found;
		this.#asOf = now;
	}

	of(position: number): string | undefined {
		return this.#known.get(position);
	}

	/** They are many, and the next export may come in a month. */
	forget(): void {
		this.#known = new Map();
		this.#asOf = "";
	}
}

function prepare(database: Database.Database) {
	return {
		erasures: database.prepare(sql.SELECT_ERASURES).pluck(),
		lastStream: database.prepare(sql.SELECT_LAST_STREAM).pluck(),
		lastErased: database.prepare(moving.SELECT_LAST_ERASED).pluck(),
		correlations: database.prepare(moving.SELECT_CORRELATIONS),
	};
}
