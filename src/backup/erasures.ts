/** Erases in the copy the events that were erased in the source, and adds their digests. */
import type { Connection } from "../log/sqlite/copies.ts";
import * as copying from "./statements.ts";

/** Positions of events that one statement compares. */
const EVENTS_AT_ONCE = 20_000;

/**
 * @param last the position of the last event that was copied before; those behind are as the store
 *   has them now
 * @param added called with the positions of the new digests
 */
export async function copyErasures(
	database: Connection,
	last: number,
	added: (positions: readonly number[]) => void,
	yieldTurn: () => Promise<void>,
): Promise<void> {
	const one = (sql: string) => database.prepare(sql).pluck().get() as number;
	const erase = database.prepare(copying.BACKUP_ERASURES);
	const digests = database.prepare(copying.BACKUP_DIGESTS).pluck();

	if (one(copying.HAS_ERASURES) === 0) {
		for (let from = 0; from <= last; from += EVENTS_AT_ONCE) {
			erase.run(from, Math.min(last, from + EVENTS_AT_ONCE - 1));
			await yieldTurn();
		}
	}
	if (one(copying.HAS_DIGESTS) === 0) {
		const end = one(copying.LAST_EVENT);
		for (let from = 0; from <= end; from += EVENTS_AT_ONCE) {
			added(digests.all(from, from + EVENTS_AT_ONCE - 1) as number[]);
			await yieldTurn();
		}
	}
}
