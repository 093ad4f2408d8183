/**
 * Writes events of another log at the places they have there, in the writer's thread and in a
 * transaction of the appender's. The log has to begin as that one does: the roots of both trees say
 * so, and each event that is there already by its hash.
 */
import type Database from "better-sqlite3";
import { rootOf } from "../../../../feeds/proof/frontier.ts";
import { Refusal } from "../../../errors.ts";
import { describedStream } from "../../../retention/window.ts";
import { FLAG_REDACTED, FLAG_SCAVENGED } from "../../appending/flags.ts";
import { marksOf } from "../../appending/marks.ts";
import type { Appended } from "../../commit.ts";
import type { MovedEvent, MovedSpan } from "../../moving/moves.ts";
import { faultAtPlace, leafFlagsOf, streamsJoinedMoved } from "../../moving/rules.ts";
import type { Hashes } from "../../verify/view.ts";
import { Gaps } from "../erasure/gaps.ts";
import { idKeyOf } from "../ids/keys.ts";
import * as sql from "../statements.ts";
import type { Stream, Streams } from "../streams/streams.ts";
import type { MerkleTree } from "../tree/merkle-tree.ts";
import { frontierOf, prepareHashes } from "../verify/stored/hashes.ts";
import * as moving from "./statements.ts";

/** The end of the log, which the appender and the importer move on. */
export type LogEnd = {
	/** The position of the next event. */
	next: number;
	/** `created` of the last event; 0 if there is none. */
	created: number;
};

const ERASED = { redacted: FLAG_REDACTED, scavenged: FLAG_SCAVENGED };

export class Importer {
	readonly #statements: ReturnType<typeof prepare>;
	readonly #hashes: Hashes;
	readonly #gaps: Gaps;
	readonly #streams: Streams;
	readonly #merkleTree: MerkleTree;
	readonly #end: LogEnd;
	#incarnation = 1;

	constructor(database: Database.Database, streams: Streams, merkleTree: MerkleTree, end: LogEnd) {
		this.#statements = prepare(database);
		this.#hashes = prepareHashes(database);
		this.#gaps = new Gaps(database);
		this.#streams = streams;
		this.#merkleTree = merkleTree;
		this.#end = end;
	}

	/**
	 * @returns how many of the events were there already, as `first`; whether anything changed
	 * @throws Refusal `import-conflict`, `invalid-line`: the transaction has to be undone
	 */
	import({ from, root, incarnation, events }: MovedSpan): Appended {
		this.#incarnation = Number(this.#statements.incarnation.get());
		this.#refuseOtherHistory(from, root);
		const scavenged: number[] = [];
		let known = 0;
		for (const [index, event] of events.entries()) {
			if (event.position < this.#end.next) {
				this.#compare(event);
				known++;
			} else {
				this.#insert(event, index);
				if (event.erased === "scavenged") scavenged.push(event.position);
			}
		}
		this.#gaps.add(scavenged);
		const raises = incarnation > this.#incarnation;
		if (raises) this.#raise(incarnation);
		const repeated = known === events.length && !raises;
		return { first: known, position: this.#end.next - 1, repeated };
	}

	#refuseOtherHistory(from: number, root: Uint8Array): void {
		const { next } = this.#end;
		if (from > next) throw conflict(next, `it has ${next} events, and these begin behind them`);
		const own = rootOf(frontierOf(from, this.#hashes));
		if (Buffer.compare(own, root) === 0) return;
		throw conflict(from, `its events before position ${from} are not those of the source`);
	}

	#compare({ position, hash }: MovedEvent): void {
		const stored = this.#statements.hashAt.get(position) as Uint8Array | undefined;
		if (stored && Buffer.compare(stored, hash) === 0) return;
		throw conflict(position, `its event at position ${position} is another one`);
	}

	#insert(event: MovedEvent, index: number): void {
		const streams = this.#streams;
		const { position, stream: name, version, type, created, erased, digests, incarnation } = event;
		const stream = streams.findOrCreate(name);
		const fault = faultAtPlace(event, {
			last: stream.last,
			created: this.#end.created,
			isGone: stream.isGone || this.#isDescribedGone(event),
			scavenged: erased === "scavenged" ? this.#scavengedOf(stream) : 0,
			incarnation: this.#incarnation,
		});
		if (fault !== undefined) throw new Refusal("invalid-line", { line: index + 1, reason: fault });
		if (incarnation > this.#incarnation) this.#raise(incarnation);
		const flags = leafFlagsOf(event) | (erased === undefined ? 0 : ERASED[erased]);
		const id = Buffer.from(event.id.replaceAll("-", ""), "hex");
		const hash = Buffer.from(event.hash);
		const { insertEvent, insertPlace, insertDigests, markScavenged } = this.#statements;
		const { data, metadata } = event;
		insertEvent.run(position, stream.id, version, id, type, created, flags, hash, data, metadata);
		insertPlace.run(stream.id, idKeyOf(id), position);
		this.#end.next = position + 1;
		this.#end.created = created;
		this.#merkleTree.add(hash);
		streams.enter(name, stream, position);
		for (const joined of streamsJoinedMoved(event)) {
			streams.enter(joined, streams.findOrCreate(joined), position);
		}
		if (digests) insertDigests.run(position, digests.data, digests.metadata);
		if (erased === "scavenged") {
			markScavenged.run(stream.id, version + 1);
			streams.marked.add(name);
		}
		const write = { stream: name, made: undefined, mark: event.mark };
		for (const mark of marksOf(write, [event])) streams.mark(mark, position);
	}

	#isDescribedGone({ stream }: MovedEvent): boolean {
		const described = describedStream(stream);
		return described !== undefined && this.#streams.find(described)?.isGone === true;
	}

	#scavengedOf({ id }: Stream): number {
		return Number(this.#statements.scavengedOf.get(id));
	}

	/** The history begins with the next event, as it did in the source. */
	#raise(incarnation: number): void {
		this.#statements.updateIncarnation.run(incarnation);
		this.#statements.insertHistory.run(incarnation);
		this.#incarnation = incarnation;
	}
}

function conflict(position: number, reason: string): Refusal {
	return new Refusal("import-conflict", { position, reason });
}

function prepare(database: Database.Database) {
	return {
		insertEvent: database.prepare(sql.INSERT_EVENT),
		insertPlace: database.prepare(sql.INSERT_PLACE),
		insertDigests: database.prepare(moving.INSERT_MOVED_DIGESTS),
		markScavenged: database.prepare(sql.MARK_SCAVENGED),
		scavengedOf: database.prepare(moving.SELECT_SCAVENGED_OF).pluck(),
		hashAt: database.prepare(moving.SELECT_HASH_AT).pluck(),
		incarnation: database.prepare(sql.SELECT_INCARNATION).pluck(),
		updateIncarnation: database.prepare(sql.UPDATE_INCARNATION),
		insertHistory: database.prepare(sql.INSERT_HISTORY),
	};
}
