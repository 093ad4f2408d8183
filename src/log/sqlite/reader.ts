/** Reads on a read-only connection; each read is one transaction, and so one snapshot. */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { Refusal } from "../../errors.ts";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../event.ts";
import type { Range, Slice, StreamEntry } from "../log.ts";
import { bounds } from "../range.ts";
import { openForReading } from "./directory.ts";
import { FLAG_JSON } from "./protocol.ts";
import * as sql from "./statements.ts";

/** Some 2 MB of names. A number never changes its name, so none of them grows stale. */
const NAMES_KEPT_MAX = 10_000;

/** The most that data and metadata of one event may have, whatever the options say. */
const EVENT_BYTES_MAX = 4 * 1024 * 1024;

/** In a statement's order: see `selectEntries`. */
type Row = [
	entryVersion: number,
	position: number,
	stream: number,
	version: number,
	id: string,
	type: string,
	created: number,
	flags: number,
	data?: Buffer,
	metadata?: Buffer,
];

/** A stream as a read finds it: its number (none for `$all`) and last version. */
type Found = { readonly id: number | undefined; readonly last: number };

const NOTHING = new Uint8Array(0);

export class Reader {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #pageBytesMax: number;
	readonly #names = new LRUCache<number, StreamName>({ max: NAMES_KEPT_MAX });

	constructor(file: string, pageBytesMax: number) {
		this.#database = openForReading(file);
		this.#statements = prepare(this.#database);
		this.#pageBytesMax = pageBytesMax;
	}

	/** @throws Refusal `page-too-large` */
	read(range: Range): Slice {
		return this.#inSnapshot(() => {
			const found = this.#find(range.stream);
			const { low, high } = bounds(range.from, range.limit, range.direction, found.last);
			const entries = low > high ? [] : this.#entries(range, found.id, low, high);
			return { last: found.last, entries };
		});
	}

	last(stream: StreamName): Version {
		return this.#find(stream).last;
	}

	close(): void {
		this.#database.close();
	}

	#inSnapshot(work: () => Slice): Slice {
		this.#statements.begin.run();
		try {
			return work();
		} finally {
			this.#statements.end.run();
		}
	}

	#entries(range: Range, id: number | undefined, low: number, high: number): StreamEntry[] {
		const order = range.direction === "forward" ? "ASC" : "DESC";
		const kind = range.content ? "whole" : "heads";
		const of = id === undefined ? this.#statements.ofAll : this.#statements.ofStream;
		const where = id === undefined ? [low, high] : [id, low, high];
		const rows = of[kind][order];
		const pageBytesMax = this.#pageBytesMax;
		// So few rows are within the bound whatever they hold; more may have to be refused, unread.
		if (range.content && (high - low + 1) * EVENT_BYTES_MAX > pageBytesMax) {
			const bytes = Number(of.bytes.get(...where));
			if (bytes > pageBytesMax) throw new Refusal("page-too-large", { bytes, pageBytesMax });
		}
		// All at once: a call out of SQLite for each row costs as much again as the row.
		return (rows.all(...where) as Row[]).map((row) => ({
			version: row[0],
			event: this.#event(row),
		}));
	}

	#event(row: Row): RecordedEvent {
		return {
			position: row[1],
			stream: this.#nameOf(row[2]),
			version: row[3],
			id: uuid(row[4]),
			type: row[5],
			created: row[6],
			isJson: (row[7] & FLAG_JSON) !== 0,
			data: row[8] ?? NOTHING,
			metadata: row[9] ?? NOTHING,
		};
	}

	#nameOf(id: number): StreamName {
		const kept = this.#names.get(id);
		if (kept !== undefined) return kept;
		const name = this.#statements.name.get(id) as StreamName;
		this.#names.set(id, name);
		return name;
	}

	#find(stream: StreamName): Found {
		if (stream === ALL) {
			return { id: undefined, last: (this.#statements.lastPosition.get() as number | null) ?? -1 };
		}
		const found = this.#statements.stream.get(stream) as Found | undefined;
		return found ?? { id: undefined, last: -1 };
	}
}

/** 32 hexadecimal digits in lower case → the notation of `NewEvent.id`. */
export function uuid(hex: string): string {
	const [a, b, c] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16)];
	return `${a}-${b}-${c}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function prepare(database: Database.Database) {
	const inBothOrders = (
		select: (order: sql.Order, content: boolean) => string,
		content: boolean,
	) => ({
		ASC: database.prepare(select("ASC", content)).raw(),
		DESC: database.prepare(select("DESC", content)).raw(),
	});
	const readsOf = (select: (order: sql.Order, content: boolean) => string, bytes: string) => ({
		whole: inBothOrders(select, true),
		heads: inBothOrders(select, false),
		bytes: database.prepare(bytes).pluck(),
	});
	return {
		begin: database.prepare(sql.BEGIN_READ),
		end: database.prepare(sql.COMMIT),
		stream: database.prepare(sql.SELECT_STREAM),
		name: database.prepare(sql.SELECT_STREAM_NAME).pluck(),
		lastPosition: database.prepare(sql.SELECT_LAST_POSITION).pluck(),
		ofStream: readsOf(sql.selectEntries, sql.SUM_ENTRY_BYTES),
		ofAll: readsOf(sql.selectEvents, sql.SUM_EVENT_BYTES),
	};
}
