/** Reads on a read-only connection; each read is one transaction, and so one snapshot. */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { Refusal } from "../../errors.ts";
import { ALL, type RecordedEvent, type StreamName, type Version } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { LINK_TYPE, linkAt, type Target, targetOf } from "../../indexes/links.ts";
import type { Gap, Range, Slice, StreamEntry } from "../log.ts";
import { bounds } from "../range.ts";
import { type FoundEntry, type FoundTarget, lowestShown, show } from "../showing.ts";
import { MissingRows, present } from "./failures.ts";
import { openForReading } from "./files/directory.ts";
import { FLAG_JSON, FLAG_REDACTED } from "./flags.ts";
import * as sql from "./statements.ts";
import { Locator } from "./streams/locator.ts";
import type { StreamRow } from "./streams/rows.ts";
import { Standings } from "./streams/standings.ts";
import { checkComplete, checkHashes, checkNoted, type Row } from "./verify/reads.ts";

/** Some 2 MB of names. A number never changes its name, so none of them grows stale. */
const NAMES_KEPT_MAX = 10_000;

/** What the client wrote of one event. */
type Content = { readonly data: Uint8Array; readonly metadata: Uint8Array };

/**
 * Up to here the content of a read is fetched as one value and cut up: a Buffer out of SQLite costs
 * 1 to 3 µs, and 20 events have 40 of them. Beyond, copying it once more costs memory instead.
 */
const JOINED_BYTES_MAX = 1024 * 1024;

const NOTHING = new Uint8Array(0);
const NO_CONTENT: Content = { data: NOTHING, metadata: NOTHING };

export type ReaderOptions = {
	readonly pageBytesMax: number;
	/** Milliseconds since 1970, which `$maxAge` goes by. */
	readonly clock: () => number;
	/** Whether to hold each event that is read against its hash. */
	readonly checksReads?: boolean | undefined;
};

export class Reader {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #standings: Standings;
	readonly #locator: Locator;
	readonly #pageBytesMax: number;
	readonly #clock: () => number;
	readonly #checksReads: boolean;
	readonly #names = new LRUCache<number, StreamName>({ max: NAMES_KEPT_MAX });

	constructor(file: string, { pageBytesMax, clock, checksReads = false }: ReaderOptions) {
		this.#database = openForReading(file);
		this.#statements = prepare(this.#database);
		this.#standings = new Standings(this.#database);
		this.#locator = new Locator(this.#database);
		this.#pageBytesMax = pageBytesMax;
		this.#clock = clock;
		this.#checksReads = checksReads;
	}

	/** @throws Refusal `page-too-large`, `stream-deleted` */
	read(range: Range): Slice {
		return this.#inSnapshot(() => {
			const { stream, resolve = stream !== ALL } = range;
			const row = this.#standings.find(stream);
			const standing = range.hidden ? undefined : this.#standings.of(stream, row);
			if (standing?.isGone) throw new Refusal("stream-deleted", { stream, attempt: "read" });
			const last = row?.last ?? -1;
			const { low, high } = bounds(range.from, range.limit, range.direction, last);
			const from = lowestShown(low, standing);
			const entries: FoundEntry[] =
				row && from <= high ? this.#entries(range, row, from, high) : [];
			const index = isIndexStream(stream);
			const hasLinks = resolve && row !== undefined && row.link !== null;
			const areMarked = index ? this.#standings.isAnyMarked() : hasLinks;
			const found = areMarked ? this.#withTargets(range, entries) : entries;
			const isMarked = standing !== undefined || areMarked;
			const { content } = range;
			const now = this.#clock();
			const isEmpty = entries.length === 0 && low <= high;
			const gap = stream === ALL && isEmpty ? this.#gapAt(low) : undefined;
			const createdAt = (version: Version) =>
				present(this.#statements.createdAt.get(row?.id, version), "an event") as number;
			const at = { stream, last, low, standing, gap, isMarked, resolve, content, now, createdAt };
			return show(at, found);
		});
	}

	/** @throws Refusal `stream-deleted` */
	last(stream: StreamName): Version {
		const row = this.#standings.find(stream);
		const standing = this.#standings.of(stream, row);
		if (standing?.isGone) throw new Refusal("stream-deleted", { stream, attempt: "read" });
		return standing?.metadata.isDeleted ? -1 : (row?.last ?? -1);
	}

	locate(stream: StreamName, id: string): Promise<Version | undefined> {
		return this.#locator.locate(stream, this.#standings.find(stream), id);
	}

	close(): void {
		this.#database.close();
	}

	#inSnapshot(work: () => Slice): Slice {
		this.#statements.begin.run();
		try {
			return work();
		} finally {
			if (this.#database.inTransaction) this.#statements.end.run();
		}
	}

	#entries(range: Range, of: StreamRow, low: number, high: number): StreamEntry[] {
		const { stream, direction, content, resolve = stream !== ALL, hidden = false } = range;
		const isAll = stream === ALL;
		const reads = (isAll ? this.#statements.ofAll : this.#statements.ofStream)[direction];
		const where = isAll ? [low, high] : [of.id, low, high];
		// All at once: a call out of SQLite for each row costs as much again as the row.
		const rows = reads.heads.all(...where) as Row[];
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

	/** Whether events whose content was read are what was appended, where reads are checked. */
	#check(
		reads: PreparedReads,
		where: readonly number[],
		rows: readonly Row[],
		events: readonly RecordedEvent[],
	): void {
		if (!this.#checksReads || rows.length === 0) return;
		checkHashes(rows, events, reads.hashes.get(...where) as Uint8Array);
	}

	#gapAt(position: number): Gap | undefined {
		const found = this.#statements.gap.get(position) as Gap | undefined;
		if (!found || found.last < position) return undefined;
		return { first: found.first, last: found.last };
	}

	/** What the clients wrote of these rows. */
	#contents(reads: PreparedReads, where: readonly number[], rows: readonly Row[]): Content[] {
		let bytes = 0;
		for (const row of rows) bytes += row[8] + row[9];
		this.#checkBytes(bytes);
		if (bytes > JOINED_BYTES_MAX) return reads.apart.all(...where) as Content[];
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

	#checkBytes(bytes: number): void {
		const pageBytesMax = this.#pageBytesMax;
		if (bytes > pageBytesMax) throw new Refusal("page-too-large", { bytes, pageBytesMax });
	}

	/** Adds what is to be known of the events that entries lead to, each stream looked up once. */
	#withTargets({ stream, content, resolve }: Range, entries: readonly StreamEntry[]): FoundEntry[] {
		const rows = new Map<StreamName, StreamRow | undefined>();
		const find = (name: StreamName) => {
			if (!rows.has(name)) rows.set(name, this.#standings.find(name));
			return rows.get(name);
		};
		if (isIndexStream(stream)) {
			if (resolve === false) return [...entries];
			return entries.map(({ version, event }) => {
				const origin = this.#standings.of(event.stream, find(event.stream));
				return { version, event, origin };
			});
		}
		let bytes = 0;
		for (const { event } of content ? entries : []) bytes += bytesOf(event);
		return entries.map(({ version, event }) => {
			const target = event.type === LINK_TYPE ? this.#targetOf(event, content) : undefined;
			if (!target) return { version, event };
			const found = this.#findTarget(target, find(target.stream), content);
			bytes += found && content ? bytesOf(found.event) : 0;
			this.#checkBytes(bytes);
			return { version, event, target: { ...target, found } };
		});
	}

	/** The link's own data says where it points to, whether or not data was asked for. */
	#targetOf({ data, position }: RecordedEvent, content: boolean): Target | undefined {
		if (content) return targetOf(data);
		return targetOf(present(this.#statements.dataAt.get(position), "a link") as Buffer);
	}

	#findTarget(
		{ stream, version }: Target,
		row: StreamRow | undefined,
		content: boolean,
	): FoundTarget | undefined {
		if (!row || stream === ALL || version > row.last) return undefined;
		const { heads, apart } = this.#statements.ofStream.forward;
		const where = [row.id, version, version];
		const found = present(heads.get(...where), "what a link leads to") as Row;
		const written = content ? (present(apart.get(...where), "content") as Content) : NO_CONTENT;
		const event = this.#event(found, written);
		if (content) this.#check(this.#statements.ofStream.forward, where, [found], [event]);
		const standing = this.#standings.of(stream, row);
		if (event.stream === stream) return { event, standing };
		const link = linkAt(stream, version, event);
		return { event: content ? link : { ...link, data: NOTHING }, standing };
	}

	#event(row: Row, { data, metadata }: Content): RecordedEvent {
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

function bytesOf({ data, metadata }: RecordedEvent): number {
	return data.length + metadata.length;
}

/** 32 hexadecimal digits in lower case → the notation of `NewEvent.id`. */
export function uuid(hex: string): string {
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
		begin: database.prepare(sql.BEGIN_READ),
		// There is nothing to commit; and where a damaged page was met, a commit would fail as well.
		end: database.prepare(sql.ROLLBACK),
		name: database.prepare(sql.SELECT_STREAM_NAME).pluck(),
		createdAt: database.prepare(sql.SELECT_CREATED_AT).pluck(),
		dataAt: database.prepare(sql.SELECT_DATA_AT).pluck(),
		gap: database.prepare(sql.SELECT_GAP),
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
