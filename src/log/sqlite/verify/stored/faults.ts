/**
 * The faults of the file as such, and of the notes in it beside events and entries:
 * marks, names, gaps, and histories.
 */
import type Database from "better-sqlite3";
import { historyFaults } from "../../../verify/histories.ts";
import { causeOf, isUnreadable } from "../../failures.ts";
import { historyFactsIn } from "./histories.ts";
import * as verifying from "./statements.ts";

/** The faults that SQLite finds in its file, page by page; it gives up behind a damaged page. */
export function faultsOfFile(database: Database.Database): string[] {
	const found: string[] = [];
	try {
		const texts = database.prepare("PRAGMA integrity_check").pluck().iterate();
		for (const text of texts as Iterable<string>) if (text !== "ok") found.push(text);
	} catch (error) {
		if (!isUnreadable(error) || found.length === 0) throw error;
	}
	return found;
}

/** The notes that do not agree with the events. A check that fails hides no other check. */
export function faultsOfNotes(database: Database.Database): string[] {
	const one = <T>(statement: string) => database.prepare(statement).get() as T;
	const each = (statement: string, fault: (value: unknown) => string) =>
		database.prepare(statement).pluck().all().map(fault);
	const checks: Readonly<Record<string, () => string[]>> = {
		positions: () => positionFaults(one(verifying.VERIFY_POSITIONS)),
		streams: () => emptyStreams(database, -1),
		marks: () => each(verifying.VERIFY_MARKS, (name) => `${name}: what is noted of it is not so`),
		gaps: () =>
			each(
				verifying.VERIFY_GAPS,
				(first) => `the gap at position ${first} belongs to the one before it`,
			),
		erasures: () => scavengeFaults(one(verifying.COUNT_SCAVENGED)),
		scavenges: () =>
			each(
				verifying.VERIFY_SCAVENGED,
				(name) => `${name}: an event of it was scavenged, and one before it was not`,
			),
		tombstones: () =>
			each(verifying.VERIFY_TOMBSTONES, (name) => `${name}: it goes on behind its tombstone`),
		histories: () => historyFaults(historyFactsIn(database)),
	};
	return Object.entries(checks).flatMap(([what, check]) => {
		try {
			return check();
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			return [`the ${what} cannot be checked: ${causeOf(error)}`];
		}
	});
}

/** The faults of the streams behind one: each that has a name has an entry. */
export function emptyStreams(database: Database.Database, after: number): string[] {
	const names = database.prepare(verifying.EMPTY_STREAMS).pluck().all(after);
	return names.map((name) => `stream ${name} has a name and no entries`);
}

type PositionCounts = { readonly events: number; readonly first: number; readonly last: number };

function positionFaults({ events, first, last }: PositionCounts): string[] {
	const isDense = events === 0 || (first === 0 && last === events - 1);
	return isDense ? [] : [`there are ${events} events at positions ${first} to ${last}`];
}

type ScavengedCounts = {
	readonly events: number;
	readonly positions: number;
	readonly both: number;
};

function scavengeFaults({ events, positions, both }: ScavengedCounts): string[] {
	if (positions === events && both === events) return [];
	return [`${events} events were scavenged, and ${positions} positions are noted as gaps`];
}
