/** The facts about the histories of a log, from its database and from the file beside it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type Database from "better-sqlite3";
import { readCheckpoint } from "../../../../../feeds/proof/signed-head.ts";
import type { History } from "../../../log.ts";
import type { HistoryFacts } from "../../../verify/histories.ts";
import * as sql from "../../statements.ts";

/** `varve/3f9c2a71d0b84e55`, and from the second history on with its number behind it. */
const ORIGIN = /^varve\/[0-9a-f]{16}(?:\/(\d{1,15}))?$/;

export function historyFactsIn(database: Database.Database): HistoryFacts {
	const newestFirst = database.prepare(sql.SELECT_HISTORIES).all() as History[];
	return {
		incarnation: Number(database.prepare(sql.SELECT_INCARNATION).pluck().get()),
		histories: newestFirst.reverse(),
		size: Number(database.prepare(sql.SELECT_SIZE).pluck().get()),
		signed: signedIn(join(dirname(database.name), "log.checkpoint")),
	};
}

/** Whether the signature is right is asked where the key is: at each start of a server. */
function signedIn(file: string): number | undefined {
	try {
		const name = ORIGIN.exec(readCheckpoint(readFileSync(file, "utf8")).origin);
		return name === null ? undefined : Number(name[1] ?? 1);
	} catch {
		// A backup has none, and a server that finds nonsense in its place signs anew.
		return undefined;
	}
}
