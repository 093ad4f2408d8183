/**
 * One transaction of appends on the writer's connection. If the node knows all that the plans ask,
 * and nobody else has written, it is one statement; else it takes two round trips or three:
 *
 *     known  ═══▶ decide (the shared plans) ═══▶ rows, if the log is as the node knows it
 *                                                    └ it is not ─▶ from the begin:
 *     begin, take the end, what others have appended ═══▶ decide ═══▶ rows, commit
 *                                                    └ not enough is known ─▶ facts ═══▶ decide …
 *
 * The connection is pipelined: the statements of a round trip are sent together, each with an
 * answer of its own. If one fails, those behind it fail as well, and COMMIT undoes all.
 */
import type pg from "pg";
import type { Frontier } from "../../../../feeds/proof/frontier.ts";
import { isRefusal, Refusal } from "../../../errors.ts";
import type { StreamName } from "../../../event.ts";
import { carryOut } from "../../appending/carry-out.ts";
import { FetchedFacts, type FetchedStream } from "../../appending/fetched.ts";
import { planAppend, planDelete } from "../../appending/plan.ts";
import type { Commit } from "../../commit.ts";
import type { Database, Row } from "../connection/database.ts";
import { type Answer, Unknown } from "../connection/failures.ts";
import { writeEdge } from "../hashes/edge.ts";
import * as sql from "../statements.ts";
import type { KnownLog } from "./known.ts";
import { endOf, fetchFacts, namesOf, refuseWeak } from "./lookups.ts";
import { type Others, takeEndAfter } from "./others.ts";
import { GroupRows, type KnownStream, type PreparedWrite } from "./rows.ts";
import {
	type CommitWatch,
	commit,
	committedAlone,
	guarded,
	send,
	valuesOf,
} from "./transaction.ts";

export type GroupResult = {
	/** Of each write. */
	readonly answers: readonly Answer[];
	/** The end of the log as this transaction found it. */
	readonly taken: { readonly next: number; readonly erasures: number };
	/** Undefined if nothing was written. */
	readonly commit: Commit | undefined;
	/** What other nodes had appended before, if that was asked for. */
	readonly others?: Others | undefined;
	/** The right edge of the tree now. */
	readonly frontier: Frontier;
	readonly bytes: number;
	/** Milliseconds of the COMMIT, and of what is written before. */
	readonly syncMs: number;
};

/** What the node knows, and how it commits. */
export type Writing = {
	readonly known: KnownLog;
	readonly watch: CommitWatch;
	/** All that waits, the group included: called while the group holds the log's end. */
	readonly gather: () => readonly PreparedWrite[];
	/** How far the log goes, as this node has heard. */
	readonly heard: number;
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
	writing: Writing,
): Promise<GroupResult> {
	const group = { database, client, writes, now };
	try {
		const alone = writing.known.isAlone ? await writeAlone(group, writing) : undefined;
		return alone ?? (await writeHolding(group, writing));
	} catch (error) {
		writing.known.forget();
		throw error;
	}
}

type Group = {
	readonly database: Database;
	readonly client: pg.Client;
	readonly writes: readonly PreparedWrite[];
	readonly now: number;
};

/** By what the node knows; undefined if that is not enough, or does not hold any more. */
async function writeAlone(group: Group, writing: Writing): Promise<GroupResult | undefined> {
	const planned = planByKnown(group, writing.known);
	if (!planned) return undefined;
	const result = await writeRows(group, planned, writing, async (sent) => {
		return committedAlone(sent, writing.watch);
	});
	if (!result) writing.known.doubt();
	return result;
}

/** Once this transaction has the end of the log: whoever waits for it gathers more meanwhile. */
async function writeHolding(group: Group, writing: Writing): Promise<GroupResult> {
	const { known, watch, gather, heard } = writing;
	const { database, client } = group;
	if (known.end === undefined) return writeByLookups(group, writing, undefined);
	const { end, others } = await takeEndAfter(database, client, known, heard);
	refuseWeak(end, watch);
	const gathered = { ...group, writes: gather() };
	const planned = others && planByKnown(gathered, known);
	if (!planned) return { ...(await writeByLookups(gathered, writing, end)), others };
	const result = await writeRows(gathered, planned, writing, async (sent) => {
		await commit(client, watch, [sent]);
		return (await sent).length > 0;
	});
	// An id is there already: that transaction has ended, and has written nothing.
	return { ...(result ?? (await writeByLookups(gathered, writing, undefined))), others };
}

type Planned = Omit<Written, "syncMs"> & { readonly rows: GroupRows };

/** Undefined if the node does not know enough, or the answers have to be those of the log. */
function planByKnown({ writes, now }: Group, known: KnownLog): Planned | undefined {
	const { end } = known;
	// Deletes, and what only a leader may write, are looked up under the lock.
	const isPlain = writes.every(({ write, epoch }) => "events" in write && epoch === undefined);
	if (end === undefined || !isPlain) return undefined;
	const { asked, others } = namesOf(writes);
	const found = known.facts(asked);
	const streams = found && known.streams([...asked, ...others]);
	if (!streams) return undefined;
	const facts = new FetchedFacts({ end: Number(end.next), streams: found, places: [] });
	const rows = new GroupRows(endOf(end), streams, now);
	const answers = writes.map((one) => decide(one, facts, rows));
	// A refusal has to be true of the log as it is, and so has a repeat of what it holds.
	if (rows.isEmpty || answers.some((answer) => isRefusal(answer))) return undefined;
	return { rows, end, streams, found, answers };
}

/** @param hasMoved waits for the end: whether the statement has written anything */
async function writeRows(
	{ database, client }: Group,
	{ rows, ...planned }: Planned,
	{ known, watch }: Writing,
	hasMoved: (sent: Promise<Row[]>) => Promise<boolean>,
): Promise<GroupResult | undefined> {
	const { erasures, incarnation, commits, standbys, fsync, pages, edge } = planned.end;
	const expected = [erasures, incarnation, commits, standbys, fsync, pages, edge];
	const begunMs = performance.now();
	watch.takeWarnings();
	const { statement, values } = guarded(rows, expected);
	const sent = send(database, client, statement, values);
	if (!(await hasMoved(sent).catch(withAnswers(planned.answers)))) return undefined;
	return written(rows, { ...planned, syncMs: performance.now() - begunMs }, known);
}

/** @param held the end of the log, if the transaction has it already */
async function writeByLookups(
	{ database, client, writes, now }: Group,
	{ known, watch }: Writing,
	held: Row | undefined,
): Promise<GroupResult> {
	const fetched = await fetchFacts(database, client, writes, { watch, held });
	const { end, facts, streams, found, epoch } = fetched;
	if (held === undefined) known.found(end);
	const rows = new GroupRows(endOf(end), streams, now);
	const answers = writes.map((one) => {
		return one.epoch === undefined || one.epoch === epoch ? decide(one, facts, rows) : deposed();
	});
	const begunMs = performance.now();
	watch.takeWarnings();
	if (!rows.isEmpty) {
		const sent = send(database, client, sql.WRITE_ROWS, valuesOf(rows));
		await commit(client, watch, [sent]).catch(withAnswers(answers));
		const syncMs = performance.now() - begunMs;
		return written(rows, { end, streams, found, answers, syncMs }, known);
	}
	// What is repeated may be visible, and not on the standby yet. A commit waits for it.
	const hasRepeat = answers.some((answer) => !isRefusal(answer) && answer.repeated);
	if (hasRepeat && end.standbys !== "") {
		await commit(client, watch, [send(database, client, sql.TOUCH_END, [])]);
	} else await client.query(sql.ROLLBACK);
	const taken = { next: rows.first, erasures: Number(end.erasures) };
	const syncMs = performance.now() - begunMs;
	return { answers, taken, commit: undefined, frontier: rows.end.frontier, bytes: 0, syncMs };
}

type Written = {
	/** The end of the log before. */
	readonly end: Row;
	readonly streams: Map<string, KnownStream>;
	readonly found: Map<StreamName, FetchedStream>;
	readonly answers: readonly Answer[];
	readonly syncMs: number;
};

function written(
	rows: GroupRows,
	{ end, streams, found, answers, syncMs }: Written,
	known: KnownLog,
): GroupResult {
	const { next, created, streams: given, frontier } = rows.end;
	const commit = rows.commit();
	const now = { ...end, next, created, streams: given, edge: writeEdge(frontier) };
	known.wrote(now, streams, found, commit.marked ?? []);
	const taken = { next: rows.first, erasures: Number(end.erasures) };
	return { answers, taken, commit, frontier, bytes: rows.bytes, syncMs };
}

/** Keeps what a commit would have answered beside the fault that hides whether it stands. */
function withAnswers(answers: readonly Answer[]) {
	return (error: unknown): never => {
		if (error instanceof Unknown) error.answers = answers;
		throw error;
	};
}

/**
 * What became of a group that was sent twice, as the answer to its first commit was lost: what
 * stands where that one put it was written by it, and is no repeat.
 */
export function asIfHeard(found: GroupResult, lost: Unknown): GroupResult {
	const answers = found.answers.map((answer, index) => {
		const first = lost.answers[index];
		if (first === undefined || isRefusal(first) || isRefusal(answer)) return answer;
		return first.position === answer.position ? first : answer;
	});
	return { ...found, answers };
}

/** The answer to a node that does not know yet that another one leads. */
export function deposed(): Refusal<"not-leader"> {
	return new Refusal("not-leader", { retryAfterSeconds: 1 });
}

/** What is planned counts for those behind it; what is refused refuses alone. */
function decide({ write, events }: PreparedWrite, facts: FetchedFacts, rows: GroupRows): Answer {
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
