/**
 * What is known of a stream besides its entries: its number, its last version, its marks.
 *
 * A damaged page of `marks` may read as one with fewer rows. Taken at its word, a stream that was
 * deleted for ever would be read and appended to again. So each look-up holds them against what the
 * log itself says: see `verify/reads.ts`.
 */
import type Database from "better-sqlite3";
import { isUnreadable, present } from "../failures.ts";
import * as sql from "../statements.ts";
import { checkMarks } from "../verify/reads.ts";
import { prepareSizeByStreams } from "../verify/stored/end.ts";

export type StreamRow = {
	readonly id: number;
	readonly last: number;
	/** The position of its newest event; null for `$all`. */
	readonly newest: number | null;
	/** Positions of events; null where there is none. */
	readonly metadata: number | null;
	readonly tombstone: number | null;
	readonly link: number | null;
	/** The lowest version that was not scavenged; null for 0. */
	readonly scavenged: number | null;
};

/** A row, and what the log says of its marks. */
type ProvenRow = StreamRow & {
	/** The position of the newest event of its metadata stream. */
	readonly described: number | null;
	/** Null where the stream's last event is missing: whoever reads that finds out. */
	readonly ended: number | null;
};

export type Rows = {
	/**
	 * The row of a stream; undefined where it has no events.
	 * @throws Contradiction where its marks are not what the log says
	 */
	find(stream: string): StreamRow | undefined;
	/** The same, with its marks as they are noted. */
	findUnproven(stream: string): StreamRow | undefined;
	/**
	 * That of `$all`; undefined where the log is empty. Its marks hide nothing, so they are taken as
	 * they are noted: it is what there is to be read of a damaged log.
	 */
	all(): StreamRow | undefined;
};

export function prepareRows(database: Database.Database): Rows {
	const proven = database.prepare(sql.SELECT_STREAM);
	const unproven = database.prepare(sql.SELECT_STREAM_UNPROVEN);
	const findUnproven = (stream: string) => found(unproven.get(stream) as StreamRow | undefined);
	return {
		find(stream) {
			let row: ProvenRow | undefined;
			try {
				row = found(proven.get(stream) as ProvenRow | undefined);
			} catch (error) {
				if (!isUnreadable(error)) throw error;
				// Damage to other pages takes no stream with it whose own rows can be read.
				return findUnproven(stream);
			}
			if (row) checkMarks(row);
			return row;
		},
		findUnproven,
		all: prepareRowOfAll(database),
	};
}

/** A stream is given its name together with an entry. */
function found<T extends StreamRow>(row: T | undefined): T | undefined {
	if (row) present(row.last, "the newest entry of the stream");
	return row;
}

/** Without the newest events, all before them can be read. */
function prepareRowOfAll(database: Database.Database): () => StreamRow | undefined {
	const statement = database.prepare(sql.SELECT_ALL);
	const sizeByStreams = prepareSizeByStreams(database);
	const find = () => {
		try {
			return statement.get(null) as StreamRow;
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			return statement.get(sizeByStreams() - 1) as StreamRow;
		}
	};
	return () => {
		const row = find();
		return row.last === null ? undefined : row;
	};
}
