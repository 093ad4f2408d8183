/**
 * What the tree holds of an event: all of it, with SHA-256 digests in place of data and metadata.
 *
 *     format  position  created  version  id  flags  stream      type        data    metadata
 *     1 (=1)  8         8        8        16  1      2 + length  2 + length  digest  digest
 *
 * Numbers are big-endian; `created` is in milliseconds since 1970; `stream` and `type` are UTF-8,
 * led by their length. No two events have the same bytes. As digests stand in for the content,
 * a leaf is 2 KiB at most, and can still be checked when the content is erased.
 */
import { HASH_BYTES, LEAF_PREFIX, sha256Text } from "./hash.ts";

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

/** What is known of an event from its append on. */
export const LEAF_FLAGS = {
	/** Data (where it is empty: metadata) is JSON. */
	json: 1,
	/** The event that deleted its stream for ever. */
	tombstone: 2,
	/** The event that brought its stream back after a soft delete. */
	revival: 4,
} as const;

const FORMAT = 1;
const FLAGS_KEPT = LEAF_FLAGS.json | LEAF_FLAGS.tombstone | LEAF_FLAGS.revival;
const POSITION_AT = 1;
const CREATED_AT = 9;
const VERSION_AT = 17;
const ID_AT = 25;
const FLAGS_AT = 41;
const STREAM_AT = 42;
const TEXT_BYTES_MAX = 0xffff;
const LEAF_BYTES_MAX = STREAM_AT + 2 * (2 + TEXT_BYTES_MAX) + 2 * HASH_BYTES;

const NO_BYTES_DIGEST = sha256Text(new Uint8Array(0));

/** One for all calls, as none of them waits: the prefix of its hash, then the leaf. */
const scratch = Buffer.alloc(1 + LEAF_BYTES_MAX);
scratch[0] = LEAF_PREFIX;
const numbers = new DataView(scratch.buffer, scratch.byteOffset + 1);

/**
 * The leaf hash of an event. The appends pay for it, so it makes no object but its result.
 * @param data, metadata the bytes themselves
 */
export function hashOfEvent(head: LeafHead, data: Uint8Array, metadata: Uint8Array): Buffer {
	const end = write(head, digestText(data), digestText(metadata));
	return Buffer.from(sha256Text(scratch.subarray(0, end)), "latin1");
}

/** The bytes of a leaf. */
export function encodeLeaf(leaf: Leaf): Buffer {
	const end = write(leaf, latin1(leaf.data), latin1(leaf.metadata));
	return Buffer.from(scratch.subarray(1, end));
}

/** @returns undefined where the bytes are no leaf */
export function decodeLeaf(bytes: Uint8Array): Leaf | undefined {
	const leaf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	if (leaf.length < STREAM_AT + 2 || leaf[0] !== FORMAT) return undefined;
	const streamEnd = STREAM_AT + 2 + leaf.readUInt16BE(STREAM_AT);
	if (leaf.length < streamEnd + 2) return undefined;
	const typeEnd = streamEnd + 2 + leaf.readUInt16BE(streamEnd);
	if (leaf.length !== typeEnd + 2 * HASH_BYTES) return undefined;
	return {
		position: Number(leaf.readBigUInt64BE(POSITION_AT)),
		created: Number(leaf.readBigUInt64BE(CREATED_AT)),
		version: Number(leaf.readBigUInt64BE(VERSION_AT)),
		id: leaf.subarray(ID_AT, FLAGS_AT),
		flags: leaf[FLAGS_AT] as number,
		stream: leaf.toString("utf8", STREAM_AT + 2, streamEnd),
		type: leaf.toString("utf8", streamEnd + 2, typeEnd),
		data: leaf.subarray(typeEnd, typeEnd + HASH_BYTES),
		metadata: leaf.subarray(typeEnd + HASH_BYTES),
	};
}

function digestText(bytes: Uint8Array): string {
	return bytes.length === 0 ? NO_BYTES_DIGEST : sha256Text(bytes);
}

function latin1(digest: Uint8Array): string {
	return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("latin1");
}

/** Writes a leaf behind its prefix. @returns where it ends */
function write(head: LeafHead, dataDigest: string, metadataDigest: string): number {
	scratch[1] = FORMAT;
	writeNumber(POSITION_AT, head.position);
	writeNumber(CREATED_AT, head.created);
	writeNumber(VERSION_AT, head.version);
	scratch.set(head.id, 1 + ID_AT);
	scratch[1 + FLAGS_AT] = head.flags & FLAGS_KEPT;
	const data = writeText(writeText(1 + STREAM_AT, head.stream), head.type);
	scratch.write(dataDigest, data, HASH_BYTES, "latin1");
	scratch.write(metadataDigest, data + HASH_BYTES, HASH_BYTES, "latin1");
	return data + 2 * HASH_BYTES;
}

/** 64 bits, by halves: half the price of a BigInt. */
function writeNumber(at: number, value: number): void {
	numbers.setUint32(at, value / 0x1_0000_0000);
	numbers.setUint32(at + 4, value);
}

function writeText(at: number, text: string): number {
	const length = scratch.write(text, at + 2, TEXT_BYTES_MAX, "utf8");
	numbers.setUint16(at - 1, length);
	return at + 2 + length;
}
