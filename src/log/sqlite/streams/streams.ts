/**
 * The streams as the writer knows them: their numbers, their last versions, and what its
 * transaction has added to them and not inserted yet.
 */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { ALL, type StreamName } from "../../../event.ts";
import { describedStream, metadataStream } from "../../../retention/window.ts";
import { upTo } from "../../../up-to.ts";
import type { Lifecycle } from "../../appending/facts.ts";
import type { StreamMark } from "../../appending/marks.ts";
import { Contradiction, present } from "../failures.ts";
import { SPAN_ENTRIES_MAX } from "../spans.ts";
import * as sql from "../statements.ts";
import { prepareRows, type Rows, type StreamRow } from "./rows.ts";

/**
 * A stream's number and last version. Its newest entries may not be inserted yet: those of events
 * `spanFrom` to `spanTo`, which lie next to each other; -1 if there are none.
 */
export type Stream = {
	readonly id: number;
	last: number;
	spanFrom: number;
	spanTo: number;
	/** The position of the newest event of its metadata stream; null if there is none. */
	metadata: number | null;
	isGone: boolean;
	/** Kept by the appender, and forgotten with every change of metadata. */
	lifecycle: Lifecycle | undefined;
};

/** Some 3 MB of names; a stream that was pushed out costs one look-up to come back. */
const STREAMS_KEPT_MAX = 20_000;
/** `$all` is no row of `streams`, and has marks all the same. */
const ALL_ID = 0;
/** No key of a place is lower. */
const ANY_KEY = Number.MIN_SAFE_INTEGER;

export class Streams {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #rows: Rows;
	readonly #end: () => number;
	readonly #kept = new LRUCache<string, Stream>(upTo(STREAMS_KEPT_MAX));
	/** The streams that grew in this transaction; what they know is not all in the database yet. */
	readonly grown = new Map<StreamName, Stream>();
	/** The streams whose marks this transaction changed. */
	readonly marked = new Set<StreamName>();
	/** The last question and its answer: an append asks several times for one stream. */
	#askedName: string | undefined;
	#asked: Stream | undefined;
	/** Whether there is any metadata at all: most logs have none, and spare the look-ups. */
	#hasMetadata = false;

	/** @param end how many events there are, with those of the transaction */
	constructor(database: Database.Database, end: () => number) {
		this.#end = end;
		this.#statements = prepare(database);
		this.#rows = prepareRows(database);
	}

	/**
	 * A stream that grew in this transaction must not be looked up: its entries may still be missing.
	 */
	find(name: string): Stream | undefined {
		if (this.#askedName !== name) {
			this.#asked = this.#look(name);
			this.#askedName = name;
		}
		return this.#asked;
	}

	#look(name: string): Stream | undefined {
		const kept = this.#kept.get(name) ?? this.grown.get(name as StreamName);
		if (kept) return kept;
		// Where this transaction wrote its metadata, the entries of that may be missing still.
		const isDescribed = this.#hasMetadata && this.grown.has(metadataStream(name as StreamName));
		const found = this.#rows[isDescribed ? "findUnproven" : "find"](name);
		if (!found) return undefined;
		// What the log has lost at its end must not be given away once more.
		if (Number(found.newest) >= this.#end()) {
			throw new Contradiction(`the log ends before position ${found.newest} of the stream`);
		}
		this.#refuseTaken(found.id, found.last + 1);
		return this.#keep(name, streamOf(found));
	}

	hasMetadata(): boolean {
		return this.#hasMetadata;
	}

	/** The metadata stream of `name`, if it has one. */
	findMetadata(name: StreamName): Stream | undefined {
		return this.#hasMetadata ? this.find(metadataStream(name)) : undefined;
	}

	findOrCreate(name: StreamName): Stream {
		const found = this.find(name);
		if (found) return found;
		const id = Number(this.#statements.insertStream.run(name).lastInsertRowid);
		this.#refuseTaken(id, ANY_KEY);
		this.#hasMetadata ||= describedStream(name) !== undefined;
		const stream = this.#keep(name, streamOf({ id, last: -1, metadata: null, tombstone: null }));
		const metadata = this.findMetadata(name);
		if (metadata) this.#markMetadata(stream, this.positionAt(metadata, metadata.last));
		return stream;
	}

	/** Gives the event at `position` the next version of the stream. */
	enter(name: StreamName, stream: Stream, position: number): void {
		const { spanFrom, spanTo } = stream;
		const isFull = position - spanFrom === SPAN_ENTRIES_MAX;
		if (spanTo !== position - 1 || spanFrom < 0 || isFull) {
			if (spanFrom < 0) this.grown.set(name, stream);
			this.#insertSpan(stream);
			stream.spanFrom = position;
		}
		stream.spanTo = position;
		stream.last++;
	}

	/** Notes what the event at `position` changes of a stream. */
	mark({ stream: name, kind }: StreamMark, position: number): void {
		this.marked.add(name);
		if (kind === "metadata") this.#describe(name, position);
		else if (kind === "tombstone") this.#bury(name, position);
		else this.#markLink(name, position);
	}

	positionAt(stream: Stream, version: number): number {
		this.insertSpans();
		const position = this.#statements.positionAt.get({ stream: stream.id, version });
		return present(position, "an entry of the stream") as number;
	}

	insertSpans(): void {
		for (const stream of this.grown.values()) this.#insertSpan(stream);
	}

	/** The transaction is over, one way or the other. */
	settle(): void {
		this.grown.clear();
		this.marked.clear();
	}

	/** Forgets what it knew: the transaction was undone. */
	reset(): void {
		this.#kept.clear();
		this.#askedName = undefined;
		this.settle();
		this.#hasMetadata = this.#statements.hasMetadata.get() === 1;
	}

	/**
	 * Numbers follow from the rows that are there. If places exist although their number seems free,
	 * some rows are lost.
	 */
	#refuseTaken(id: number, key: number): void {
		if (this.#statements.hasPlaces.get(id, key) === 0) return;
		throw new Contradiction(`places of the stream ${id} exist, and seem to be free`);
	}

	#insertSpan(stream: Stream): void {
		const { insertPlace, insertSpan } = this.#statements;
		const { id, last, spanFrom, spanTo } = stream;
		if (spanFrom < 0) return;
		if (spanFrom === spanTo) insertPlace.run(id, last, spanTo);
		else insertSpan.run(id, last, spanTo, spanTo - spanFrom);
		stream.spanFrom = -1;
	}

	/** Metadata may be there before the stream is. */
	#describe(described: StreamName, position: number): void {
		if (described === ALL) this.#statements.markMetadata.run(ALL_ID, position);
		const stream = this.find(described);
		if (stream) this.#markMetadata(stream, position);
	}

	#bury(name: StreamName, position: number): void {
		const stream = this.findOrCreate(name);
		this.#statements.markTombstone.run(stream.id, position);
		stream.isGone = true;
		stream.lifecycle = undefined;
	}

	#markLink(name: StreamName, position: number): void {
		this.#statements.markLink.run(this.findOrCreate(name).id, position);
		this.#statements.markLink.run(ALL_ID, position);
	}

	#markMetadata(stream: Stream, position: number): void {
		this.#statements.markMetadata.run(stream.id, position);
		stream.metadata = position;
		stream.lifecycle = undefined;
	}

	#keep(name: string, stream: Stream): Stream {
		this.#kept.set(name, stream);
		this.#askedName = name;
		this.#asked = stream;
		return stream;
	}
}

/** Written out: a spread here costs as much as the look-up, for every stream that is met. */
function streamOf({
	id,
	last,
	metadata,
	tombstone,
}: Omit<StreamRow, "newest" | "link" | "scavenged">): Stream {
	return {
		id,
		last,
		spanFrom: -1,
		spanTo: -1,
		metadata,
		isGone: tombstone !== null,
		lifecycle: undefined,
	};
}

function prepare(database: Database.Database) {
	return {
		insertStream: database.prepare(sql.INSERT_STREAM),
		insertPlace: database.prepare(sql.INSERT_PLACE),
		insertSpan: database.prepare(sql.INSERT_SPAN),
		hasPlaces: database.prepare(sql.SELECT_HAS_PLACES).pluck(),
		positionAt: database.prepare(sql.SELECT_POSITION_AT).pluck(),
		hasMetadata: database.prepare(sql.SELECT_HAS_METADATA).pluck(),
		markMetadata: database.prepare(sql.MARK_METADATA),
		markTombstone: database.prepare(sql.MARK_TOMBSTONE),
		markLink: database.prepare(sql.MARK_LINK),
	};
}
