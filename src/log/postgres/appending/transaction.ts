/** What a transaction on the writer's connection sends, and how its COMMIT ends. */
import type pg from "pg";
import type { Database, Row } from "../connection/database.ts";
import { causeOf, isUnreachable, Unknown } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import { writeEdge } from "../hashes/edge.ts";
import * as sql from "../statements.ts";
import type { GroupRows } from "./rows.ts";

/** What a connection says beside its answers. */
export type CommitWatch = Demands & {
	/** The warnings since it was asked last. */
	takeWarnings(): readonly string[];
};

/** What is asked of the settings in force. */
export type Demands = {
	/** Whether they may be such that commits may be lost. */
	readonly allowsUnsafe: boolean;
	/** Whether commits have to wait for a synchronous standby. */
	readonly requiresStandby: boolean;
};

/** The parameters of `WRITE_ROWS`, in its order. */
export function valuesOf(rows: GroupRows) {
	return [...eventValuesOf(rows), ...restValuesOf(rows)];
}

/** A statement that writes if the log is as the node knows it, with what it should be. */
export function guarded(rows: GroupRows, expected: readonly unknown[]) {
	const hasRest = rows.named.ids.length + rows.nodes.levels.length + rows.marks.size > 0;
	const { all, eventsAlone } = sql.WRITE_IF_UNCHANGED;
	const values = [...eventValuesOf(rows), ...expected, ...(hasRest ? restValuesOf(rows) : [])];
	return { statement: hasRest ? all : eventsAlone, values };
}

function eventValuesOf({ events, entries, end, first }: GroupRows) {
	const { created, streams, versions, ids, flags, types } = events;
	return [
		...[end.next, end.created, end.streams, writeEdge(end.frontier)],
		...[first, ...[created, streams, versions, ids, flags].map(arrayOf), textsOf(types)],
		...[events.starts, events.dataBytes, events.metadataBytes].map(arrayOf),
		...[Buffer.concat(events.content), Buffer.concat(events.hashes)],
		...[entries.streams, entries.versions, entries.positions].map(arrayOf),
	];
}

function restValuesOf({ named, nodes, marks }: GroupRows) {
	const all = [...marks.values()];
	return [
		...[arrayOf(named.ids), textsOf(named.names)],
		...[arrayOf(nodes.levels), arrayOf(nodes.numbers), Buffer.concat(nodes.hashes)],
		arrayOf([...marks.keys()]),
		arrayOf(all.map(({ metadata }) => metadata)),
		arrayOf(all.map(({ tombstone }) => tombstone)),
		arrayOf(all.map(({ link }) => link)),
	];
}

/**
 * Commits behind statements that were sent.
 * @throws Unknown if nobody knows whether it stands; else the first error: nothing was written
 */
export async function commit(
	client: pg.Client,
	watch: CommitWatch,
	sent: readonly Promise<unknown>[],
): Promise<void> {
	const committing = client.query(sql.COMMIT);
	const outcomes = await Promise.allSettled([...sent, committing]);
	const failed = outcomes.slice(0, -1).find(({ status }) => status === "rejected");
	const last = outcomes.at(-1) as PromiseSettledResult<pg.QueryResult>;
	if (last.status === "rejected") {
		// A constraint that is checked at the end refuses the commit; a lost connection tells nothing.
		if (isUnreachable(last.reason)) throw new Unknown(causeOf(last.reason), true);
		throw last.reason;
	}
	if (last.value.command !== "COMMIT") {
		throw failed?.status === "rejected" ? failed.reason : new Error("the commit was undone");
	}
	refuseWarnings(watch);
}

/** A commit stands here, and the standby may not have it: a fail-over would lose it. */
function refuseWarnings(watch: CommitWatch): void {
	const warnings = watch.takeWarnings();
	if (warnings.length > 0) throw new Unknown(warnings.join("; "), false);
}

/**
 * Whether a statement that is a transaction of its own has written anything.
 * @throws Unknown as `commit`
 */
export async function committedAlone(sent: Promise<Row[]>, watch: CommitWatch): Promise<boolean> {
	let rows: Row[];
	try {
		rows = await sent;
	} catch (error) {
		if (isUnreachable(error)) throw new Unknown(causeOf(error), true);
		throw error;
	}
	if (rows.length === 0) return false;
	refuseWarnings(watch);
	return true;
}

export function send(
	database: Database,
	client: pg.Client,
	statement: string,
	values: readonly unknown[],
): Promise<Row[]> {
	return client.query(database.statement(statement, values)).then(({ rows }) => rows as Row[]);
}

/** All answers, or the first error once all have come: the connection is free then. */
export async function settled(sent: readonly Promise<unknown>[]): Promise<unknown[]> {
	const outcomes = await Promise.allSettled(sent);
	return outcomes.map((outcome) => {
		if (outcome.status === "rejected") throw outcome.reason;
		return outcome.value;
	});
}
