/** What `verify` checks of erasure: what was erased is gone, and the runs of it are noted. */
import type Database from "better-sqlite3";
import * as sql from "../verify/statements.ts";

export function erasureFaults(database: Database.Database): string[] {
	const faults: string[] = [];
	for (const position of database.prepare(sql.VERIFY_ERASED).pluck().all()) {
		faults.push(`position ${position}: is marked as erased, and is not empty`);
	}
	for (const first of database.prepare(sql.VERIFY_GAPS).pluck().all()) {
		faults.push(`the gap at position ${first} belongs to the one before it`);
	}
	type Counts = { events: number; positions: number; both: number };
	const { events, positions, both } = database.prepare(sql.COUNT_SCAVENGED).get() as Counts;
	if (positions !== events || both !== events) {
		faults.push(`${events} events were scavenged, and ${positions} positions are noted as gaps`);
	}
	return faults;
}
