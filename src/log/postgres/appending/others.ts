/**
 * What other nodes have appended since this one wrote, asked in the transaction that has taken the
 * end of the log. The hashes of those events have to lead from the end that this node knows to the
 * one that it has found: then it is the same history, and nothing else in it has changed.
 */
import type pg from "pg";
import { addSubtree, type Frontier } from "../../../../feeds/proof/frontier.ts";
import type { Commit } from "../../commit.ts";
import type { Database, Row } from "../connection/database.ts";
import { present } from "../connection/failures.ts";
import { type Growth, growthOf, SELECT_GROWTH } from "../following/growth.ts";
import type { Heard } from "../following/heard.ts";
import { readEdge, writeEdge } from "../hashes/edge.ts";
import type { KnownLog } from "./known.ts";
import { takeEnd } from "./lookups.ts";
import { send, settled } from "./transaction.ts";

/** To look up the streams of a group costs less than to fetch more than that. */
const GROWTH_EVENTS_MAX = 1000;
/** Everybody waits for this transaction: what has longer metadata is looked up. */
const METADATA_BYTES_MAX = 4096;

export type Others = {
	/** The end of the log before. */
	readonly taken: Heard;
	/** Undefined if it does not say how far each stream has come. */
	readonly commit: Commit | undefined;
	readonly frontier: Frontier;
};

type TakenEnd = {
	readonly end: Row;
	/** Undefined if others wrote nothing, or more than this node can go by. */
	readonly others: Others | undefined;
};

/**
 * Begins a transaction that has the end of the log, and brings what the node knows up to it.
 * @param heard how far the log goes, as this node has heard
 */
export async function takeEndAfter(
	database: Database,
	client: pg.Client,
	known: KnownLog,
	heard: number,
): Promise<TakenEnd> {
	const before = present(known.end, "what this node knows of the log");
	const from = Number(before.next);
	if (heard - from > GROWTH_EVENTS_MAX) {
		const end = await takeEnd(database, client);
		known.found(end);
		return { end, others: undefined };
	}
	const values = [from, from + GROWTH_EVENTS_MAX, METADATA_BYTES_MAX];
	const [end, rows] = (await settled([
		takeEnd(database, client),
		send(database, client, SELECT_GROWTH, values),
	])) as [Row, Row[]];
	const row = present(rows[0], "what was appended");
	const growth = row.isCut ? undefined : growthOf(row);
	const others = growth && growth.count > 0 ? followed(before, end, growth, known) : undefined;
	if (!others) known.found(end);
	return { end, others };
}

/** Undefined if it is not the same history, or not all of what was appended. */
function followed(before: Row, end: Row, growth: Growth, known: KnownLog): Others | undefined {
	const isSame = ["erasures", "incarnation"].every((name) => before[name] === end[name]);
	const from = Number(before.next);
	if (!isSame || from + growth.count !== Number(end.next)) return undefined;
	const frontier = readEdge(from, before.edge as Buffer);
	for (const hash of growth.hashes) addSubtree(frontier, hash, 0);
	if (Buffer.compare(writeEdge(frontier), end.edge as Buffer) !== 0) return undefined;
	const streams = known.grew(end, growth);
	const last = Number(end.next) - 1;
	return {
		taken: { next: from, erasures: Number(before.erasures) },
		commit: streams && { last, streams, marked: [...growth.marked] },
		frontier,
	};
}
