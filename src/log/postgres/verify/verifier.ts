/**
 * Checks every invariant of a log in a database by the rules of `src/log/verify/`. It reads in
 * steps, each a statement of its own: a snapshot that is held for an hour keeps PostgreSQL from
 * tidying up the row of the log's end, and every append would walk over its old versions. Nothing
 * that was read before changes but by erasure. So the steps need no common snapshot, and several
 * connections read ahead of the step that is checked.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import type { History, Verification, VerifyWatch } from "../../log.ts";
import { compareEntries } from "../../verify/compare.ts";
import { checkEntries } from "../../verify/entries.ts";
import { checkEvents } from "../../verify/events.ts";
import { historyFaults } from "../../verify/histories.ts";
import { checkUpperNodes } from "../../verify/nodes.ts";
import { differences } from "../../verify/sums.ts";
import { blocksOf, EventTotals } from "../../verify/totals.ts";
import {
	createReport,
	type EventVisitor,
	type Hashes,
	type LogView,
	PARTS,
	type Part,
	type Report,
	reporting,
	type StoredEvent,
	type Visit,
} from "../../verify/view.ts";
import type { Database, Row } from "../connection/database.ts";
import { present, refusalOr } from "../connection/failures.ts";
import { readEdge } from "../hashes/edge.ts";
import { headAt } from "../hashes/hashes.ts";
import * as sql from "../statements.ts";
import * as verifying from "./statements.ts";
import { fetchStored } from "./stored.ts";

/** Connections of a verification; some statements count all rows of a table. */
export const VERIFYING = { connectionsMax: 4, answerMs: 60 * 60 * 1000 } as const;

const EVENTS_A_STEP = 1024;
const ROWS_A_STEP = 8192;
const FULL_PERCENT = 100;
/** Of the whole, the part that the events are; the entries are read behind them. */
const EVENTS_PART = 0.7;

export async function verifyDatabase(
	database: Database,
	{ onProgress = () => {}, signal, percent = FULL_PERCENT }: VerifyWatch = {},
): Promise<Verification> {
	const pace = new Pace(percent, signal);
	try {
		const [end] = await database.rows(sql.SELECT_END);
		const size = Number(present(end, "the end of the log").next);
		const view = new DatabaseView(database, pace, size, await allNodes(database, pace));
		return await verifyView(view, onProgress);
	} catch (error) {
		signal?.throwIfAborted();
		throw refusalOr(error, "what verify reads");
	}
}

async function verifyView(
	view: LogView,
	onProgress: NonNullable<VerifyWatch["onProgress"]>,
): Promise<Verification> {
	const { faults, report } = createReport();
	const size = view.size();
	const totals = new EventTotals(size, report);
	for (const block of blocksOf(size)) {
		totals.add(block, await checkEvents(view, block, report));
		const fraction = (EVENTS_PART * block.to) / Math.max(1, size);
		onProgress({ events: totals.events, fraction });
	}
	const { sums, streams, unproven } = await checkEntries(view, size, report);
	const spans = differences(totals.sums, sums);
	if (spans.length > 0) await compareEntries(view, spans, report);
	checkUpperNodes(view, size, report);
	for (const part of PARTS) for (const fault of await view.faults(part)) report(fault);
	const { events, erased } = totals;
	onProgress({ events, fraction: 1 });
	return { ok: faults.length === 0, events, streams, erased, unproven, faults };
}

/** Rests after each step for the share of time in which it must not work. */
class Pace {
	readonly #percent: number;
	readonly #signal: AbortSignal | undefined;

	constructor(percent: number, signal: AbortSignal | undefined) {
		this.#percent = percent;
		this.#signal = signal;
	}

	/** How many steps are read at a time. */
	get ahead(): number {
		return this.#percent < FULL_PERCENT ? 1 : VERIFYING.connectionsMax;
	}

	async step<T>(work: () => Promise<T>): Promise<T> {
		this.#signal?.throwIfAborted();
		const begunMs = performance.now();
		const result = await work();
		const restMs = (performance.now() - begunMs) * (FULL_PERCENT / this.#percent - 1);
		if (restMs > 1) await sleep(restMs, undefined, this.#signal ? { signal: this.#signal } : {});
		return result;
	}
}

/** The view of a log in a database; it keeps the nodes of the tree in memory. */
class DatabaseView implements LogView {
	readonly hashes: Hashes;
	readonly #database: Database;
	readonly #pace: Pace;
	#size: number;

	constructor(database: Database, pace: Pace, size: number, hashes: Hashes) {
		this.#database = database;
		this.#pace = pace;
		this.#size = size;
		this.hashes = hashes;
	}

	size(): number {
		return this.#size;
	}

	/** Checks one step after another, and reads those behind it meanwhile. */
	async events(from: number, to: number, visitor: EventVisitor): Promise<void> {
		const ahead: Promise<readonly StoredEvent[]>[] = [];
		let asked = from;
		for (let at = from; at < to; at += EVENTS_A_STEP) {
			for (; ahead.length < this.#pace.ahead && asked < to; asked += EVENTS_A_STEP) {
				const step = this.#fetch(asked, Math.min(asked + EVENTS_A_STEP, to));
				// If one before it fails, nobody waits for it.
				step.catch(() => undefined);
				ahead.push(step);
			}
			const found = (await ahead.shift()) ?? [];
			await this.#visit({ from: at, to: Math.min(at + EVENTS_A_STEP, to) }, found, visitor);
		}
	}

	/** @param read what was found of the span, or of its beginning */
	async #visit(
		{ from, to }: { readonly from: number; readonly to: number },
		read: readonly StoredEvent[],
		{ visit, onUnreadable }: EventVisitor,
	): Promise<void> {
		let found = read;
		for (let at = from; ; found = await this.#fetch(at, to)) {
			for (const event of found) visit(event);
			const last = found.at(-1)?.position;
			if (last === undefined) onUnreadable({ from: at, to }, "they are missing");
			// Content that is too much for one step ends it early; events that are missing do not.
			const isEarly = last !== undefined && last + 1 < to && found.length === last + 1 - at;
			if (!isEarly) return;
			at = last + 1;
		}
	}

	#fetch(from: number, to: number): Promise<readonly StoredEvent[]> {
		return this.#step(() => fetchStored(this.#database, from, to));
	}

	async entries(visit: Visit): Promise<void> {
		let [stream, version] = [-1, -1];
		let named = { name: "" };
		for (;;) {
			const values = [stream, version, ROWS_A_STEP];
			const rows = await this.#step(() => this.#database.rows(verifying.SELECT_ENTRIES, values));
			for (const row of rows) {
				this.#size = Math.max(this.#size, Number(row.next));
				if (Number(row.stream) !== stream) {
					stream = Number(row.stream);
					named = { name: String(row.name ?? `number ${stream}, which has no name`) };
				}
				version = Number(row.version);
				visit(named, version, Number(row.position));
			}
			if (rows.length < ROWS_A_STEP) return;
		}
	}

	unproven(): Promise<number[]> {
		return unproven(this.#database, this.#pace);
	}

	async faults(part: Part): Promise<readonly string[]> {
		// The files are those of the database's server.
		return part === "files" ? [] : faultsOfNotes(this.#database);
	}

	#step<T>(work: () => Promise<T>): Promise<T> {
		return this.#pace.step(work);
	}
}

async function unproven(database: Database, pace: Pace): Promise<number[]> {
	const all: number[] = [];
	for (let after = -1; ; ) {
		const values = [after, ROWS_A_STEP];
		const rows = await pace.step(() => database.rows(verifying.SELECT_UNPROVEN, values));
		for (const { position } of rows) all.push(Number(position));
		if (rows.length < ROWS_A_STEP) return all;
		after = all.at(-1) as number;
	}
}

/** The nodes from level 1 on: 32 bytes for 256 events. Leaf hashes come with their events. */
async function allNodes(database: Database, pace: Pace): Promise<Hashes> {
	const levels = new Map<number, Map<number, Buffer>>();
	for (let [level, number] = [0, 0]; ; ) {
		const values = [level, number, ROWS_A_STEP];
		const rows = await pace.step(() => database.rows(verifying.SELECT_ALL_NODES, values));
		for (const row of rows) {
			[level, number] = [Number(row.level), Number(row.number)];
			const nodes = levels.get(level) ?? new Map<number, Buffer>();
			nodes.set(number, row.hash as Buffer);
			levels.set(level, nodes);
		}
		if (rows.length < ROWS_A_STEP) break;
	}
	return (level, from, to) => {
		const found: Buffer[] = [];
		for (let number = from; number < to; number++) {
			const hash = levels.get(level)?.get(number);
			if (hash) found.push(hash);
		}
		return found;
	};
}

/** The notes that do not agree with the events. */
async function faultsOfNotes(database: Database): Promise<string[]> {
	const { faults, report } = createReport();
	const names = async (statement: string, fault: (name: string) => string) => {
		for (const row of await database.rows(statement)) report(fault(String(Object.values(row)[0])));
	};
	const checks: Readonly<Record<string, () => Promise<void>>> = {
		positions: () => checkPositions(database, report),
		streams: () =>
			names(verifying.EMPTY_STREAMS, (name) => `stream ${name} has a name and no entries`),
		marks: () => names(verifying.WRONG_MARKS, (name) => `${name}: what is noted of it is not so`),
		gaps: () =>
			names(verifying.WRONG_GAPS, (at) => `the gap at position ${at} belongs to the one before it`),
		erasures: () => checkScavenged(database, report),
		scavenges: () =>
			names(
				verifying.WRONG_SCAVENGED,
				(name) => `${name}: an event of it was scavenged, and one before it was not`,
			),
		histories: () => checkHistories(database, report),
		edge: () => checkEdge(database, report),
	};
	for (const [what, check] of Object.entries(checks)) await reporting(report, what, check);
	return faults;
}

async function checkPositions(database: Database, report: Report): Promise<void> {
	const [row] = await database.rows(verifying.COUNT_EVENTS);
	const { next, events, first, last } = row as Row;
	const isDense =
		Number(events) === 0 || (Number(first) === 0 && Number(last) + 1 === Number(events));
	if (!isDense) report(`there are ${events} events at positions ${first} to ${last}`);
	if (Number(next) !== Number(events)) {
		report(`the log ends at position ${next}, and there are ${events} events`);
	}
}

async function checkScavenged(database: Database, report: Report): Promise<void> {
	const [row] = await database.rows(verifying.COUNT_SCAVENGED);
	const { events, positions, both } = row as Row;
	if (Number(positions) === Number(events) && Number(both) === Number(events)) return;
	report(`${events} events were scavenged, and ${positions} positions are noted as gaps`);
}

async function checkHistories(database: Database, report: Report): Promise<void> {
	const [end] = await database.rows(sql.SELECT_END);
	const { incarnation, next } = present(end, "the end of the log");
	const rows = await database.rows(sql.SELECT_HISTORIES);
	const histories: History[] = rows
		.map((row) => ({ incarnation: Number(row.incarnation), first: Number(row.first) }))
		.reverse();
	const facts = { incarnation: Number(incarnation), histories, size: Number(next) };
	for (const fault of historyFaults(facts)) report(fault);
}

/** The edge that the next event is added to must be that of the tree. */
async function checkEdge(database: Database, report: Report): Promise<void> {
	const [end] = await database.rows(sql.SELECT_END);
	const { next, edge } = present(end, "the end of the log");
	const { root } = await headAt(database, Number(next));
	if (Buffer.compare(rootOf(readEdge(Number(next), edge as Buffer)), root) === 0) return;
	report(`the edge of the tree over ${next} events is not that of their hashes`);
}
