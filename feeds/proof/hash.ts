/**
 * The hashes of RFC 6962 section 2.1: SHA-256, with a first byte that distinguishes a leaf from a
 * node, so that neither can pass for the other.
 */
import { hash } from "node:crypto";

export const HASH_BYTES = 32;

/** The first byte of the hashed bytes. */
export const LEAF_PREFIX = 0x00;
export const NODE_PREFIX = 0x01;

/** Prefix, left, right. All calls share it, because none of them waits. */
const pair = Buffer.alloc(1 + 2 * HASH_BYTES);
pair[0] = NODE_PREFIX;

export function sha256(bytes: Uint8Array): Buffer {
	return Buffer.from(sha256Text(bytes), "latin1");
}

/**
 * The digest as 32 characters below 256. `hash` takes 1.4 µs for 65 bytes if it returns a Buffer,
 * and 0.4 µs if it returns such a text. Copying the text to its place costs next to nothing.
 */
export function sha256Text(bytes: Uint8Array): string {
	return hash("sha256", bytes, "binary");
}

/** The hash of a leaf, from the bytes of the leaf. */
export function leafHash(leaf: Uint8Array): Buffer {
	const bytes = Buffer.allocUnsafe(1 + leaf.length);
	bytes[0] = LEAF_PREFIX;
	bytes.set(leaf, 1);
	return sha256(bytes);
}

/** The hash of the node above two others. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
	pair.set(left, 1);
	pair.set(right, 1 + HASH_BYTES);
	return sha256(pair);
}
