/** The names of streams, to be verified: a stream without a name is named by its number. */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { upTo } from "../../../../up-to.ts";
import * as sql from "../../statements.ts";

const NAMES_KEPT_MAX = 20_000;

export type Names = (id: number) => string;

/** Keeps the names that were asked for lately. */
export function namesIn(database: Database.Database): Names {
	const statement = database.prepare(sql.SELECT_STREAM_NAME).pluck();
	const kept = new LRUCache<number, string>(upTo(NAMES_KEPT_MAX));
	return (id) => {
		let name = kept.get(id);
		if (name === undefined) {
			const found = statement.get(id) as string | undefined;
			if (found === undefined) return `(stream ${id}, which has no name)`;
			name = String(found);
			kept.set(id, name);
		}
		return name;
	};
}
