/**
 * One transaction of appends on the writer's connection, in two round trips:
 *
 *     begin, take the end, facts ═══▶ decide (the shared plans) ═══▶ rows, move the end, commit
 *
 * The connection is pipelined: the statements of a round trip are sent together, each with an
 * answer of its own. If one fails, those behind it fail as well, and COMMIT undoes all.
 */
import type pg from "pg";
import type { Frontier } from "../../../../feeds/proof/frontier.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { carryOut } from "../../appending/carry-out.ts";
import { factsNeeded } from "../../appending/facts.ts";
import { FetchedFacts, type FetchedStream, type Place } from "../../appending/fetched.ts";
import { planAppend, planDelete } from "../../appending/plan.ts";
import type { Append, Appended, Commit, Deletion } from "../../commit.ts";
import type { Database, Row } from "../connection/database.ts";
import { causeOf, isUnreachable, present, Unknown, unreachable } from "../connection/failures.ts";
import { arrayOf, textsOf } from "../connection/values.ts";
import { readEdge, writeEdge } from "../hashes/edge.ts";
import { type Guards, weaknessOf } from "../start/checks.ts";
import * as sql from "../statements.ts";
import {
	GroupRows,
	type KnownStream,
	type LogEnd,
	type PreparedEvent,
	streamsTouched,
} from "./rows.ts";

export type PreparedWrite = {
	readonly write: Append | Deletion;
	/** Of a write of the leader: the number under which it leads. */
	readonly epoch?: number | undefined;
	readonly events: readonly PreparedEvent[];
};

export type GroupResult = {
	/** Of each write. */
	readonly answers: readonly (Appended | Refusal)[];
	/** The end of the log as this transaction found it. */
	readonly taken: { readonly next: number; readonly erasures: number };
	/** Undefined if nothing was written. */
	readonly commit: Commit | undefined;
	/** The right edge of the tree now. */
	readonly frontier: Frontier;
	readonly bytes: number;
	/** Milliseconds of the COMMIT, and of what is written before. */
	readonly syncMs: number;
};

/** What a connection says beside its answers. */
export type CommitWatch = {
	/** The warnings since it was asked last. */
	takeWarnings(): readonly string[];
	/** Whether settings may be in force that may lose commits. */
	readonly allowsUnsafe: boolean;
};

/**
 * @param now the time of the commit
 * @throws Unknown if nobody knows whether the transaction stands; else nothing was written
 */
export async function writeGroup(
	database: Database,
	client: pg.Client,
	writes: readonly PreparedWrite[],
	now: number,
	watch: CommitWatch,
): Promise<GroupResult> {
	const fetched = await fetchFacts(database, client, writes, watch);
	const { end, facts, known, epoch } = fetched;
	const rows = new GroupRows(endOf(end), known, now);
	const { frontier } = rows.end;
	const answers = writes.map((one) => {
		return one.epoch === undefined || one.epoch === epoch ? decide(one, facts, rows) : deposed();
	});
	const taken = { next: rows.first, erasures: Number(end.erasures) };
	const hasRepeat = answers.some((answer) => !isRefusal(answer) && answer.repeated);
	const begunMs = performance.now();
	watch.takeWarnings();
	if (rows.isEmpty) {
		// What is repeated may be visible, and not on the standby yet. A commit waits for it.
		if (hasRepeat && end.standbys !== "") {
			await commit(client, watch, [send(database, client, sql.TOUCH_END, [])]);
		} else await client.query(sql.ROLLBACK);
		const syncMs = performance.now() - begunMs;
		return { answers, taken, commit: undefined, frontier, bytes: 0, syncMs };
	}
	await commit(client, watch, sendRows(database, client, rows));
	const syncMs = performance.now() - begunMs;
	return { answers, taken, commit: rows.commit(), frontier, bytes: rows.bytes, syncMs };
}

type GroupFacts = {
	readonly end: Row;
	readonly facts: FetchedFacts;
	readonly known: Map<string, KnownStream>;
	/** The number of the node that leads; undefined if no write asks for it. */
	readonly epoch: number | undefined;
};

async function fetchFacts(
	database: Database,
	client: pg.Client,
	writes: readonly PreparedWrite[],
	watch: CommitWatch,
): Promise<GroupFacts> {
	const needed = writes.map(({ write, events }) => factsNeeded(write.stream, events));
	const asked = [...new Set(needed.flatMap(({ streams }) => streams))];
	const others = new Set<StreamName>();
	for (const { write, events } of writes) {
		for (const stream of streamsTouched(write.stream, events)) others.add(stream);
	}
	for (const stream of asked) others.delete(stream);
	const places = needed.flatMap(({ streams: [name = ""], ids }) => ids.map((id) => ({ name, id })));
	const isFenced = writes.some(({ epoch }) => epoch !== undefined);
	const [, [end], factRows, joinedRows, placeRows, epochRows] = (await settled([
		client.query(sql.BEGIN_WRITE),
		send(database, client, sql.TAKE_END, []),
		send(database, client, sql.SELECT_FACTS, [textsOf(asked)]),
		send(database, client, sql.SELECT_JOINED, [textsOf([...others])]),
		places.length === 0
			? Promise.resolve([])
			: send(database, client, sql.SELECT_PLACES, [
					textsOf(places.map(({ name }) => name)),
					arrayOf(places.map(({ id }) => id)),
				]),
		isFenced ? send(database, client, sql.SELECT_EPOCH, []) : Promise.resolve([]),
	])) as [unknown, Row[], Row[], Row[], Row[], Row[]];
	const log = present(end, "the end of the log");
	refuseWeak(log, watch);
	const known = new Map<string, KnownStream>();
	for (const row of [...factRows, ...joinedRows]) known.set(row.name as string, knownOf(row));
	const facts = new FetchedFacts({
		end: Number(log.next),
		streams: new Map(factRows.map((row) => [row.name as StreamName, fetchedOf(row)])),
		places: placeRows.map(placeOf),
	});
	return { end: log, facts, known, epoch: isFenced ? Number(epochRows[0]?.epoch) : undefined };
}

/** The settings of the server may have been reloaded since the connection was made. */
export function refuseWeak(end: Row, { allowsUnsafe }: CommitWatch): void {
	const weakness = allowsUnsafe ? undefined : weaknessOf(end as unknown as Guards);
	if (weakness !== undefined) throw unreachable(new Error(weakness));
}

/** The end of the log, of its row. */
export function endOf({ next, created, streams, edge }: Row): LogEnd {
	const frontier = readEdge(Number(next), edge as Buffer);
	return { next: Number(next), created: Number(created), streams: Number(streams), frontier };
}

export function knownOf({ id, last, metadataAt }: Row): KnownStream {
	const at = metadataAt === null ? null : Number(metadataAt);
	return { id: Number(id ?? 0), last: last === null ? -1 : Number(last), metadataAt: at };
}

function fetchedOf({ last, tombstone, metadataLast, metadata }: Row): FetchedStream {
	return {
		last: last === null ? -1 : Number(last),
		hasTombstone: tombstone !== null,
		metadata: {
			last: metadataLast === null ? -1 : Number(metadataLast),
			data: metadata === null ? undefined : (metadata as Buffer),
		},
	};
}

function placeOf({ name, id, version, position }: Row): Place {
	return {
		stream: name as StreamName,
		id: id as string,
		version: Number(version),
		position: Number(position),
	};
}

/** The answer to a node that does not know yet that another one leads. */
function deposed(): Refusal {
	return new Refusal("not-leader", { retryAfterSeconds: 1 });
}

/** What is planned counts for those behind it; what is refused refuses alone. */
function decide(
	{ write, events }: PreparedWrite,
	facts: FetchedFacts,
	rows: GroupRows,
): Appended | Refusal {
	try {
		const { stream } = write;
		const known = facts.for(stream, events);
		const plan = "hard" in write ? planDelete(write, known) : planAppend(write, known);
		const answer = facts.add(plan, { stream, events });
		if (!plan.repeated) carryOut(plan, { stream, events }, rows);
		return answer;
	} catch (error) {
		if (isRefusal(error)) return error;
		throw error;
	}
}

/** Sends the rows of a group, and the end of the log behind them. */
export function sendRows(
	database: Database,
	client: pg.Client,
	rows: GroupRows,
): Promise<unknown>[] {
	const { events, entries, named, nodes, marks, end, first } = rows;
	const sent: Promise<unknown>[] = [];
	const put = (statement: string, values: readonly unknown[]) =>
		sent.push(send(database, client, statement, values));
	if (named.ids.length > 0) put(sql.INSERT_STREAMS, [arrayOf(named.ids), textsOf(named.names)]);
	if (!rows.isEmpty) {
		const { created, streams, versions, ids, flags, types } = events;
		put(sql.INSERT_EVENTS, [
			...[first, ...[created, streams, versions, ids, flags].map(arrayOf), textsOf(types)],
			...[events.starts, events.dataBytes, events.metadataBytes].map(arrayOf),
			...[Buffer.concat(events.content), Buffer.concat(events.hashes)],
		]);
		put(sql.INSERT_ENTRIES, [entries.streams, entries.versions, entries.positions].map(arrayOf));
	}
	if (nodes.levels.length > 0) {
		const { levels, numbers, hashes } = nodes;
		put(sql.INSERT_NODES, [arrayOf(levels), arrayOf(numbers), Buffer.concat(hashes)]);
	}
	if (marks.size > 0) {
		const all = [...marks.values()];
		put(sql.MARK_STREAMS, [
			arrayOf([...marks.keys()]),
			arrayOf(all.map(({ metadata }) => metadata)),
			arrayOf(all.map(({ tombstone }) => tombstone)),
			arrayOf(all.map(({ link }) => link)),
		]);
	}
	put(sql.MOVE_END, [end.next, end.created, end.streams, writeEdge(end.frontier)]);
	return sent;
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
		if (isUnreachable(last.reason)) throw new Unknown(causeOf(last.reason));
		throw last.reason;
	}
	if (last.value.command !== "COMMIT") {
		throw failed?.status === "rejected" ? failed.reason : new Error("the commit was undone");
	}
	const warnings = watch.takeWarnings();
	// The commit stands here, and the standby may not have it: a fail-over would lose it.
	if (warnings.length > 0) throw new Unknown(warnings.join("; "));
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
