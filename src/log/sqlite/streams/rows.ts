/**
 * The row of a stream: its number, its last version, its marks.
 *
 * A damaged page of `marks` may read as one with fewer rows. If the log believed it, clients could
 * read a stream that was deleted for ever, and append to it. So each look-up compares the marks
 * with the events themselves: see `verify/reads.ts`.
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
	/** Positions of events; null if there is none. */
	readonly metadata: number | null;
	readonly tombstone: number | null;
	readonly link: number | null;
	/** The lowest version that was not scavenged; null for 0. */
	readonly scavenged: number | null;
};

/** A row, and the marks according to the events. */
type ProvenRow = StreamRow & {
	/** The position of the newest event of its metadata stream. */
	readonly described: number | null;
	/** Null if the stream's last event is missing: a read of that event reports it. */
	readonly ended: number | null;
};

export type Rows = {
	/**
	 * The row of a stream; undefined if it has no events.
	 * @throws Contradiction if its marks do not agree with the events
	 */
	find(stream: string): StreamRow | undefined;
	/** The same, with its marks as they are noted. */
	findUnproven(stream: string): StreamRow | undefined;
	/**
	 * The row of `$all`; undefined if the log is empty. Its marks hide nothing, so they are not
	 * checked: clients can read `$all` of a damaged log.
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
				// A stream whose own rows can be read stays readable if other pages are damaged.
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
