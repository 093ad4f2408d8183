/**
 * A leaf of the tree: all of an event, with SHA-256 digests in place of data and metadata.
 *
 *     format  stream      type        position  version  created  id  flags  data    metadata
 *     1 (=1)  2 + length  2 + length  8         8        8        16  1      digest  digest
 *
 * `stream` and `type` are UTF-8, after their length; numbers are big-endian; `created` is in
 * milliseconds since 1970. No two events have the same bytes. Because digests replace the content,
 * a leaf has at most about 2 KiB, and can still be checked after the content is erased.
 */
import { HASH_BYTES, LEAF_PREFIX, sha256, sha256Text } from "./hash.ts";

export type LeafHead = {
	readonly position: number;
	/** Milliseconds since 1970. */
	readonly created: number;
	readonly version: number;
	/** 16 bytes. */
	readonly id: Uint8Array;
	/** The sum of `LEAF_FLAGS`; other bits are left out. */
	readonly flags: number;
	readonly stream: string;
	readonly type: string;
};

export type Leaf = LeafHead & {
	/** SHA-256 of the event's data, and of its metadata. */
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
};

/** The facts of an event that its append fixes. */
export const LEAF_FLAGS = {
	/** Data is JSON (if data is empty: metadata is). */
	json: 1,
	/** The event that deleted its stream for ever. */
	tombstone: 2,
	/** The event that brought its stream back after a soft delete. */
	revival: 4,
} as const;

const FORMAT = 1;
const FLAGS_KEPT = LEAF_FLAGS.json | LEAF_FLAGS.tombstone | LEAF_FLAGS.revival;
const STREAM_AT = 1;
/** Behind the type: */
const VERSION_AT = 8;
const CREATED_AT = 16;
const ID_AT = 24;
const FLAGS_AT = 40;
const DATA_AT = 41;
const METADATA_AT = DATA_AT + HASH_BYTES;
/** The bytes of both digests. */
export const DIGESTS_BYTES = 2 * HASH_BYTES;
const REST_BYTES = DATA_AT + DIGESTS_BYTES;
const TEXT_BYTES_MAX = 0xffff;
const LEAF_BYTES_MAX = STREAM_AT + 2 * (2 + TEXT_BYTES_MAX) + REST_BYTES;

const NO_BYTES_DIGEST = sha256(new Uint8Array(0));

/** The prefix of the hash, then the leaf. All calls share it, because none of them waits. */
const scratch = Buffer.alloc(1 + LEAF_BYTES_MAX);
scratch[0] = LEAF_PREFIX;
scratch[1] = FORMAT;
const numbers = new DataView(scratch.buffer, scratch.byteOffset);

/** The texts that are in `scratch`; the events of a batch often share them. */
const written = { stream: "", type: "", end: 0, hashed: scratch };

/**
 * The leaf hash of an event. Every append computes it, so it makes as few objects as it can.
 * @param data, metadata the bytes themselves
 * @param into receives the hash
 */
export function hashOfEvent(
	head: LeafHead,
	data: Uint8Array,
	metadata: Uint8Array,
	into: Buffer = Buffer.allocUnsafe(HASH_BYTES),
): Buffer {
	const at = writeHead(head);
	writeDigests(scratch, at + DATA_AT, data, metadata);
	return hashWritten(into);
}

/**
 * The same, if the content was digested before.
 * @param digests what `writeDigests` wrote
 */
export function hashOfDigested(
	head: LeafHead,
	digests: Uint8Array,
	into: Buffer = Buffer.allocUnsafe(HASH_BYTES),
): Buffer {
	scratch.set(digests, writeHead(head) + DATA_AT);
	return hashWritten(into);
}

/** Writes the digests of an event's content, `DIGESTS_BYTES` long: data's and metadata's. */
export function writeDigests(
	into: Buffer,
	at: number,
	data: Uint8Array,
	metadata: Uint8Array,
): void {
	writeDigest(into, at, data);
	writeDigest(into, at + HASH_BYTES, metadata);
}

export function encodeLeaf(leaf: Leaf): Buffer {
	const at = writeHead(leaf);
	scratch.set(leaf.data, at + DATA_AT);
	scratch.set(leaf.metadata, at + METADATA_AT);
	return Buffer.from(scratch.subarray(1, at + REST_BYTES));
}

/** @returns undefined if the bytes are not a leaf */
export function decodeLeaf(bytes: Uint8Array): Leaf | undefined {
	const leaf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (leaf.length < STREAM_AT + 2 || leaf[0] !== FORMAT) return undefined;
	const streamEnd = STREAM_AT + 2 + leaf.readUInt16BE(STREAM_AT);
	if (leaf.length < streamEnd + 2) return undefined;
	const at = streamEnd + 2 + leaf.readUInt16BE(streamEnd);
	if (leaf.length !== at + REST_BYTES) return undefined;
	return {
		stream: leaf.toString("utf8", STREAM_AT + 2, streamEnd),
		type: leaf.toString("utf8", streamEnd + 2, at),
		position: Number(leaf.readBigUInt64BE(at)),
		version: Number(leaf.readBigUInt64BE(at + VERSION_AT)),
		created: Number(leaf.readBigUInt64BE(at + CREATED_AT)),
		id: leaf.subarray(at + ID_AT, at + FLAGS_AT),
		flags: leaf[at + FLAGS_AT] as number,
		data: leaf.subarray(at + DATA_AT, at + METADATA_AT),
		metadata: leaf.subarray(at + METADATA_AT),
	};
}

/** Writes all but the digests. @returns the place in `scratch` after the texts */
function writeHead({ stream, type, position, version, created, id, flags }: LeafHead): number {
	if (stream !== written.stream || type !== written.type || written.end === 0) {
		written.end = writeText(writeText(1 + STREAM_AT, stream), type);
		written.hashed = scratch.subarray(0, written.end + REST_BYTES);
		written.stream = stream;
		written.type = type;
	}
	const at = written.end;
	writeNumber(at, position);
	writeNumber(at + VERSION_AT, version);
	writeNumber(at + CREATED_AT, created);
	scratch.set(id, at + ID_AT);
	scratch[at + FLAGS_AT] = flags & FLAGS_KEPT;
	return at;
}

function writeText(at: number, text: string): number {
	const length = scratch.write(text, at + 2, TEXT_BYTES_MAX, "utf8");
	numbers.setUint16(at, length);
	return at + 2 + length;
}

/** Writes 64 bits as two halves: a BigInt costs twice as much. */
function writeNumber(at: number, value: number): void {
	numbers.setUint32(at, value / 0x1_0000_0000);
	numbers.setUint32(at + 4, value);
}

function hashWritten(into: Buffer): Buffer {
	into.write(sha256Text(written.hashed), 0, HASH_BYTES, "latin1");
	return into;
}

function writeDigest(into: Buffer, at: number, bytes: Uint8Array): void {
	if (bytes.length === 0) into.set(NO_BYTES_DIGEST, at);
	else into.write(sha256Text(bytes), at, HASH_BYTES, "latin1");
}
