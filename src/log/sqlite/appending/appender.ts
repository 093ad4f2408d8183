/**
 * The one connection that writes. It takes all batches of appends that have come, decides each
 * append by itself, and commits all in one transaction with one fsync.
 *
 * An append that is refused is refused before it has inserted anything, so the others stand.
 * Any other failure undoes the whole transaction, and every append in it: even a refusal may rest
 * on an append that is now undone. After a sync that failed, nobody knows what the disk holds; only
 * a new start can find out (decision 42).
 */
import type Database from "better-sqlite3";
import { HASH_BYTES } from "../../../../feeds/proof/hash.ts";
import { DIGESTS_BYTES, hashOfDigested, writeDigests } from "../../../../feeds/proof/leaf.ts";
import { isRefusal, type Refusal } from "../../../errors.ts";
import type { NewEvent, StreamName } from "../../../event.ts";
import { streamsJoined } from "../../../indexes/joins.ts";
import { carryOut, type InsertedAt, type PlanWriter } from "../../appending/carry-out.ts";
import { FLAG_JSON, FLAG_REVIVAL, FLAG_TOMBSTONE } from "../../appending/flags.ts";
import { type PlannedWrite, planAppend, planDelete } from "../../appending/plan.ts";
import type { MovedSpan } from "../../moving/moves.ts";
import { WriterFacts } from "../facts.ts";
import { Contradiction, failureOf, isSyncFailure } from "../failures.ts";
import { idKeyOf } from "../ids/keys.ts";
import { Importer, type LogEnd } from "../moving/importer.ts";
import {
	type Answer,
	type Answers,
	type Batch,
	type PackedEvent,
	type PackedWrite,
	packAnswers,
	unpack,
} from "../protocol.ts";
import * as sql from "../statements.ts";
import { type Stream, Streams } from "../streams/streams.ts";
import { MerkleTree } from "../tree/merkle-tree.ts";

/** Gives the batches that have come since it was asked last; none ends the transaction. */
export type Coming = () => readonly Batch[];

const FLAGS = { revival: FLAG_REVIVAL, tombstone: FLAG_TOMBSTONE };

export class Appender {
	readonly #database: Database.Database;
	readonly #statements: ReturnType<typeof prepare>;
	readonly #streams: Streams;
	readonly #facts: WriterFacts;
	readonly #merkleTree: MerkleTree;
	readonly #writer: PlanWriter<PackedEvent> = {
		made: packed,
		insert: (write, events) => this.#insert(write, events),
		mark: (mark, position) => this.#streams.mark(mark, position),
		positionAt: (stream, version) =>
			this.#streams.positionAt(this.#streams.findOrCreate(stream), version),
	};
	/** Of the event that is being inserted: SQLite copies it. */
	readonly #hash = Buffer.alloc(HASH_BYTES);
	readonly #end: LogEnd = { next: 0, created: 0 };
	readonly #importer: Importer;
	#now = 0;
	/**
	 * What the last sync took. For so long, those who come while others are inserted still share
	 * their sync: on a slow disk nearly all do, and on a fast one nobody waits to save a short sync.
	 */
	#syncMs = 0;

	/**
	 * @param database open for writing and migrated
	 * @throws if the end of the log, or other rows that an append builds upon, cannot be read
	 */
	constructor(database: Database.Database) {
		this.#database = database;
		this.#statements = prepare(database);
		this.#streams = new Streams(database, () => this.#end.next);
		this.#facts = new WriterFacts(database, this.#streams);
		this.#merkleTree = new MerkleTree(database);
		this.#importer = new Importer(database, this.#streams, this.#merkleTree, this.#end);
		this.#reset();
	}

	/** The last position of the log; -1 if it is empty. */
	get last(): number {
		return this.#end.next - 1;
	}

	/**
	 * Answers each write of the batches. A write that is answered as written is on disk.
	 * @throws if a sync failed, or the rollback did: nothing may be committed after that
	 */
	commit(coming: Coming): Answers {
		const take = () => {
			const batches = coming();
			this.#now = batches.at(-1)?.now ?? this.#now;
			return batches.flatMap(unpack);
		};
		return this.#transact(take, (write) => this.#answer(write));
	}

	/**
	 * Writes events of another log, all or none.
	 * @throws as `commit`
	 */
	import(span: MovedSpan): Answers {
		const spans = [span];
		return this.#transact(
			() => spans.splice(0),
			() => this.#importer.import(span),
		);
	}

	#transact<Write>(coming: () => readonly Write[], answerTo: (write: Write) => Answer): Answers {
		const { grown, marked } = this.#streams;
		const answers: Answer[] = [];
		let taken = 0;
		let hasBegun = false;
		const begunMs = performance.now();
		try {
			this.#statements.begin.run();
			hasBegun = true;
			for (let writes = coming(); writes.length > 0; ) {
				taken += writes.length;
				for (const write of writes) answers.push(answerTo(write));
				const isShort = performance.now() - begunMs < this.#syncMs;
				writes = isShort ? coming() : [];
			}
			this.#streams.insertSpans();
			// If all were refused or repeated, there is nothing to sync.
			const isChanged = grown.size > 0 || answers.some((answer) => !isSettled(answer));
			const insertedMs = performance.now();
			this.#statements[isChanged ? "commit" : "rollback"].run();
			const endedMs = performance.now();
			if (isChanged) this.#syncMs = endedMs - insertedMs;
			return packAnswers(answers, {
				last: this.last,
				grown,
				marked,
				commitMs: endedMs - begunMs,
				syncMs: endedMs - insertedMs,
			});
		} catch (error) {
			if (isSyncFailure(error)) throw error;
			const failure = isRefusal(error) ? deniedBy(error) : failureOf(error, this.#database.name);
			// Who may not even begin, because another program holds a lock, has nothing to undo. Nor do
			// those wait for the lock once more who have come meanwhile.
			if (hasBegun) this.#undo();
			else taken = coming().length;
			return packAnswers(
				Array.from({ length: taken }, () => failure),
				{ last: this.last, grown, marked, commitMs: 0, syncMs: 0 },
			);
		} finally {
			this.#streams.settle();
		}
	}

	#answer(write: PackedWrite): Answer {
		try {
			return this.#carryOut(write);
		} catch (error) {
			if (isRefusal(error)) return deniedBy(error);
			throw error;
		}
	}

	#carryOut(write: PackedWrite): Answer {
		const { kind, stream, expected } = write;
		const facts = this.#facts.for(write);
		const hard = kind === "hard-delete";
		const plan =
			kind === "append" ? planAppend(write, facts) : planDelete({ stream, expected, hard }, facts);
		return carryOut(plan, write, this.#writer);
	}

	#insert({ stream: name, mark }: PlannedWrite, events: readonly PackedEvent[]): InsertedAt {
		const stream = this.#streams.findOrCreate(name);
		const first = { version: stream.last + 1, position: this.#end.next };
		this.#end.created = Math.max(this.#end.created, this.#now);
		let firstFlags = mark === undefined ? 0 : FLAGS[mark];
		for (const event of events) {
			this.#insertEvent(name, stream, event, event.flags | firstFlags);
			firstFlags = 0;
		}
		return first;
	}

	#insertEvent(name: StreamName, stream: Stream, event: PackedEvent, flags: number): void {
		const { id, idKey, type, digests, data, metadata } = event;
		const streams = this.#streams;
		const created = this.#end.created;
		const position = this.#end.next++;
		const version = stream.last + 1;
		const head = { position, created, version, id, flags, stream: name, type };
		const hash = hashOfDigested(head, digests, this.#hash);
		const { insertEvent, insertPlace } = this.#statements;
		insertEvent.run(position, stream.id, version, id, type, created, flags, hash, data, metadata);
		insertPlace.run(stream.id, idKey, position);
		this.#merkleTree.add(hash);
		streams.enter(name, stream, position);
		for (const joined of streamsJoined({ stream: name, version, type, metadata })) {
			streams.enter(joined, streams.findOrCreate(joined), position);
		}
	}

	#undo(): void {
		// SQLite undoes some failures itself, a full disk among them.
		if (this.#database.inTransaction) this.#statements.rollback.run();
		this.#reset();
	}

	/** Learns the end of the log from the file, and forgets what it knew. */
	#reset(): void {
		const [end, before] = this.#statements.lastTwo.all() as { position: number; created: number }[];
		// A torn page may read as one whose rows have no numbers.
		if ((before?.position ?? -1) + 1 !== (end?.position ?? 0)) {
			throw new Contradiction("the newest events do not lie one behind the other");
		}
		this.#end.next = (end?.position ?? -1) + 1;
		this.#end.created = end?.created ?? 0;
		this.#streams.reset();
		this.#merkleTree.reset(this.#end.next);
	}
}

/** Whether there was nothing to write. */
function isSettled(answer: Answer): boolean {
	return !("first" in answer) || answer.repeated;
}

function deniedBy({ word, facts }: Refusal): Answer {
	return { word, facts };
}

function packed({ id, type, isJson, data, metadata }: NewEvent): PackedEvent {
	const digests = Buffer.allocUnsafe(DIGESTS_BYTES);
	writeDigests(digests, 0, data, metadata);
	const flags = isJson ? FLAG_JSON : 0;
	const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
	return { id: bytes, idKey: idKeyOf(bytes), type, flags, digests, data, metadata };
}

function prepare(database: Database.Database) {
	return {
		begin: database.prepare(sql.BEGIN_WRITE),
		commit: database.prepare(sql.COMMIT),
		rollback: database.prepare(sql.ROLLBACK),
		lastTwo: database.prepare(sql.SELECT_LAST_TWO),
		insertEvent: database.prepare(sql.INSERT_EVENT),
		insertPlace: database.prepare(sql.INSERT_PLACE),
	};
}
