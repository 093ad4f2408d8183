/**
 * The keys by which a stream finds its ids, in the tree that also holds its entries: see
 * `migrations/sqlite/0006-places.sql`.
 *
 * A key has 6 bytes of the SHA-256 hash of the id, and not the 16 of the id, so that more events of
 * a stream share a page. It is a hash because clients choose the ids: nobody can send many ids with
 * one key. Two ids with one key are still two ids, because a look-up compares the ids themselves.
 */
import { sha256Text } from "../../../../feeds/proof/hash.ts";

export const ID_KEY_BYTES = 6;

/** What a key is made of: the first bytes of the hash, as characters below 256. */
export function idKeyText(id: Uint8Array): string {
	return sha256Text(id).slice(0, ID_KEY_BYTES);
}

/** Every key is below 0, so that none of them is a version. */
export function idKeyAt(block: Buffer, offset: number): number {
	return -1 - block.readUIntBE(offset, ID_KEY_BYTES);
}

/** Of all calls, as none of them waits. */
const bytes = Buffer.alloc(ID_KEY_BYTES);

/** @param id 16 bytes */
export function idKeyOf(id: Uint8Array): number {
	bytes.write(idKeyText(id), "latin1");
	return idKeyAt(bytes, 0);
}
