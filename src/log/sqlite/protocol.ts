/**
 * The messages between the log's thread and the writer's thread.
 *
 * A batch is the appends of one message; the writer takes all that have come into one commit, and
 * answers them by one message. Messages are flat, since each object, key and Map entry is
 * serialised and read again. The appends travel as one block of bytes
 * that changes owner instead of being copied again; only texts stay texts:
 *
 *     write:  expected  kind  events
 *             8, float  1     4
 *     event:  data length  metadata length  type  flags  id  id's key  digests  data  metadata
 *             4            4                4     1      16  6         64
 *
 * (little-endian; a delete is a write of another kind, without events; `type` is the index of its
 * text). Copying out of the client's Buffers is needed once: those are windows on pools that must
 * not change owner. The digests of data and metadata, and the keys of the ids, are made on this
 * side, as the writer's thread is the one that all appends wait for.
 */
import { DIGESTS_BYTES, writeDigests } from "../../../feeds/proof/leaf.ts";
import type { Refusals, Word } from "../../errors.ts";
import type { ExpectedVersion, StreamName, Version } from "../../event.ts";
import { FLAG_JSON } from "../appending/flags.ts";
import type { Append, Appended, Commit, Deletion } from "../log.ts";
import type { MovedSpan } from "../moving/moves.ts";
import { ID_KEY_BYTES, idKeyAt, idKeyText } from "./ids/keys.ts";

/** A write that waits for the writer. */
export type Write = Append | Deletion;

export type Batch = {
	/** The time by the log's clock. */
	readonly now: number;
	/** Whether no other batch may share its commit. */
	readonly isAlone: boolean;
	/** The stream of each write. */
	readonly streams: readonly StreamName[];
	/** The types of the events, each once. */
	readonly types: readonly string[];
	readonly bytes: ArrayBuffer;
};

/** The one write of a transaction: it is written or undone as a whole. It is cloned, not packed. */
export type SpanBatch = { readonly span: MovedSpan };

export type WriterMessage = Batch | SpanBatch | "close";

export type Kind = (typeof KINDS)[number];

/** A write as the writer sees it: its events are windows on the batch's bytes. */
export type PackedWrite = {
	readonly kind: Kind;
	readonly stream: StreamName;
	readonly expected: ExpectedVersion;
	readonly count: number;
	readonly events: readonly PackedEvent[];
};

export type PackedEvent = {
	readonly id: Uint8Array;
	/** See `ids/keys.ts`. */
	readonly idKey: number;
	readonly type: string;
	readonly flags: number;
	/** SHA-256 of data, and of metadata. */
	readonly digests: Uint8Array;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/** The writer's answer to the batches of one commit. */
export type Answers = {
	/** Of each write: first version, position, and 1 if it was a repeat. */
	readonly appended: Float64Array;
	/** By the index of the write, through all batches: why it was not written. */
	readonly denied: ReadonlyMap<number, Denied>;
	/**
	 * The last position of the log, and the streams the commit grew, side by side with their last
	 * versions.
	 */
	readonly last: number;
	readonly grown: readonly StreamName[];
	readonly lastVersions: Float64Array;
	/** As in `Commit`. */
	readonly marked: readonly StreamName[];
	/** Milliseconds of the transaction, and of the commit at its end; 0 if there was none. */
	readonly commitMs: number;
	readonly syncMs: number;
};

/**
 * The first message of the writer, unless it stops at once: the last position of the log, -1 if
 * it is empty.
 */
export type Ready = { readonly last: number };

/** The last message of a writer that cannot go on. It never answers the batches in flight. */
export type Stopped = { readonly stopped: string };

export type Answer = Appended | Denied;

export type Denied =
	| { readonly word: Word; readonly facts: Refusals[Word] }
	/** The disk or SQLite failed, in words; nothing of the batch was written. */
	| { readonly fault: string };

/** What an event of a span takes besides its content and its names. */
const MOVED_BYTES = 256;

const KINDS = ["append", "soft-delete", "hard-delete"] as const;
const WRITE_BYTES = 8 + 1 + 4;
const KIND_AT = 8;
const COUNT_AT = 9;
const TYPE_AT = 8;
const FLAGS_AT = 12;
const ID_AT = 13;
const ID_KEY_AT = ID_AT + 16;
const DIGESTS_AT = ID_KEY_AT + ID_KEY_BYTES;
const EVENT_BYTES = DIGESTS_AT + DIGESTS_BYTES;

/** The words among the expected versions, as numbers no version can be. */
const EXPECTED_WORDS = new Map<ExpectedVersion, number>([
	["no-stream", -1],
	["any", -2],
	["stream-exists", -4],
]);
const EXPECTED_NUMBERS = new Map([...EXPECTED_WORDS].map(([word, number]) => [number, word]));

/** Bytes a write takes in a batch. */
export function packedBytes(write: Write): number {
	const events = eventsOf(write);
	let bytes = WRITE_BYTES + events.length * EVENT_BYTES;
	for (const event of events) bytes += event.data.length + event.metadata.length;
	return bytes;
}

/** Bytes of data and metadata, of a write that takes `packed` bytes in a batch, or of a span. */
export function contentBytes(write: Write | MovedSpan, packed: number): number {
	if (!isSpan(write)) return packed - WRITE_BYTES - eventsOf(write).length * EVENT_BYTES;
	let bytes = 0;
	for (const { data, metadata } of write.events) bytes += data.length + metadata.length;
	return bytes;
}

export function isSpan(write: Write | MovedSpan): write is MovedSpan {
	return "root" in write;
}

/** About the bytes that a span takes in the memory of both threads. */
export function spanBytes({ events }: MovedSpan): number {
	let bytes = 0;
	for (const { data, metadata, stream, type } of events) {
		bytes += MOVED_BYTES + data.length + metadata.length + stream.length + type.length;
	}
	return bytes;
}

type BatchFacts = Pick<Batch, "now" | "isAlone">;

/** @param bytes the sum of `packedBytes` */
export function pack(writes: readonly Write[], bytes: number, facts: BatchFacts): Batch {
	const block = Buffer.from(new ArrayBuffer(bytes));
	const types = new Map<string, number>();
	let offset = 0;
	for (const write of writes) {
		const { expected } = write;
		const events = eventsOf(write);
		block.writeDoubleLE(EXPECTED_WORDS.get(expected) ?? (expected as Version), offset);
		block[offset + KIND_AT] = KINDS.indexOf(kindOf(write));
		block.writeUInt32LE(events.length, offset + COUNT_AT);
		offset += WRITE_BYTES;
		for (const { id, type, isJson, data, metadata } of events) {
			let typeIndex = types.get(type);
			if (typeIndex === undefined) {
				typeIndex = types.size;
				types.set(type, typeIndex);
			}
			block.writeUInt32LE(data.length, offset);
			block.writeUInt32LE(metadata.length, offset + 4);
			block.writeUInt32LE(typeIndex, offset + TYPE_AT);
			block[offset + FLAGS_AT] = isJson ? FLAG_JSON : 0;
			block.write(id.replaceAll("-", ""), offset + ID_AT, 16, "hex");
			const idBytes = block.subarray(offset + ID_AT, offset + ID_KEY_AT);
			block.write(idKeyText(idBytes), offset + ID_KEY_AT, "latin1");
			writeDigests(block, offset + DIGESTS_AT, data, metadata);
			offset += EVENT_BYTES;
			block.set(data, offset);
			block.set(metadata, offset + data.length);
			offset += data.length + metadata.length;
		}
	}
	return {
		...facts,
		streams: writes.map((write) => write.stream),
		types: [...types.keys()],
		bytes: block.buffer as ArrayBuffer,
	};
}

export function unpack({ streams, types, bytes }: Batch): PackedWrite[] {
	const block = Buffer.from(bytes);
	let offset = 0;
	return streams.map((stream) => {
		const number = block.readDoubleLE(offset);
		const kind = KINDS[block[offset + KIND_AT] as number] as Kind;
		const count = block.readUInt32LE(offset + COUNT_AT);
		offset += WRITE_BYTES;
		const events: PackedEvent[] = [];
		for (let index = 0; index < count; index++) {
			const data = offset + EVENT_BYTES;
			const metadata = data + block.readUInt32LE(offset);
			const end = metadata + block.readUInt32LE(offset + 4);
			events.push({
				id: block.subarray(offset + ID_AT, offset + ID_KEY_AT),
				idKey: idKeyAt(block, offset + ID_KEY_AT),
				digests: block.subarray(offset + DIGESTS_AT, data),
				type: types[block.readUInt32LE(offset + TYPE_AT)] as string,
				flags: block[offset + FLAGS_AT] as number,
				data: block.subarray(data, metadata),
				metadata: block.subarray(metadata, end),
			});
			offset = end;
		}
		return { kind, stream, expected: EXPECTED_NUMBERS.get(number) ?? number, count, events };
	});
}

function eventsOf(write: Write): Append["events"] {
	return "events" in write ? write.events : [];
}

function kindOf(write: Write): Kind {
	if ("events" in write) return "append";
	return write.hard ? "hard-delete" : "soft-delete";
}

type Committed = {
	readonly last: number;
	readonly grown: ReadonlyMap<StreamName, { readonly last: number }>;
	readonly marked: ReadonlySet<StreamName>;
	readonly commitMs: number;
	readonly syncMs: number;
};

/** Writes down the answers to a batch, and what its commit changed. */
export function packAnswers(
	answers: readonly Answer[],
	{ last, grown, marked, commitMs, syncMs }: Committed,
): Answers {
	const appended = new Float64Array(answers.length * 3);
	const denied = new Map<number, Denied>();
	for (const [index, answer] of answers.entries()) {
		if ("first" in answer) {
			appended.set([answer.first, answer.position, answer.repeated ? 1 : 0], index * 3);
		} else denied.set(index, answer);
	}
	const lastVersions = Float64Array.from(grown.values(), (stream) => stream.last);
	return {
		appended,
		denied,
		last,
		grown: [...grown.keys()],
		lastVersions,
		marked: [...marked],
		commitMs,
		syncMs,
	};
}

/** How many writes are answered. */
export function answerCount({ appended }: Answers): number {
	return appended.length / 3;
}

/** The answer to the write `index` of the commit. */
export function answerAt({ appended, denied }: Answers, index: number): Answer {
	return (
		denied.get(index) ?? {
			first: appended[index * 3] as number,
			position: appended[index * 3 + 1] as number,
			repeated: appended[index * 3 + 2] === 1,
		}
	);
}

/** The damage that stopped a transaction is the answer to all its writes. */
export function hasMetDamage({ denied }: Answers): boolean {
	const first = denied.get(0);
	return first !== undefined && "word" in first && first.word === "log-damaged";
}

export function commitOf({ last, grown, lastVersions, marked }: Answers): Commit {
	return {
		last,
		marked,
		streams: new Map(grown.map((name, index) => [name, lastVersions[index] as Version])),
	};
}
