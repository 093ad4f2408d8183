/**
 * What a database shows of the log in it, to be verified. Much is read at once: a row or a Buffer
 * out of SQLite costs as much as checking it.
 */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import type { Span } from "../../verify/sums.ts";
import type { LogView, OnUnreadable, StoredEvent, Visit } from "../../verify/view.ts";
import { erasureFaults } from "../erasing/check.ts";
import { causeOf, isUnreadable } from "../failures.ts";
import { FLAG_REDACTED, FLAG_SCAVENGED } from "../protocol.ts";
import * as sql from "../statements.ts";
import { prepareSize } from "../streams/end.ts";
import * as verifying from "./statements.ts";

const EVENTS_PER_READ = 256;
const ENTRIES_PER_READ = 4096;
/** What is read as one value; larger events are read one by one. */
const JOINED_BYTES_MAX = 4 * 1024 * 1024;
const NAMES_KEPT_MAX = 20_000;
const NOTHING = new Uint8Array(0);

type Head = [
	...[position: number, stream: number, version: number, type: string, created: number],
	...[flags: number, id: number, hash: number, data: number, metadata: number],
];
type Content = {
	readonly flags: number;
	readonly id: Uint8Array;
	readonly hash: Uint8Array;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

export function viewOf(database: Database.Database): LogView {
	const statements = prepare(database);
	const nameOf = namesIn(database);
	return {
		size: prepareSize(database),
		*events(from, to, onUnreadable) {
			for (let at = from; at < to; at += EVENTS_PER_READ) {
				const end = Math.min(at + EVENTS_PER_READ, to);
				if (onUnreadable)
					yield* readAround(statements, nameOf, { from: at, to: end }, onUnreadable);
				else yield* readEvents(statements, nameOf, at, end);
			}
		},
		entries: (visit) => visitEntries(statements, nameOf, visit),
		unproven: () => statements.unproven.iterate() as Iterable<number>,
		nodes: (level, from, to) => readNodes(statements, level, from, to),
		faults: (part) => (part === "files" ? damageIn(database) : notesOf(database)),
	};
}

type Statements = ReturnType<typeof prepare>;
type Names = (id: number) => string;

function* readEvents(
	statements: Statements,
	nameOf: Names,
	from: number,
	to: number,
): Iterable<StoredEvent> {
	const heads = statements.heads.all(from, to) as Head[];
	let bytes = 0;
	for (const head of heads) bytes += head[6] + head[7] + head[8] + head[9];
	const joined =
		bytes <= JOINED_BYTES_MAX ? (statements.bytes.get(from, to) as Buffer | null) : undefined;
	// Where lengths are damaged, what is joined cannot be told apart.
	const isJoined = joined?.length === bytes;
	let at = 0;
	const cut = (length: number) => {
		if (length === 0) return NOTHING;
		at += length;
		return (joined as Buffer).subarray(at - length, at);
	};
	// Written out: what a spread costs here, a third of the whole, is paid for every event.
	for (const head of heads) {
		const [position, stream, version, type, created] = head;
		const content = isJoined ? undefined : contentAt(statements, position);
		// It may have been erased since the heads were read.
		const flags = content ? content.flags : head[5];
		const isErased = (flags & (FLAG_REDACTED | FLAG_SCAVENGED)) !== 0;
		yield {
			position,
			stream: nameOf(stream),
			version,
			id: content ? content.id : cut(head[6]),
			type: String(type),
			created,
			flags,
			hash: content ? content.hash : cut(head[7]),
			data: content ? content.data : cut(head[8]),
			metadata: content ? content.metadata : cut(head[9]),
			isErased,
			digests: isErased ? (statements.digests.get(position) as Digests) : undefined,
		};
	}
}

/** Where some of them cannot be read, one by one: so it is known which. */
function* readAround(
	statements: Statements,
	nameOf: Names,
	{ from, to }: Span,
	onUnreadable: OnUnreadable,
): Iterable<StoredEvent> {
	let next = from;
	try {
		for (const event of readEvents(statements, nameOf, from, to)) {
			yield event;
			next = event.position + 1;
		}
		return;
	} catch (error) {
		if (!isUnreadable(error)) throw error;
	}
	let [first, reason] = [next, ""];
	for (let at = next; at < to; at++) {
		try {
			const [event] = readEvents(statements, nameOf, at, at + 1);
			if (at > first) onUnreadable({ from: first, to: at }, reason);
			first = at + 1;
			if (event) yield event;
		} catch (error) {
			if (!isUnreadable(error)) throw error;
			reason = causeOf(error);
		}
	}
	if (to > first) onUnreadable({ from: first, to }, reason);
}

type Digests = StoredEvent["digests"];

function contentAt({ event }: Statements, position: number): Content {
	const row = event.get(position) as Record<keyof Content, unknown>;
	return {
		flags: Number(row.flags),
		id: bytesOf(row.id),
		hash: bytesOf(row.hash),
		data: bytesOf(row.data),
		metadata: bytesOf(row.metadata),
	};
}

/** A damaged row may hold a text or a number where bytes belong. */
function bytesOf(value: unknown): Uint8Array {
	return value instanceof Uint8Array ? value : Buffer.from(String(value));
}

/** Nodes that cannot be read are missing: what lies below them is checked all the same. */
function readNodes({ nodes }: Statements, level: number, from: number, to: number): Buffer[] {
	try {
		return nodes.all(level, from, to - 1) as Buffer[];
	} catch (error) {
		if (!isUnreadable(error)) throw error;
		return [];
	}
}

/** Read in steps, so that no snapshot is held for long; what is behind never changes. */
function visitEntries({ entries }: Statements, nameOf: Names, visit: Visit): void {
	let [last, version] = [-1, -1];
	let stream = { name: "" };
	for (;;) {
		const rows = entries.all(last, version, ENTRIES_PER_READ) as [number, number, number][];
		for (const row of rows) {
			if (row[0] !== last) {
				last = row[0];
				stream = { name: nameOf(last) };
			}
			version = row[1];
			visit(stream, version, row[2]);
		}
		if (rows.length < ENTRIES_PER_READ) return;
	}
}

/** The names of streams, those of late kept. */
export function namesIn(database: Database.Database): Names {
	const statement = database.prepare(sql.SELECT_STREAM_NAME).pluck();
	const kept = new LRUCache<number, string>({ max: NAMES_KEPT_MAX });
	return (id) => {
		let name = kept.get(id);
		if (name === undefined) {
			const found = statement.get(id) as string | undefined;
			if (found === undefined) return `(stream ${id}, which has no name)`;
			name = String(found);
			kept.set(id, name);
		}
		return name;
	};
}

/** What SQLite finds in its file, page by page; it gives up where it follows a damaged one. */
function damageIn(database: Database.Database): string[] {
	const found: string[] = [];
	try {
		const texts = database.prepare("PRAGMA integrity_check").pluck().iterate();
		for (const text of texts as Iterable<string>) if (text !== "ok") found.push(text);
	} catch (error) {
		if (!isUnreadable(error) || found.length === 0) throw error;
	}
	return found;
}

/** What does not agree with the log beside it. One check that cannot be made hides no other. */
function notesOf(database: Database.Database): string[] {
	const texts = (statement: string) => database.prepare(statement).pluck().all() as string[];
	const checks: Readonly<Record<string, () => string[]>> = {
		positions: () => gapsOf(database.prepare(verifying.VERIFY_POSITIONS).get() as Positions),
		streams: () =>
			texts(verifying.VERIFY_EMPTY_STREAMS).map(
				(name) => `stream ${name} has a name and no entries`,
			),
		marks: () =>
			texts(verifying.VERIFY_MARKS).map((name) => `${name}: what is noted of it is not so`),
		erasures: () => erasureFaults(database),
		scavenges: () =>
			texts(verifying.VERIFY_SCAVENGED).map(
				(name) => `${name}: an event of it was scavenged, and one before it was not`,
			),
		tombstones: () =>
			texts(verifying.VERIFY_TOMBSTONES).map((name) => `${name}: it goes on behind its tombstone`),
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

function gapsOf({ events, first, last }: Positions): string[] {
	const isDense = events === 0 || (first === 0 && last === events - 1);
	return isDense ? [] : [`there are ${events} events at positions ${first} to ${last}`];
}

type Positions = { readonly events: number; readonly first: number; readonly last: number };

function prepare(database: Database.Database) {
	return {
		heads: database.prepare(verifying.VERIFY_HEADS).raw(),
		bytes: database.prepare(verifying.VERIFY_BYTES).pluck(),
		event: database.prepare(verifying.VERIFY_EVENT),
		digests: database.prepare(verifying.VERIFY_DIGESTS),
		unproven: database.prepare(verifying.VERIFY_UNPROVEN).pluck(),
		entries: database.prepare(verifying.VERIFY_ENTRIES).raw(),
		nodes: database.prepare(sql.SELECT_NODES).pluck(),
	};
}
