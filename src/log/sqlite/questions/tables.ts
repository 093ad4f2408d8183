/**
 * The tables that a question sees. They are no tables of the log: a question runs on a database in
 * memory that holds nothing, and rows come out of the same reads that serve pages. So a question
 * sees just what reads show, no SQL reaches a file, and what metadata hides stays hidden.
 *
 *     events      one row for each event that `$all` shows, or a stream: WHERE in_stream = '…'
 *     streams     one row for each stream that ever had an event
 *     categories  one row for each category
 *     types       one row for each event type
 */
import type Database from "better-sqlite3";
import { isRefusal } from "../../../errors.ts";
import { ALL, type StreamName, type Version } from "../../../event.ts";
import { categoryOf, isIndexStream } from "../../../indexes/joins.ts";
import type { StreamEntry } from "../../range.ts";
import type { ReadsAtOnce } from "./reads.ts";

/** As many as fit into the memory of a read twice over, at the usual size of events. */
const EVENTS_A_READ = 500;
const NAMES_A_READ = 1000;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `data` and `metadata` stand last: see `usesContent`. */
const EVENT_COLUMNS = [
	"position",
	"number",
	"stream",
	"version",
	"id",
	"type",
	"created",
	"created_ms",
	"data",
	"metadata",
];
const FIRST_OF_CONTENT = EVENT_COLUMNS.indexOf("data");
const EVENT_PARAMETERS = ["in_stream", "from_number", "to_number"];

type Value = string | number | bigint | Buffer | null;
type Rows = Generator<Value[]>;

/** The parts of a question that its tables need to know. */
export type Reading = {
	readonly reads: ReadsAtOnce;
	/** Whether anything of the question needs data or metadata: they cost most of a read. */
	content: boolean;
};

/** Makes the tables known to a database in memory. */
export function provideTables(database: Database.Database, reading: Reading): void {
	const { reads } = reading;
	database.table("events", {
		columns: EVENT_COLUMNS,
		parameters: EVENT_PARAMETERS,
		*rows(stream: unknown, from: unknown, to: unknown) {
			yield* events(reading, { stream: nameIn(stream), from: numberIn(from), to: numberIn(to) });
		},
	});
	database.table("streams", {
		columns: ["name", "category", "kind", "last_version", "events", "is_deleted"],
		*rows() {
			yield* streams(reads);
		},
	});
	database.table("categories", {
		columns: ["name", "events"],
		*rows() {
			yield* indexes(reads, "$ce-");
		},
	});
	database.table("types", {
		columns: ["name", "events"],
		*rows() {
			yield* indexes(reads, "$et-");
		},
	});
}

/** @param explained the program of a statement, as EXPLAIN gives it */
export function usesContent(explained: readonly { opcode: string; p2: number }[]): boolean {
	return explained.some(({ opcode, p2 }) => opcode === "VColumn" && p2 >= FIRST_OF_CONTENT);
}

/** A parameter that a statement does not name is undefined, or null. */
function nameIn(value: unknown): StreamName {
	return (value ?? undefined) === undefined ? ALL : (String(value) as StreamName);
}

function numberIn(value: unknown): Version | undefined {
	const number = Number(value ?? Number.NaN);
	return Number.isSafeInteger(number) ? Math.max(0, number) : undefined;
}

type Asked = {
	readonly stream: StreamName;
	readonly from: Version | undefined;
	readonly to: Version | undefined;
};

/** Up to what was the head when the statement came here: it ends, however fast the log grows. */
function* events({ reads, content }: Reading, { stream, from, to }: Asked): Rows {
	const last = lastOf(reads, stream);
	if (last === undefined) return;
	const end = Math.min(last, to ?? last);
	for (let next = from ?? 0; next <= end; ) {
		const limit = Math.min(EVENTS_A_READ, end - next + 1);
		const { entries, gap } = readSome(reads, { stream, from: next, limit, content });
		for (const entry of entries) yield rowOf(entry);
		next = gap ? gap.last + 1 : next + limit;
	}
}

type Some = {
	readonly stream: StreamName;
	readonly from: Version;
	readonly limit: number;
	readonly content: boolean;
};

/** A read that is too large is asked for again in halves. */
function readSome(reads: ReadsAtOnce, some: Some): ReturnType<ReadsAtOnce["read"]> {
	try {
		return reads.read({ ...some, direction: "forward" });
	} catch (error) {
		if (!isRefusal(error, "page-too-large") || some.limit === 1) throw error;
		const half = some.limit >> 1;
		const first = readSome(reads, { ...some, limit: half });
		const rest = { ...some, from: some.from + half, limit: some.limit - half };
		const second = readSome(reads, rest);
		return { entries: [...first.entries, ...second.entries] };
	}
}

function rowOf({ version, event }: StreamEntry): Value[] {
	const created = new Date(event.created).toISOString();
	const { position, stream, id, type } = event;
	const heads = [position, version, stream, event.version, id, type, created, event.created];
	// The hash of a password: reads of other streams leave it out, too.
	if (stream.startsWith("$user-")) return [...heads, null, null];
	const isJson = event.isJson && event.data.length > 0;
	return [...heads, shownOf(event.data, isJson), shownOf(event.metadata, true)];
}

/** Text if it is meant to be, so that `->>` works on it; null if there is none. */
function shownOf(bytes: Uint8Array, isText: boolean): Value {
	if (bytes.length === 0) return null;
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	if (!isText) return buffer;
	try {
		return utf8.decode(buffer);
	} catch {
		return buffer;
	}
}

function* streams(reads: ReadsAtOnce): Rows {
	for (const name of names(reads, "", undefined)) {
		const last = lastOf(reads, name);
		const kind = isIndexStream(name) ? "index" : name.startsWith("$$") ? "metadata" : "own";
		const shown = last === undefined || last < 0 ? null : last;
		const count = shown === null ? 0 : shown + 1;
		yield [name, categoryOf(name) ?? null, kind, shown, count, shown === null ? 1 : 0];
	}
}

/** How many events each index stream of a kind lists. */
function* indexes(reads: ReadsAtOnce, prefix: "$ce-" | "$et-"): Rows {
	const before = `${prefix.slice(0, -1)}.`;
	for (const name of names(reads, prefix, before)) {
		yield [name.slice(prefix.length), (lastOf(reads, name) ?? -1) + 1];
	}
}

function* names(
	reads: ReadsAtOnce,
	first: string,
	before: string | undefined,
): Generator<StreamName> {
	for (let from = first; ; ) {
		const some = reads.names({ from, before, limit: NAMES_A_READ });
		yield* some;
		if (some.length < NAMES_A_READ) return;
		// The next name in the order of bytes.
		from = `${some.at(-1)}\u0000`;
	}
}

/** Undefined if the stream was deleted for ever. */
function lastOf(reads: ReadsAtOnce, stream: StreamName): Version | undefined {
	try {
		return reads.last(stream);
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return undefined;
		throw error;
	}
}
