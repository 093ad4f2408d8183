/**
 * The one connection that writes. It takes a batch of appends, decides each by itself, and commits
 * them in one transaction with one fsync.
 *
 * An append that is refused is refused before it has inserted anything, so the others stand.
 * Anything else that goes wrong undoes the whole transaction, and every append in it: even its
 * refusals may rest on an append that is now undone. A sync that failed is the end of it all: what
 * the disk holds is not known any more, and only a new start can find out (decision 42).
 */
import type Database from "better-sqlite3";
import { HASH_BYTES } from "../../../feeds/proof/hash.ts";
import { DIGESTS_BYTES, hashOfDigested, writeDigests } from "../../../feeds/proof/leaf.ts";
import { isRefusal, Refusal } from "../../errors.ts";
import type { NewEvent, StreamName } from "../../event.ts";
import { isDeletable, isWritable, streamsJoined } from "../../indexes/joins.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import { parseMetadata } from "../../retention/metadata.ts";
import { describedStream, effectiveMetadata, metadataStream } from "../../retention/window.ts";
import { type Newest, revival, softDeletion, tombstone } from "../deletion.ts";
import { type Facts, type Fate, judge, judgeDelete } from "../expectation.ts";
import { Contradiction, failureOf, isSyncFailure, present } from "./failures.ts";
import { FLAG_JSON, FLAG_REVIVAL, FLAG_TOMBSTONE } from "./flags.ts";
import {
	type Answer,
	type Answers,
	type Batch,
	type PackedEvent,
	type PackedWrite,
	packAnswers,
	unpack,
} from "./protocol.ts";
import * as sql from "./statements.ts";
import { Streams } from "./streams/streams.ts";
import { Tree } from "./tree/tree.ts";

const AN_EVENT = "an event of the stream";

export class Appender {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #streams: Streams;
	readonly #tree: Tree;
	/** Of the event that is being inserted: SQLite copies it. */
	readonly #hash = Buffer.alloc(HASH_BYTES);
	#next = 0;
	#created = 0;
	#now = 0;

	/**
	 * @param database open for writing and migrated
	 * @throws where the end of the log, or what else an append builds upon, cannot be read
	 */
	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#streams = new Streams(database, () => this.#next);
		this.#tree = new Tree(database);
		this.#reset();
	}

	/**
	 * Answers each write of the batch. What it answers as written is on disk.
	 * @throws where a sync failed, or undoing did: nothing may be committed after that
	 */
	commit(batch: Batch): Answers {
		const writes = unpack(batch);
		const { grown, marked } = this.#streams;
		try {
			this.#statements.begin.run();
			this.#now = batch.now;
			const answers = writes.map((write) => this.#answer(write));
			this.#streams.insertRuns();
			// Where all were refused or repeated there is nothing to sync.
			this.#statements[grown.size > 0 ? "commit" : "rollback"].run();
			return packAnswers(answers, { last: this.#next - 1, grown, marked });
		} catch (error) {
			if (isSyncFailure(error)) throw error;
			const failure = failureOf(error, this.#database.name);
			this.#undo();
			return packAnswers(
				writes.map(() => failure),
				{ last: this.#next - 1, grown, marked },
			);
		} finally {
			this.#streams.settle();
		}
	}

	#answer(write: PackedWrite): Answer {
		try {
			return write.kind === "append" ? this.#append(write) : this.#delete(write);
		} catch (error) {
			if (isRefusal(error)) return { word: error.word, facts: error.facts };
			throw error;
		}
	}

	#append(append: PackedWrite): Answer {
		const { stream } = append;
		if (!isWritable(stream)) throw new Refusal("stream-not-writable", { stream });
		const judgement = judge(append, this.#factsFor(append));
		if (judgement.write) return this.#appendAndRevive(append);
		const position = this.#positionAt(stream, judgement.final);
		return { first: judgement.first, position, repeated: true };
	}

	/**
	 * Appends, and brings back the stream that was deleted softly, by its events or by its metadata.
	 */
	#appendAndRevive({ stream: name, events }: PackedWrite): Answer {
		// Without metadata nothing is deleted softly: the usual log takes the short way.
		if (!this.#streams.hasMetadata() && describedStream(name) === undefined) {
			return { first: this.#write(name, events), position: this.#next - 1, repeated: false };
		}
		const described = describedStream(name);
		const revives = this.#fateOf(name) === "soft-deleted";
		const undeletes = described !== undefined && this.#fateOf(described) === "soft-deleted";
		if (revives) {
			const first = this.#lastOf(name) + 1;
			this.#write(metadataStream(name), [packed(revival(name, this.#newestOf(name), first))]);
		}
		const first = this.#write(name, events, revives ? FLAG_REVIVAL : 0);
		const position = this.#next - 1;
		if (undeletes && this.#fateOf(described) === "live") {
			const shown = this.#lastOf(described) + 1;
			this.#write(name, [packed(revival(described, this.#newestOf(described), shown))]);
		}
		return { first, position, repeated: false };
	}

	#delete(deletion: PackedWrite): Answer {
		const { stream, kind } = deletion;
		if (!isDeletable(stream)) throw new Refusal("stream-not-writable", { stream });
		judgeDelete(deletion, this.#factsFor(deletion));
		const first = kind === "hard-delete" ? this.#bury(stream) : this.#hide(stream);
		return { first, position: this.#next - 1, repeated: false };
	}

	#hide(stream: StreamName): number {
		return this.#write(metadataStream(stream), [
			packed(softDeletion(stream, this.#newestOf(stream))),
		]);
	}

	#bury(name: StreamName): number {
		const event = packed(tombstone(name, this.#lastOf(name) + 1));
		const version = this.#write(name, [event], FLAG_TOMBSTONE);
		this.#streams.bury(name, this.#next - 1);
		return version;
	}

	/**
	 * Inserts events at the end of a stream, without asking.
	 * @param firstFlags of the first of them, besides its own
	 * @returns the version of the first
	 */
	#write(name: StreamName, events: readonly PackedEvent[], firstFlags = 0): number {
		const { insertEvent } = this.#statements;
		const streams = this.#streams;
		const stream = streams.findOrCreate(name);
		const first = stream.last + 1;
		this.#created = Math.max(this.#created, this.#now);
		const created = this.#created;
		for (const { id, type, flags: own, digests, data, metadata } of events) {
			const position = this.#next++;
			const version = stream.last + 1;
			const flags = version === first ? own | firstFlags : own;
			const head = { position, created, version, id, flags, stream: name, type };
			const hash = hashOfDigested(head, digests, this.#hash);
			const { id: of } = stream;
			insertEvent.run(position, of, version, id, type, created, flags, hash, data, metadata);
			this.#tree.add(hash);
			streams.enter(name, stream, position);
			for (const joined of streamsJoined({ stream: name, version, type, metadata })) {
				streams.enter(joined, streams.findOrCreate(joined), position);
			}
			if (type === LINK_TYPE) streams.markLink(name, stream, position);
		}
		const described = describedStream(name);
		if (described !== undefined) streams.describe(described, this.#next - 1);
		return first;
	}

	#factsFor({ stream: name, events }: PackedWrite): Facts {
		const { versionOfId, isAt, flagsAt } = this.#statements;
		const stream = this.#streams.find(name);
		const idOf = (index: number) => events[index]?.id as Uint8Array;
		return {
			fate: () => this.#fateOf(name),
			last: () => stream?.last ?? -1,
			metadataLast: () => this.#streams.findMetadata(name)?.last ?? -1,
			versionOf: (index) => versionOfId.get(stream?.id, idOf(index)) as number | undefined,
			isAt: (index, version) => {
				this.#streams.insertRuns();
				return present(isAt.get(idOf(index), stream?.id, version), AN_EVENT) === 1;
			},
			isRevival: (version) => {
				this.#streams.insertRuns();
				const flags = present(flagsAt.get(stream?.id, version), AN_EVENT) as number;
				return (flags & FLAG_REVIVAL) !== 0;
			},
		};
	}

	#fateOf(name: StreamName): Fate {
		const described = describedStream(name);
		if (described !== undefined) {
			return this.#streams.find(described)?.isGone ? "hard-deleted" : "live";
		}
		const stream = this.#streams.find(name);
		if (stream?.fate) return stream.fate;
		const fate = stream?.isGone ? "hard-deleted" : this.#fateByMetadata(name);
		if (stream) stream.fate = fate;
		return fate;
	}

	#fateByMetadata(name: StreamName): Fate {
		const { data } = this.#newestOf(name);
		const metadata = effectiveMetadata(name, data && parseMetadata(data));
		return metadata.isDeleted ? "soft-deleted" : "live";
	}

	#newestOf(name: StreamName): Newest {
		const metadata = this.#streams.findMetadata(name);
		if (!metadata) return { last: -1, data: undefined };
		const at = this.#streams.find(name)?.metadata;
		const position = at ?? this.#streams.positionAt(metadata, metadata.last);
		const data = present(this.#statements.dataAt.get(position), "metadata") as Buffer;
		return { last: metadata.last, data };
	}

	#lastOf(name: StreamName): number {
		return this.#streams.find(name)?.last ?? -1;
	}

	#positionAt(name: StreamName, version: number): number {
		return this.#streams.positionAt(this.#streams.findOrCreate(name), version);
	}

	#undo(): void {
		// SQLite undoes some failures itself, a full disk among them.
		if (this.#database.inTransaction) this.#statements.rollback.run();
		this.#reset();
	}

	/** Learns the end of the log from the file, and forgets what it knew. */
	#reset(): void {
		const [end, before] = this.#statements.lastTwo.all() as { position: number; created: number }[];
		// A page that is torn may read as one of rows without numbers.
		if ((before?.position ?? -1) + 1 !== (end?.position ?? 0)) {
			throw new Contradiction("the newest events do not lie one behind the other");
		}
		this.#next = (end?.position ?? -1) + 1;
		this.#created = end?.created ?? 0;
		this.#streams.reset();
		this.#tree.reset(this.#next);
	}
}

function packed({ id, type, isJson, data, metadata }: NewEvent): PackedEvent {
	const digests = Buffer.allocUnsafe(DIGESTS_BYTES);
	writeDigests(digests, 0, data, metadata);
	const flags = isJson ? FLAG_JSON : 0;
	return { id: Buffer.from(id.replaceAll("-", ""), "hex"), type, flags, digests, data, metadata };
}

function prepare(database: Database.Database) {
	return {
		begin: database.prepare(sql.BEGIN_WRITE),
		commit: database.prepare(sql.COMMIT),
		rollback: database.prepare(sql.ROLLBACK),
		lastTwo: database.prepare(sql.SELECT_LAST_TWO),
		insertEvent: database.prepare(sql.INSERT_EVENT),
		versionOfId: database.prepare(sql.SELECT_VERSION_OF_ID).pluck(),
		isAt: database.prepare(sql.SELECT_IS_AT).pluck(),
		flagsAt: database.prepare(sql.SELECT_FLAGS_AT).pluck(),
		dataAt: database.prepare(sql.SELECT_DATA_AT).pluck(),
	};
}
