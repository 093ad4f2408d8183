/**
 * Checks rows that are added to a log, such as a backup, before the log has them: damaged rows must
 * not spoil a sound log. The rules are those of `verify`, for the new rows alone:
 *
 *     events    dense, and each as its hash says
 *     entries   those the events must have and no others, each behind what its stream had; the
 *               keys of ids are made anew of the events, and need no check
 *     streams   none without entries
 *     nodes     each the root of the 256 below it
 *     erased    the rest of an event fits its digests
 */
import type Database from "better-sqlite3";
import { levelWidth } from "../../../../feeds/proof/tiles.ts";
import { compareEntries } from "../../verify/compare.ts";
import { EntryCheck, misplaced } from "../../verify/entries.ts";
import { isAsHashed, notAppended } from "../../verify/event.ts";
import { checkEvents } from "../../verify/events.ts";
import { checkNodes } from "../../verify/nodes.ts";
import { Positions } from "../../verify/positions.ts";
import * as sums from "../../verify/sums.ts";
import { createReport, type Hashes, type LogView, type StoredEvent } from "../../verify/view.ts";
import { eachEntry } from "../spans.ts";
import { StoredEvents } from "./stored/events.ts";
import { emptyStreams } from "./stored/faults.ts";
import { prepareHashes } from "./stored/hashes.ts";
import { type Names, namesIn } from "./stored/names.ts";
import { LAST_VERSION } from "./stored/statements.ts";
import { viewOf } from "./stored/view.ts";

/** Events between two turns of others: whole spans of `sums`. */
const EVENTS_AT_ONCE = 8192;
const NODES_AT_ONCE = 32;
/** To read so many events more costs less than to begin anew. */
const NEIGHBOURS = 3;

/** A place of entries; see `../spans.ts`. */
export type EntryRow = readonly [stream: number, key: number, position: number];
/** Called with entries before they are added: stream by stream, each by version. */
export type OnEntries = (rows: readonly EntryRow[]) => void;

export class Additions {
	readonly #database: Database.Database;
	readonly #yieldTurn: () => Promise<void>;
	readonly #found = createReport();
	readonly #view: LogView;
	readonly #events: StoredEvents;
	readonly #hashes: Hashes;
	readonly #nameOf: Names;
	readonly #lastVersion: Database.Statement;
	/** The erased events that were added: their digests come later. */
	readonly #erased = new Positions();

	/**
	 * @param database the log, in the transaction that adds to it
	 * @param yieldTurn lets timers and signals have their turn
	 */
	constructor(database: Database.Database, yieldTurn: () => Promise<void>) {
		this.#database = database;
		this.#yieldTurn = yieldTurn;
		this.#view = viewOf(database);
		this.#hashes = prepareHashes(database);
		this.#nameOf = namesIn(database);
		this.#events = new StoredEvents(database, this.#nameOf);
		this.#lastVersion = database.prepare(LAST_VERSION).pluck();
	}

	/** The faults found so far. */
	get faults(): readonly string[] {
		return this.#found.faults;
	}

	/** Adds a fault that only the caller can find. */
	report(fault: string): void {
		this.#found.report(fault);
	}

	/**
	 * Checks the events of a span, which are there, and the entries that come to them.
	 * @param add adds them, and shows them before
	 */
	async span(span: sums.Span, add: (onEntries: OnEntries) => Promise<void>): Promise<void> {
		const { report } = this.#found;
		const unproven = new Positions();
		const partial = this.#viewBefore(unproven);
		const owed = sums.createSums(span);
		for (let from = span.from; from < span.to; from += EVENTS_AT_ONCE) {
			const to = Math.min(from + EVENTS_AT_ONCE, span.to);
			sums.addSums(owed, (await checkEvents(partial, { from, to }, report)).sums);
			await this.#yieldTurn();
		}
		const entries = new EntryCheck(span, unproven, report);
		await add(this.#onEntriesWith(entries));
		const spans = sums.differences(owed, entries.sums);
		if (spans.length > 0) await compareEntries(partial, spans, report);
	}

	/** Checks the streams behind one, all entries being there. */
	streams(last: number): void {
		for (const fault of emptyStreams(this.#database, last)) this.report(fault);
	}

	/** Checks the nodes above the events from one on, in the tree of `size` events. */
	async nodes(from: number, size: number): Promise<void> {
		for (let level = 1; levelWidth(size, level) > 0; level++) {
			const end = levelWidth(size, level);
			for (let at = levelWidth(from, level); at < end; at += NODES_AT_ONCE) {
				const span = { from: at, to: Math.min(at + NODES_AT_ONCE, end) };
				checkNodes(this.#hashes, level, span, this.#found.report);
				await this.#yieldTurn();
			}
		}
	}

	/** Takes the positions of new digests. */
	digested(positions: readonly number[]): void {
		for (const position of positions) this.#erased.add(position);
	}

	/** Checks the rest of newly erased events, once all digests are there. */
	async erased(): Promise<void> {
		for (const { from, to } of spansOf(this.#erased)) {
			for (const event of this.#events.read(from, to)) {
				if (!this.#erased.has(event.position)) continue;
				if (event.isErased && event.digests && isAsHashed(event)) continue;
				this.report(notAppended(event));
			}
			await this.#yieldTurn();
		}
	}

	/** The log before the nodes and digests of the new rows are there. */
	#viewBefore(unproven: Positions): LogView {
		const { hashes: _, idKeyOf: __, ...view } = this.#view;
		const before = (event: StoredEvent): StoredEvent => {
			if (!event.isErased) return event;
			this.#erased.add(event.position);
			if (event.metadata.length === 0) unproven.add(event.position);
			return { ...event, hash: undefined };
		};
		const events: LogView["events"] = (from, to, { visit }) => {
			for (const event of this.#events.read(from, to)) visit(before(event));
		};
		const entries: LogView["entries"] = (visit) =>
			view.entries((stream, version, position) => {
				if (version >= 0) visit(stream, version, position);
			});
		return { ...view, events, entries, unproven: () => unproven };
	}

	#onEntriesWith(entries: EntryCheck): OnEntries {
		let stream = -1;
		let name = "";
		const see = (of: number, version: number, position: number) => {
			if (of !== stream) {
				stream = of;
				name = this.#nameOf(of);
				entries.begin(name, version === 0 ? -1 : (this.#lastVersion.get(of) as number));
			}
			if (!entries.see(version, position)) this.report(misplaced(name, version, position));
		};
		return (rows) => {
			for (const [of, key, position] of rows) {
				eachEntry(key, position, (version, at) => see(of, version, at));
			}
		};
	}
}

/** Spans that hold all positions, with few others in between. */
function* spansOf(positions: Positions): Iterable<sums.Span> {
	let [from, to] = [0, 0];
	for (const position of positions) {
		if (position - to > NEIGHBOURS || position - from >= EVENTS_AT_ONCE) {
			if (to > from) yield { from, to };
			from = position;
		}
		to = position + 1;
	}
	if (to > from) yield { from, to };
}
