/**
 * Which partition a key belongs to. Server and clients share it, and other languages can have it:
 *
 *     hash       FNV-1a of 32 bits over the bytes of the key in UTF-8, and MurmurHash3's `fmix32`
 *                behind it, so that keys that differ in a digit do not cluster
 *     partition  hash modulo the number of partitions
 *
 *     ""            2872998923   23 of 50
 *     "order-42"     779839703    3 of 50
 *     "customer/ä"   716613778   28 of 50
 */

const encoder = new TextEncoder();
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** @param partitions how many there are, from 1 */
export function partitionOf(key: string, partitions: number): number {
	return keyHash(key) % partitions;
}

/** A whole number of 32 bits, from 0. */
export function keyHash(key: string): number {
	let hash = FNV_OFFSET;
	for (let index = 0; index < key.length; index++) {
		const code = key.charCodeAt(index);
		if (code > 0x7f) return mixed(ofBytes(encoder.encode(key)));
		hash = Math.imul(hash ^ code, FNV_PRIME);
	}
	return mixed(hash);
}

function ofBytes(bytes: Uint8Array): number {
	let hash = FNV_OFFSET;
	for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
	return hash;
}

function mixed(hash: number): number {
	let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
	return (mixed ^ (mixed >>> 16)) >>> 0;
}
