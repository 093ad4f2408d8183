/**
 * The one connection that writes. It takes a batch of appends, decides each by itself, and commits
 * them in one transaction with one fsync.
 *
 * An append that is refused is refused before it has inserted anything, so the others stand.
 * Anything else that goes wrong undoes the whole transaction, and every append in it: even its
 * refusals may rest on an append that is now undone.
 */
import type Database from "better-sqlite3";
import { LRUCache } from "lru-cache";
import { isRefusal, Refusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import { isWritable, streamsJoined } from "../../indexes/joins.ts";
import { type Facts, judge } from "../expectation.ts";
import { failureOf } from "./failures.ts";
import {
	type Answer,
	type Answers,
	type Batch,
	type PackedAppend,
	packAnswers,
	unpack,
} from "./protocol.ts";
import * as sql from "./statements.ts";

/**
 * A stream's number and last version. Its newest entries may not be inserted yet: those of events
 * `runFrom` to `runTo`, which lie next to each other; -1 where there are none.
 */
type Stream = { readonly id: number; last: number; runFrom: number; runTo: number };

/** Some 3 MB of names; a stream that was pushed out costs one look-up to come back. */
const STREAMS_KEPT_MAX = 20_000;

export class Appender {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #streams = new LRUCache<string, Stream>({ max: STREAMS_KEPT_MAX });
	/** The streams that grew in this transaction; what they know is not all in the database yet. */
	readonly #grown = new Map<StreamName, Stream>();
	#next = 0;
	#created = 0;
	#now = 0;

	/** @param database open for writing and migrated; the appender closes it */
	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#reset();
	}

	/** Answers each append of the batch. What it answers as written is on disk. */
	commit(batch: Batch): Answers {
		const appends = unpack(batch);
		try {
			this.#statements.begin.run();
			this.#now = batch.now;
			const answers = appends.map((append) => this.#answer(append));
			this.#insertRuns();
			// Where all were refused or repeated there is nothing to sync.
			this.#statements[this.#grown.size > 0 ? "commit" : "rollback"].run();
			return packAnswers(answers, this.#next - 1, this.#grown);
		} catch (error) {
			const failure = failureOf(error, this.#database.name);
			this.#undo();
			return packAnswers(
				appends.map(() => failure),
				this.#next - 1,
				this.#grown,
			);
		} finally {
			this.#grown.clear();
		}
	}

	close(): void {
		this.#database.close();
	}

	#answer(append: PackedAppend): Answer {
		try {
			if (!isWritable(append.stream)) {
				throw new Refusal("stream-not-writable", { stream: append.stream });
			}
			const judgement = judge(append, this.#factsFor(append));
			if (judgement.write) return this.#write(append);
			const position = this.#positionAt(append.stream, judgement.final);
			return { first: judgement.first, position, repeated: true };
		} catch (error) {
			if (isRefusal(error)) return { word: error.word, facts: error.facts };
			throw error;
		}
	}

	#write({ stream: name, events }: PackedAppend): Answer {
		const { insertEvent } = this.#statements;
		const stream = this.#find(name) ?? this.#create(name);
		const first = stream.last + 1;
		this.#created = Math.max(this.#created, this.#now);
		for (const { id, type, flags, data, metadata } of events) {
			const position = this.#next++;
			const version = stream.last + 1;
			insertEvent.run(position, stream.id, version, id, type, this.#created, flags, data, metadata);
			this.#enter(name, stream, position);
			for (const joined of streamsJoined({ stream: name, version, type, metadata })) {
				this.#enter(joined, this.#find(joined) ?? this.#create(joined), position);
			}
		}
		return { first, position: this.#next - 1, repeated: false };
	}

	/** Gives the event at `position` the next version of the stream. */
	#enter(name: StreamName, stream: Stream, position: number): void {
		if (stream.runTo !== position - 1 || stream.runFrom < 0) {
			if (stream.runFrom < 0) this.#grown.set(name, stream);
			this.#insertRun(stream);
			stream.runFrom = position;
		}
		stream.runTo = position;
		stream.last++;
	}

	#insertRuns(): void {
		for (const stream of this.#grown.values()) this.#insertRun(stream);
	}

	#insertRun(stream: Stream): void {
		const { insertEntry, insertRun } = this.#statements;
		const { id, last, runFrom, runTo } = stream;
		if (runFrom < 0) return;
		if (runFrom === runTo) insertEntry.run(id, last, runTo);
		else insertRun.run(id, runTo - last, runFrom, runTo);
		stream.runFrom = -1;
	}

	#factsFor({ stream: name, events }: PackedAppend): Facts {
		const { versionOfId, isAt } = this.#statements;
		const stream = this.#find(name);
		const idOf = (index: number) => events[index]?.id as Uint8Array;
		return {
			last: () => stream?.last ?? -1,
			metadataLast: () => this.#find(`$$${name}`)?.last ?? -1,
			versionOf: (index) => versionOfId.get(stream?.id, idOf(index)) as number | undefined,
			isAt: (index, version) => {
				this.#insertRuns();
				return isAt.get(idOf(index), stream?.id, version) === 1;
			},
		};
	}

	#positionAt(name: StreamName, version: number): number {
		this.#insertRuns();
		return this.#statements.positionAt.get(this.#find(name)?.id, version) as number;
	}

	/**
	 * A stream that grew in this transaction must not be looked up: its entries may still be missing.
	 */
	#find(name: string): Stream | undefined {
		const kept = this.#streams.get(name) ?? this.#grown.get(name as StreamName);
		if (kept) return kept;
		const found = this.#statements.stream.get(name) as { id: number; last: number } | undefined;
		return found && this.#keep(name, found.id, found.last);
	}

	#create(name: string): Stream {
		const { lastInsertRowid } = this.#statements.insertStream.run(name);
		return this.#keep(name, Number(lastInsertRowid), -1);
	}

	#keep(name: string, id: number, last: number): Stream {
		const stream = { id, last, runFrom: -1, runTo: -1 };
		this.#streams.set(name, stream);
		return stream;
	}

	#undo(): void {
		// SQLite undoes some failures itself, a full disk among them.
		if (this.#database.inTransaction) this.#statements.rollback.run();
		this.#reset();
	}

	/** Learns the end of the log from the file, and forgets what it knew. */
	#reset(): void {
		const end = this.#statements.end.get() as { position: number; created: number } | undefined;
		this.#next = (end?.position ?? -1) + 1;
		this.#created = end?.created ?? 0;
		this.#streams.clear();
		this.#grown.clear();
	}
}

function prepare(database: Database.Database) {
	return {
		begin: database.prepare(sql.BEGIN_WRITE),
		commit: database.prepare(sql.COMMIT),
		rollback: database.prepare(sql.ROLLBACK),
		end: database.prepare(sql.SELECT_END),
		stream: database.prepare(sql.SELECT_STREAM),
		insertStream: database.prepare(sql.INSERT_STREAM),
		insertEvent: database.prepare(sql.INSERT_EVENT),
		insertEntry: database.prepare(sql.INSERT_ENTRY),
		insertRun: database.prepare(sql.INSERT_RUN),
		versionOfId: database.prepare(sql.SELECT_VERSION_OF_ID).pluck(),
		positionAt: database.prepare(sql.SELECT_POSITION_AT).pluck(),
		isAt: database.prepare(sql.SELECT_IS_AT).pluck(),
	};
}
