/** Fetches the events of a stream, and checks them against the marks of the stream. */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import { LINK_TYPE } from "../../../indexes/links.ts";
import { upTo } from "../../../up-to.ts";
import { FLAG_JSON, FLAG_REDACTED } from "../../appending/flags.ts";
import type { ReadPlan } from "../../reading/plan.ts";
import { checkBytes, type Entry } from "../../reading/targets.ts";
import { Contradiction, codeOf, MissingRows, present } from "../failures.ts";
import * as sql from "../statements.ts";
import type { StreamRow } from "../streams/rows.ts";
import { checkComplete, checkHashes, checkNoted, type EventRow } from "../verify/reads.ts";
import { RECENT_ENTRIES_MAX, RecentEntries } from "./recent.ts";
import * as reading from "./statements.ts";

const ID_BYTES = 16;

/** Some 2 MB of names. A number never changes its name, so none of them grows stale. */
const NAMES_KEPT_MAX = 10_000;

/** Up to here the content of a read is fetched as one value. Beyond, the copy costs memory. */
const JOINED_BYTES_MAX = 1024 * 1024;

/** Events without their content, and what their content can be read by. */
type Found = {
	readonly reads: PreparedReads;
	readonly where: readonly unknown[];
	readonly rows: readonly EventRow[];
	/** In the notation of `NewEvent.id`. */
	readonly ids: readonly string[];
};

/** The data and metadata of one event. */
type EventContent = { readonly data: Uint8Array; readonly metadata: Uint8Array };

const NOTHING = new Uint8Array(0);
const NO_CONTENT: EventContent = { data: NOTHING, metadata: NOTHING };

export type EventOptions = {
	readonly pageBytesMax: number;
	/** Whether to check each event that is read against its hash. */
	readonly checksReads: boolean;
};

/** Entries of a plan, and whether they are kept for reads to come. */
type FoundEntries = { readonly entries: readonly Entry[]; readonly isKept: boolean };

type EntryOptions = {
	/** Whether hidden events are read as well. */
	readonly hidden: boolean;
	readonly erasures: () => number;
};

/** Versions of a stream. */
type Span = {
	readonly of: StreamRow;
	readonly from: Version;
	readonly to: Version;
	readonly hidden: boolean;
};

export class Events {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #options: EventOptions;
	readonly #recent = new RecentEntries();
	readonly #names = new LRUCache<number, StreamName>(upTo(NAMES_KEPT_MAX));

	constructor(database: Database.Database, options: EventOptions) {
		this.#statements = prepare(database);
		this.#options = options;
	}

	/**
	 * The entries of a plan, in its direction. Those at a head that is read again are kept.
	 * @param erasures counts them in the snapshot of the read
	 * @throws Refusal `page-too-large`; MissingRows, Contradiction
	 */
	entries(plan: ReadPlan, of: StreamRow, { hidden, erasures }: EntryOptions): FoundEntries {
		const { range, from, to } = plan;
		const isShort = Number(to) - Number(from) < RECENT_ENTRIES_MAX;
		const isRecent = isShort && to === of.last && !hidden && !this.#options.checksReads;
		if (!isRecent) return { entries: this.#fetch(range, { of, from, to, hidden }), isKept: false };
		// Entries with and without content are kept apart.
		const key = 2 * of.id + (range.content ? 1 : 0);
		const kept = this.#recent.from(key, Number(from), erasures());
		const next = Number(from) + kept.length;
		const isForward = range.direction === "forward";
		if (next > to) return { entries: isForward ? kept : kept.toReversed(), isKept: true };
		const ascending = { ...range, direction: "forward" } as const;
		const found = this.#fetch(ascending, { of, from: next, to, hidden });
		const isWhole = found.length === Number(to) - next + 1 && !found.some(isLink);
		const { entries, isKept } = isWhole
			? this.#recent.keep(key, found)
			: { entries: found, isKept: false };
		const all = kept.length > 0 ? [...kept, ...entries] : entries;
		return { entries: isForward ? all : all.toReversed(), isKept };
	}

	#fetch({ stream, direction, content, resolve }: ReadPlan["range"], span: Span): Entry[] {
		const { of, from, to, hidden } = span;
		const isAll = stream === ALL;
		const low = Number(from);
		const high = Number(to);
		const found = isAll
			? findIn(this.#statements.ofAll[direction], [low, high])
			: this.#findOf(of.id, low, high, direction);
		const { rows } = found;
		const scavenged = () => (isAll ? (this.#statements.scavenged.get({ low, high }) as number) : 0);
		checkComplete(rows.length, high - low + 1, scavenged);
		if (!isIndexStream(stream)) checkNoted(rows, of, { resolve, hidden });
		const contents = content ? this.#contents(found) : [];
		const events = rows.map((_, index) =>
			this.#event(found, index, content ? present(contents[index], "content") : NO_CONTENT),
		);
		if (content) this.#check(found, events);
		return rows.map(([version], index) => ({ version, event: events[index] as RecordedEvent }));
	}

	/** The event at a version the stream has, if a link leads there. */
	eventAt(of: StreamRow, version: Version, content: boolean): RecordedEvent {
		const found = this.#findOf(of.id, version, version, "forward");
		present(found.rows[0], "what a link leads to");
		const { reads, where } = found;
		const written = content
			? (present(reads.apart.get(...where), "content") as EventContent)
			: NO_CONTENT;
		const event = this.#event(found, 0, written);
		if (content) this.#check(found, [event]);
		return event;
	}

	/** Entries that share no place cost less, so a read tries first if that is all of them. */
	#findOf(stream: number, from: number, to: number, direction: Direction): Found {
		const { alone, ofSpans } = this.#statements;
		const found = findIn(alone[direction], [stream, from, to]);
		if (found.rows.length === to - from + 1) return found;
		return findIn(ofSpans[direction], [{ stream, from, to }]);
	}

	/** Checks events whose content was read against their hashes, if the options ask for it. */
	#check({ reads, where, rows }: Found, events: readonly RecordedEvent[]): void {
		if (!this.#options.checksReads || rows.length === 0) return;
		checkHashes(rows, events, reads.hashes.get(...where) as Uint8Array);
	}

	#contents({ reads, where, rows }: Found): EventContent[] {
		let bytes = 0;
		for (const row of rows) bytes += row[7] + row[8];
		checkBytes(bytes, this.#options.pageBytesMax);
		if (bytes > JOINED_BYTES_MAX) return reads.apart.all(...where) as EventContent[];
		const joined = (reads.joined.get(...where) ?? NOTHING) as Uint8Array;
		if (joined.length !== bytes) throw new MissingRows("some of the content is missing");
		let at = 0;
		const cut = (length: number) => {
			if (length === 0) return NOTHING;
			at += length;
			return joined.subarray(at - length, at);
		};
		return rows.map((row) => ({ data: cut(row[7]), metadata: cut(row[8]) }));
	}

	#event({ rows, ids }: Found, index: number, { data, metadata }: EventContent): RecordedEvent {
		const [, position, stream, version, type, created, flags] = rows[index] as EventRow;
		const event: RecordedEvent = {
			position,
			stream: this.#nameOf(stream),
			version,
			id: ids[index] as string,
			type,
			created,
			isJson: (flags & FLAG_JSON) !== 0,
			data,
			metadata,
		};
		return flags & FLAG_REDACTED ? { ...event, isRedacted: true } : event;
	}

	#nameOf(id: number): StreamName {
		const kept = this.#names.get(id);
		if (kept !== undefined) return kept;
		const name = present(this.#statements.name.get(id), "the name of a stream") as StreamName;
		this.#names.set(id, name);
		return name;
	}
}

/** What a link shows may change, and whether the stream has any is checked where they are read. */
function isLink({ event }: Entry): boolean {
	return event.type === LINK_TYPE;
}

/** @throws MissingRows, Contradiction */
function findIn(reads: PreparedReads, where: readonly unknown[]): Found {
	const [json, bytes] = selectHeads(reads, where);
	const rows = JSON.parse(json ?? "[]") as EventRow[];
	const found = bytes ?? Buffer.alloc(0);
	if (found.length !== ID_BYTES * rows.length) throw new MissingRows("some of the ids are missing");
	const hex = found.toString("hex");
	const ids = rows.map((_, index) => uuid(hex, 2 * ID_BYTES * index));
	return { reads, where, rows, ids };
}

/** @throws Contradiction if a column of a damaged row holds what it never holds */
function selectHeads(reads: PreparedReads, where: readonly unknown[]): JoinedHeads {
	try {
		return reads.heads.get(...where) as JoinedHeads;
	} catch (error) {
		// What JSON cannot hold: bytes where there should be text or a number.
		if (codeOf(error) !== "SQLITE_ERROR") throw error;
		throw new Contradiction("some of the events are not events");
	}
}

/** @param at where its 32 hexadecimal digits begin, in lower case */
function uuid(hex: string, at: number): string {
	const part = (from: number, to: number) => hex.slice(at + from, at + to);
	return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}

type JoinedHeads = [json: string | null, ids: Buffer | null];
type PreparedReads = ReturnType<typeof prepareReads>;
type Direction = ReadPlan["range"]["direction"];

function prepare(database: Database.Database) {
	const inBothDirections = (reads: reading.Reads) => ({
		forward: prepareReads(database, reads, "ASC"),
		backward: prepareReads(database, reads, "DESC"),
	});
	return {
		name: database.prepare(sql.SELECT_STREAM_NAME).pluck(),
		scavenged: database.prepare(sql.SELECT_SCAVENGED).pluck(),
		alone: inBothDirections(reading.selectAlone),
		ofSpans: inBothDirections(reading.selectSpans),
		ofAll: inBothDirections(reading.selectEvents),
	};
}

function prepareReads(database: Database.Database, reads: reading.Reads, order: reading.Order) {
	return {
		heads: database.prepare(reads.heads(order)).raw(),
		joined: database.prepare(reads.joined(order)).pluck(),
		apart: database.prepare(reads.apart(order)),
		hashes: database.prepare(reads.hashes(order)).pluck(),
	};
}
