/**
 * Every invariant of a log, stated once and checked against what an engine has stored.
 *
 * Two passes and no table in memory, so that ten million events need no more room than ten. The
 * first goes through the events in order and counts the entries they must have; the second goes
 * through the entries of every stream in order. An entry is *right* where its event belongs at
 * exactly that place of that stream. Entries of one stream point at rising positions, so no two are
 * the same; if all are right and there are as many as there must be, then none is missing either.
 */
import type { RecordedEvent } from "../event.ts";
import { parseUuid } from "../event.ts";
import { streamsJoined } from "../indexes/joins.ts";
import { LINK_TYPE } from "../indexes/links.ts";
import type { Verification } from "./log.ts";

/** What an engine shows of itself, all of one snapshot. `data` may be left empty. */
export interface LogView {
	/** Every event, by position. */
	events(): Iterable<RecordedEvent>;
	/** Every entry of every stream but `$all`, stream by stream, each by version. */
	entries(): Iterable<StoredEntry>;
	/** The position the entry of an own stream points at. */
	positionAt(stream: string, version: number): number | undefined;
	/** The position of a stream's newest entry. */
	lastPosition(stream: string): number | undefined;
	/** What it has noted beside the entries; absent where an engine notes nothing. */
	readonly notes?: Notes;
	/** How many streams it has names for, index streams included. */
	streams(): number;
	/** What the engine's own check of its files finds. */
	faults(): readonly string[];
}

export type StoredEntry = {
	readonly stream: string;
	readonly version: number;
	readonly position: number;
	/** The event at that position; undefined where there is none. */
	readonly event: RecordedEvent | undefined;
	/** Whether that event is marked as the one that deleted its stream for ever. */
	readonly isTombstone: boolean;
	/** Whether it was scavenged. */
	readonly isScavenged: boolean;
};

export type Notes = {
	of(stream: string): Marks;
	/** Of how many streams it has noted anything. */
	count(): number;
};

/** What an engine notes beside the entries, so that reads need not look for it: positions. */
export type Marks = {
	/** The newest event of the metadata stream. */
	readonly metadata: number | null;
	readonly tombstone: number | null;
	/** The newest event that is a link. */
	readonly link: number | null;
	/** Not a position: the lowest version that was not scavenged. */
	readonly scavenged: number | null;
};

export const NO_MARKS: Marks = { metadata: null, tombstone: null, link: null, scavenged: null };

/** Enough to see what is wrong; a broken disk could name millions. */
const FAULTS_MAX = 100;

export function verify(view: LogView): Verification {
	const faults: string[] = [];
	const report = (fault: string) => {
		if (faults.length < FAULTS_MAX) faults.push(fault);
	};
	const counts = { events: 0, entries: 0, streams: 0, erased: 0, unproven: 0 };
	try {
		for (const fault of view.faults()) report(fault);
		counts.events = verifyEvents(view, counts, report);
		counts.streams = verifyEntries(view, counts, report);
	} catch (error) {
		// A damaged file stops a read midway: that is a finding too.
		report(`reading stopped: ${error instanceof Error ? error.message : String(error)}`);
	}
	const { events, streams, erased, unproven } = counts;
	return { ok: faults.length === 0, events, streams, erased, unproven, faults };
}

type Counts = { entries: number; erased: number; unproven: number };
type Report = (fault: string) => void;

/** Checks each event by itself and against the one before; counts the entries there must be. */
function verifyEvents(view: LogView, counts: Counts, report: Report): number {
	let next = 0;
	let created = 0;
	let events = 0;
	for (const event of view.events()) {
		const at = `position ${event.position}`;
		if (event.position !== next) report(`${at}: follows position ${next - 1}`);
		if (event.created < created) report(`${at}: created before the event in front of it`);
		if (parseUuid(event.id) !== event.id) report(`${at}: ${event.id} is no event id`);
		const own = view.positionAt(event.stream, event.version);
		if (own !== event.position) {
			const found = own === undefined ? "nothing" : `position ${own}`;
			report(`${at}: version ${event.version} of ${event.stream} is ${found}`);
		}
		counts.entries += 1 + streamsJoined(event).length;
		if (event.isRedacted) counts.erased++;
		next = event.position + 1;
		created = Math.max(created, event.created);
		events++;
	}
	return events;
}

/**
 * Checks that each stream is dense and each entry right. Returns how many streams have own events.
 */
function verifyEntries(view: LogView, counts: Counts, report: Report): number {
	let stream: string | undefined;
	let version = -1;
	let position = -1;
	const found = { entries: 0, streams: 0, ownStreams: 0 };
	const marks = createMarksCheck(view, view.notes, report);
	for (const entry of view.entries()) {
		if (entry.stream !== stream) {
			stream = entry.stream;
			version = -1;
			position = -1;
			found.streams++;
			if (entry.event?.stream === stream) found.ownStreams++;
		}
		const at = `${stream} version ${entry.version}`;
		if (entry.version !== version + 1) report(`${at}: follows version ${version}`);
		if (entry.position <= position) report(`${at}: points at or before the entry in front of it`);
		if (isUnproven(entry)) counts.unproven++;
		else if (!isRight(entry)) report(`${at}: position ${entry.position} does not belong there`);
		marks.see(entry);
		version = entry.version;
		position = entry.position;
		found.entries++;
	}
	marks.end();
	const proven = found.entries - counts.unproven;
	if (proven !== counts.entries) {
		report(`there are ${proven} stream entries, and ${counts.entries} belong to the events`);
	}
	const names = view.streams();
	if (found.streams !== names) {
		report(`there are ${names} stream names, and ${found.streams} streams with entries`);
	}
	return found.ownStreams;
}

/**
 * Compares what is noted of each stream with what its entries say, and nothing follows a tombstone.
 */
function createMarksCheck(view: LogView, notes: Notes | undefined, report: Report) {
	let stream: string | undefined;
	let seen = NO_MARKS;
	let count = 0;
	let link: number | null = null;
	const check = (name: string, marks: Marks) => {
		if (!notes) return;
		const expected = { ...marks, metadata: view.lastPosition(`$$${name}`) ?? null };
		const noted = notes.of(name);
		for (const what of ["metadata", "tombstone", "link", "scavenged"] as const) {
			if (noted[what] !== expected[what]) {
				report(`${name}: its ${what} is noted at ${noted[what]}, and stands at ${expected[what]}`);
			}
		}
		if (Object.values(expected).some((position) => position !== null)) count++;
	};
	const see = (entry: StoredEntry) => {
		const { stream: of, event, position, isTombstone, isScavenged, version } = entry;
		if (of !== stream) {
			if (stream !== undefined) check(stream, seen);
			stream = of;
			seen = NO_MARKS;
		}
		if (event?.stream !== of) return;
		if (seen.tombstone !== null) report(`${of} version ${version}: follows its tombstone`);
		if (isTombstone) seen = { ...seen, tombstone: position };
		if (isScavenged) {
			if (version !== (seen.scavenged ?? 0)) {
				report(`${of} version ${version}: was scavenged, and an event before it was not`);
			}
			seen = { ...seen, scavenged: version + 1 };
		}
		if (event.type !== LINK_TYPE) return;
		seen = { ...seen, link: position };
		link = Math.max(link ?? 0, position);
	};
	const end = () => {
		if (stream !== undefined) check(stream, seen);
		check("$all", { ...NO_MARKS, link });
		const noted = notes?.count() ?? count;
		if (noted !== count)
			report(`of ${noted} streams something is noted, and should be of ${count}`);
	};
	return { see, end };
}

/** Whether it rests on metadata that was erased: then only its place can be checked. */
function isUnproven({ stream, event }: StoredEntry): boolean {
	if (!event?.isRedacted || event.metadata.length > 0) return false;
	return stream.startsWith("$bc-") && event.stream !== stream;
}

function isRight({ stream, version, event }: StoredEntry): boolean {
	if (!event) return false;
	if (event.stream === stream) return event.version === version;
	return (streamsJoined(event) as string[]).includes(stream);
}
