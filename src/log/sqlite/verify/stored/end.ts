/**
 * Where the log ends. The newest events say so; where their page is damaged, the streams know it,
 * too, and all that lies before can still be read.
 */
import type Database from "better-sqlite3";
import { isUnreadable } from "../../failures.ts";
import * as sql from "../../statements.ts";

/** How many events there are. */
export function prepareSize(database: Database.Database): () => number {
	const size = database.prepare(sql.SELECT_SIZE).pluck();
	const sizeByStreams = prepareSizeByStreams(database);
	return () => {
		try {
			return size.get() as number;
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			return sizeByStreams();
		}
	};
}

/**
 * The same, as the streams have it. That is a look-up for each of them, so it is kept until
 * something is committed; which only a connection that reads is told of.
 */
export function prepareSizeByStreams(database: Database.Database): () => number {
	const size = database.prepare(sql.SELECT_SIZE_BY_STREAMS).pluck();
	let known = { version: Number.NaN, size: 0 };
	return () => {
		const version = Number(database.pragma("data_version", { simple: true }));
		if (!database.readonly || known.version !== version) {
			known = { version, size: Number(size.get()) };
		}
		return known.size;
	};
}
