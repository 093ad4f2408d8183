/** How a node begins: with the end of the log that it has found, once a standby has that. */
import type { History } from "../../log.ts";
import type { Database, Row } from "../connection/database.ts";
import type { SeenHistory } from "../start/history.ts";
import { SELECT_HISTORIES } from "../statements.ts";
import type { Follower } from "./follower.ts";
import { heardOf } from "./heard.ts";
import type { Session } from "./session.ts";

/** A fail-over that is under way takes that long. */
export const START_PROOF_MS = 30_000;

export type Beginning = {
	readonly session: Session;
	readonly follower: Follower;
	/** The row of the log's end. */
	readonly end: Row;
	readonly seen: SeenHistory;
	/** How long to wait for a standby. */
	readonly proofMs: number;
};

/**
 * The server may have crashed and started again just now, and show more than any standby has. What
 * this node has seen before, a standby had.
 * @returns where histories began
 * @throws Refusal `no-standby`
 */
export async function beginAt(
	database: Database,
	{ session, follower: { replication }, end, seen, proofMs }: Beginning,
): Promise<readonly History[]> {
	replication.isAwaited = end.standbys !== "";
	if (Number(end.next) > seen.size) await replication.reached(heardOf(end), proofMs);
	replication.note(heardOf(end));
	await session.start();
	const rows = await database.rows(SELECT_HISTORIES);
	return rows.map(({ incarnation, first }) => {
		return { incarnation: Number(incarnation), first: Number(first) };
	});
}
