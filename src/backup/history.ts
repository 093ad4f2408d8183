/** A backup is of one history. Going on with another would lose the first one's last copy. */
import { Refusal } from "../errors.ts";
import type { Connection } from "../log/sqlite/copies.ts";
import * as copying from "./statements.ts";

type StoreRow = { readonly incarnation: number; readonly erasures: number };

/**
 * Refuses a source that is not the one that was copied, or that was set back.
 * @param last the position of the last event that was copied; -1 for none
 * @param path the name of the copy in the refusal
 * @throws Refusal `backup-unusable`
 */
export function refuseOtherHistory(database: Connection, last: number, path: string): void {
	if (last < 0) return;
	const reason = otherHistory(database, last);
	if (reason === undefined) return;
	throw new Refusal("backup-unusable", { path, reason: `${reason}; take another target` });
}

/** The reason why the source has another history; undefined if it has the same. */
function otherHistory(database: Connection, last: number): string | undefined {
	const copied = database.prepare(copying.BACKUP_STORE).get() as StoreRow;
	const stored = database.prepare(copying.SOURCE_STORE).get() as StoreRow;
	if (copied.incarnation !== stored.incarnation) {
		const numbers = `number ${copied.incarnation}, the store is number ${stored.incarnation}`;
		return `it is of another history (${numbers})`;
	}
	const head = database.prepare(copying.SOURCE_LAST_EVENT).pluck().get() as number;
	if (head < last) {
		return `the store was set back: it has ${last + 1} events, the store ${head + 1}`;
	}
	// What is noted of erasures would be set back with it, and no longer fit the events.
	if (stored.erasures < copied.erasures) {
		const counts = `it has ${copied.erasures} erasures, the store ${stored.erasures}`;
		return `the store was set back: ${counts}`;
	}
	const isSameEvent = database.prepare(copying.isSameEvent("main")).pluck();
	if (isSameEvent.get(0) === 1 && isSameEvent.get(last) === 1) return undefined;
	return "it is of another store, or of another history";
}
