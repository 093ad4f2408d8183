/**
 * What a later run adds to a backup is checked before the backup has it: a store that is damaged
 * must not spoil the last sound copy of it. The rules are those of `verify`, for what is new alone:
 *
 *     events    dense, and each as its hash says
 *     entries   those the events must have and no others, each behind what its stream had
 *     streams   none without entries
 *     nodes     each the root of the 256 below it
 *     erased    what is left of an event fits its digests
 *     marks     none of those the backup has is gone
 */
import type Database from "better-sqlite3";
import { addSubtree, createFrontier, rootOf } from "../../feeds/proof/frontier.ts";
import { levelWidth, TILE_WIDTH } from "../../feeds/proof/tiles.ts";
import { isIndexStream } from "../indexes/joins.ts";
import { prepareHashes } from "../log/sqlite/tree/hashes.ts";
import { namesIn, viewOf } from "../log/sqlite/verify/view.ts";
import { compareEntries, misplaced } from "../log/verify/entries.ts";
import { checkEvents, IS_OTHER, isAsHashed } from "../log/verify/events.ts";
import { createPositions, type Positions } from "../log/verify/positions.ts";
import * as sums from "../log/verify/sums.ts";
import { createReport, type LogView, type Report, type StoredEvent } from "../log/verify/view.ts";
import type { EntryRow, SeeEntries } from "./fill.ts";
import * as copying from "./statements.ts";

/** Events between two turns of others: whole spans of `sums`. */
const EVENTS_AT_ONCE = 8192;
const NODES_AT_ONCE = 32;
/** To read so many events more costs less than to begin anew. */
const NEIGHBOURS = 3;

export type Check = {
	/** What was found so far. */
	readonly faults: readonly string[];
	/**
	 * Checks the events of a span, which are there, and the entries that come to them.
	 * @param add adds them, and shows them before
	 */
	span(span: sums.Span, add: (see: SeeEntries) => Promise<void>): Promise<void>;
	/** Checks the streams behind one, all entries being there. */
	streams(last: number): void;
	/** Checks the nodes above the events from one on, in the tree of `size` events. */
	nodes(from: number, size: number): Promise<void>;
	/** Is told the positions of digests that are new. */
	digested(positions: readonly number[]): void;
	/** Checks what is left of events that are newly erased, all digests being there. */
	erased(): Promise<void>;
	/** Checks that no stream has lost what is noted of it: that only ever comes, or moves on. */
	marks(): void;
};

/**
 * @param database the backup, in the transaction that brings it up to date
 * @param breathe lets timers and signals have their turn
 */
export function createCheck(database: Database.Database, breathe: () => Promise<void>): Check {
	const { faults, report } = createReport();
	const view = viewOf(database);
	const seeIn = prepareSee(database, report);
	const hashes = prepareHashes(database);
	const lostMarks = database.prepare(copying.LOST_MARKS).pluck();
	const withoutEntries = database.prepare(copying.STREAMS_WITHOUT_ENTRIES).pluck();
	/** What was erased: of events that were copied so, the digests come later. */
	const erased = createPositions();

	return {
		faults,
		async span(span, add) {
			const unproven = createPositions();
			const partial = viewBefore(view, erased, unproven);
			const owed = sums.createSums(span);
			for (let from = span.from; from < span.to; from += EVENTS_AT_ONCE) {
				const to = Math.min(from + EVENTS_AT_ONCE, span.to);
				sums.addSums(owed, checkEvents(partial, { from, to }, report).sums);
				await breathe();
			}
			const found = sums.createSums(span);
			await add(seeIn(span, found, unproven));
			const spans = sums.differences(owed, found);
			if (spans.length > 0) compareEntries(partial, spans, report);
		},
		streams(last) {
			for (const name of withoutEntries.all(last)) report(`stream ${name} has no entries`);
		},
		async nodes(from, size) {
			for (let level = 1; levelWidth(size, level) > 0; level++) {
				for (let number = levelWidth(from, level); number < levelWidth(size, level); number++) {
					const below = hashes(level - 1, number * TILE_WIDTH, (number + 1) * TILE_WIDTH);
					const [node] = hashes(level, number, number + 1);
					if (!node?.equals(rootOver(below)))
						report(`node ${number} of level ${level} is not the root of those below it`);
					if (number % NODES_AT_ONCE === 0) await breathe();
				}
			}
		},
		digested(positions) {
			for (const position of positions) erased.add(position);
		},
		async erased() {
			for (const { from, to } of spansOf(erased)) {
				for (const event of view.events(from, to)) {
					const { position, version, stream, isErased, digests } = event;
					if (!erased.has(position) || (isErased && digests && isAsHashed(event))) continue;
					report(`position ${position}: version ${version} of ${stream} ${IS_OTHER}`);
				}
				await breathe();
			}
		},
		marks() {
			for (const name of lostMarks.all()) report(`what was noted of ${name} is lost`);
		},
	};
}

/** The log while neither nodes nor digests of what is new are there. */
function viewBefore(whole: LogView, erased: Positions, unproven: Positions): LogView {
	const { nodes: _, ...view } = whole;
	const events = function* (from: number, to: number): Iterable<StoredEvent> {
		for (const event of whole.events(from, to)) {
			if (!event.isErased) {
				yield event;
				continue;
			}
			erased.add(event.position);
			if (event.metadata.length === 0) unproven.add(event.position);
			yield { ...event, hash: undefined };
		}
	};
	return { ...view, events, unproven: () => unproven };
}

/** @returns sums up the entries that it is shown, each before it is there */
function prepareSee(database: Database.Database, report: Report) {
	const nameOf = namesIn(database);
	const keyOf = sums.createNameKeys();
	const lastVersion = database.prepare(copying.LAST_VERSION).pluck();
	return (span: sums.Span, found: sums.Sums, unproven: Positions): SeeEntries => {
		let [stream, version, position] = [-1, -1, -1];
		let name = "";
		const see = ([of, at, points]: EntryRow) => {
			if (of !== stream) {
				stream = of;
				name = nameOf(of);
				version = at === 0 ? -1 : (lastVersion.get(of) as number);
				position = -1;
			}
			if (at !== version + 1) report(`${name} version ${at}: follows version ${version}`);
			if (points <= position)
				report(`${name} version ${at}: points at or before the entry in front of it`);
			[version, position] = [at, points];
			const isIndex = isIndexStream(name);
			if (points < span.from || points >= span.to) report(misplaced(name, at, points));
			else if (!unproven.has(points) || !name.startsWith("$bc-"))
				sums.addEntry(found, keyOf(name), isIndex ? -1 : at, points);
		};
		return (rows) => {
			for (const row of rows) see(row);
		};
	};
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

function rootOver(hashes: readonly Uint8Array[]): Buffer {
	const frontier = createFrontier();
	for (const hash of hashes) addSubtree(frontier, hash, 0);
	return rootOf(frontier);
}
