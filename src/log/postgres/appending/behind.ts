/** A commit behind all others: what shows that a synchronous standby has what is visible. */
import type pg from "pg";
import type { Database } from "../connection/database.ts";
import { type Heard, heardOf } from "../following/heard.ts";
import { TOUCH_END } from "../statements.ts";
import { refuseWeak, takeEnd } from "./lookups.ts";
import { type CommitWatch, commit, send } from "./transaction.ts";

/** A commit that changes nothing: it waits for the standby, and so for all commits before it. */
export async function commitBehind(
	database: Database,
	client: pg.Client,
	watch: CommitWatch,
): Promise<Heard> {
	const end = await takeEnd(database, client);
	refuseWeak(end, watch);
	watch.takeWarnings();
	await commit(client, watch, [send(database, client, TOUCH_END, [])]);
	return heardOf(end);
}
