/** The view of the log in a database, to be verified. */
import type Database from "better-sqlite3";
import type { Hashes, LogView, Visit } from "../../../verify/view.ts";
import { isUnreadable } from "../../failures.ts";
import { idKeyOf } from "../../ids/keys.ts";
import { eachEntry } from "../../spans.ts";
import { prepareSize } from "./end.ts";
import { StoredEvents } from "./events.ts";
import { faultsOfFile, faultsOfNotes } from "./faults.ts";
import { prepareHashes } from "./hashes.ts";
import { type Names, namesIn } from "./names.ts";
import * as verifying from "./statements.ts";

const PLACES_PER_READ = 4096;

/** @param rest called where a long part can pause: no snapshot is held there */
export function viewOf(database: Database.Database, rest = () => {}): LogView {
	const nameOf = namesIn(database);
	const stored = new StoredEvents(database, nameOf);
	const places = database.prepare(verifying.VERIFY_PLACES).raw();
	const unproven = database.prepare(verifying.VERIFY_UNPROVEN).pluck();
	return {
		size: prepareSize(database),
		events(from, to, { visit, onUnreadable }) {
			for (const event of stored.read(from, to, onUnreadable)) visit(event);
		},
		entries: (visit) => visitPlaces({ places, rest }, nameOf, visit),
		idKeyOf,
		unproven: () => unproven.iterate() as Iterable<number>,
		hashes: readableOf(prepareHashes(database)),
		faults: (part) => (part === "files" ? faultsOfFile(database) : faultsOfNotes(database)),
	};
}

/** Reads in steps, so that no snapshot is held for long; the rows behind never change. */
function visitPlaces(
	{ places, rest }: { readonly places: Database.Statement; readonly rest: () => void },
	nameOf: Names,
	visit: Visit,
): void {
	let [last, key, position] = [-1, 0, 0];
	let stream = { name: "" };
	const visitEntry = (version: number, at: number) => visit(stream, version, at);
	for (;;) {
		const rows = places.all(last, key, position, PLACES_PER_READ) as [number, number, number][];
		for (const row of rows) {
			if (row[0] !== last) {
				last = row[0];
				stream = { name: nameOf(last) };
			}
			[, key, position] = row;
			eachEntry(key, position, visitEntry);
		}
		if (rows.length < PLACES_PER_READ) return;
		rest();
	}
}

/** Leaves out hashes that cannot be read: the hashes below them are checked all the same. */
function readableOf(hashes: Hashes): Hashes {
	return (level, from, to) => {
		try {
			return hashes(level, from, to);
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			return [];
		}
	};
}
