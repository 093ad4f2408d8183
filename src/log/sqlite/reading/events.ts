/** Fetches the events of a stream, and checks them against the marks of the stream. */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../../event.ts";
import { isIndexStream } from "../../../indexes/joins.ts";
import type { ReadPlan } from "../../reading/plan.ts";
import { checkBytes, type Entry } from "../../reading/targets.ts";
import { MissingRows, present } from "../failures.ts";
import { FLAG_JSON, FLAG_REDACTED } from "../flags.ts";
import * as sql from "../statements.ts";
import type { StreamRow } from "../streams/rows.ts";
import { checkComplete, checkHashes, checkNoted, type EventRow } from "../verify/reads.ts";

/** Some 2 MB of names. A number never changes its name, so none of them grows stale. */
const NAMES_KEPT_MAX = 10_000;

/**
 * Up to here the content of a read is fetched as one value and cut up: a Buffer out of SQLite costs
 * 1 to 3 µs, and 20 events have 40 of them. Beyond, copying it once more costs memory instead.
 */
const JOINED_BYTES_MAX = 1024 * 1024;

/** The data and metadata of one event. */
type EventContent = { readonly data: Uint8Array; readonly metadata: Uint8Array };

const NOTHING = new Uint8Array(0);
const NO_CONTENT: EventContent = { data: NOTHING, metadata: NOTHING };

export type EventOptions = {
	readonly pageBytesMax: number;
	/** Whether to check each event that is read against its hash. */
	readonly checksReads: boolean;
};

export class Events {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #options: EventOptions;
	readonly #names = new LRUCache<number, StreamName>({ max: NAMES_KEPT_MAX });

	constructor(database: Database.Database, options: EventOptions) {
		this.#statements = prepare(database);
		this.#options = options;
	}

	/**
	 * The entries of a plan, in its direction.
	 * @throws Refusal `page-too-large`; MissingRows, Contradiction
	 */
	entries({ range, from, to }: ReadPlan, of: StreamRow, hidden: boolean): Entry[] {
		const { stream, direction, content, resolve } = range;
		const isAll = stream === ALL;
		const reads = (isAll ? this.#statements.ofAll : this.#statements.ofStream)[direction];
		const where = isAll ? [from, to] : [of.id, from, to];
		// All at once: a call out of SQLite for each row costs as much again as the row.
		const rows = reads.heads.all(...where) as EventRow[];
		const low = Number(from);
		const high = Number(to);
		const scavenged = () => (isAll ? (this.#statements.scavenged.get({ low, high }) as number) : 0);
		checkComplete(rows.length, high - low + 1, scavenged);
		if (!isIndexStream(stream)) checkNoted(rows, of, { resolve, hidden });
		const contents = content ? this.#contents(reads, where, rows) : [];
		const events = rows.map((row, index) =>
			this.#event(row, content ? present(contents[index], "content") : NO_CONTENT),
		);
		if (content) this.#check(reads, where, rows, events);
		return rows.map(([version], index) => ({ version, event: events[index] as RecordedEvent }));
	}

	/** The event at a version the stream has, if a link leads there. */
	eventAt(of: StreamRow, version: Version, content: boolean): RecordedEvent {
		const reads = this.#statements.ofStream.forward;
		const where = [of.id, version, version];
		const found = present(reads.heads.get(...where), "what a link leads to") as EventRow;
		const written = content
			? (present(reads.apart.get(...where), "content") as EventContent)
			: NO_CONTENT;
		const event = this.#event(found, written);
		if (content) this.#check(reads, where, [found], [event]);
		return event;
	}

	/** Checks events whose content was read against their hashes, if the options ask for it. */
	#check(
		reads: PreparedReads,
		where: readonly number[],
		rows: readonly EventRow[],
		events: readonly RecordedEvent[],
	): void {
		if (!this.#options.checksReads || rows.length === 0) return;
		checkHashes(rows, events, reads.hashes.get(...where) as Uint8Array);
	}

	#contents(
		reads: PreparedReads,
		where: readonly number[],
		rows: readonly EventRow[],
	): EventContent[] {
		let bytes = 0;
		for (const row of rows) bytes += row[8] + row[9];
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
		return rows.map((row) => ({ data: cut(row[8]), metadata: cut(row[9]) }));
	}

	#event(row: EventRow, { data, metadata }: EventContent): RecordedEvent {
		const event: RecordedEvent = {
			position: row[1],
			stream: this.#nameOf(row[2]),
			version: row[3],
			id: uuid(row[4]),
			type: row[5],
			created: row[6],
			isJson: (row[7] & FLAG_JSON) !== 0,
			data,
			metadata,
		};
		return row[7] & FLAG_REDACTED ? { ...event, isRedacted: true } : event;
	}

	#nameOf(id: number): StreamName {
		const kept = this.#names.get(id);
		if (kept !== undefined) return kept;
		const name = present(this.#statements.name.get(id), "the name of a stream") as StreamName;
		this.#names.set(id, name);
		return name;
	}
}

/** 32 hexadecimal digits in lower case → the notation of `NewEvent.id`. */
function uuid(hex: string): string {
	const [a, b, c] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)];
	return `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

type PreparedReads = ReturnType<typeof prepareReads>;

function prepare(database: Database.Database) {
	const inBothDirections = (reads: sql.Reads) => ({
		forward: prepareReads(database, reads, "ASC"),
		backward: prepareReads(database, reads, "DESC"),
	});
	return {
		name: database.prepare(sql.SELECT_STREAM_NAME).pluck(),
		scavenged: database.prepare(sql.SELECT_SCAVENGED).pluck(),
		ofStream: inBothDirections(sql.selectEntries),
		ofAll: inBothDirections(sql.selectEvents),
	};
}

function prepareReads(database: Database.Database, reads: sql.Reads, order: sql.Order) {
	return {
		heads: database.prepare(reads.heads(order)).raw(),
		joined: database.prepare(reads.joined(order)).pluck(),
		apart: database.prepare(reads.apart(order)),
		hashes: database.prepare(reads.hashes(order)).pluck(),
	};
}
