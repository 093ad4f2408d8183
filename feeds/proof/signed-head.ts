/**
 * Signed heads of the log: a signed note with the log's name, the number of its events, and the
 * root of the Merkle tree over them. C2SP calls it a checkpoint (tlog-checkpoint), and so do the
 * public names.
 */
import type { KeyObject } from "node:crypto";
import { ProofError } from "./error.ts";
import { HASH_BYTES } from "./hash.ts";
import { type NoteKey, openNote, signNote } from "./note.ts";

export type Checkpoint = {
	/** The log's name. */
	readonly origin: string;
	/** The number of leaves of the tree. */
	readonly size: number;
	readonly root: Buffer;
};

export function signCheckpoint(
	size: number,
	root: Uint8Array,
	as: NoteKey,
	key: KeyObject,
): string {
	return signNote(`${as.name}\n${size}\n${Buffer.from(root).toString("base64")}\n`, as, key);
}

/**
 * Reads a signed head and checks its signature.
 * @throws ProofError
 */
export function openCheckpoint(note: string, key: NoteKey): Checkpoint {
	const head = readCheckpoint(openNote(note, key));
	if (head.origin !== key.name) {
		throw new ProofError(`it belongs to the log ${head.origin}, but the key to ${key.name}`);
	}
	return head;
}

/**
 * Reads a signed head without checking its signature. Do not rely on the result.
 * @throws ProofError
 */
export function readCheckpoint(note: string): Checkpoint {
	const [origin = "", size = "", encoded = ""] = note.split("\n");
	const root = Buffer.from(encoded, "base64");
	const isRoot = root.length === HASH_BYTES && root.toString("base64") === encoded;
	if (origin === "" || !/^(0|[1-9]\d{0,15})$/.test(size) || !isRoot) {
		throw new ProofError("it is not a signed head");
	}
	return { origin, size: Number(size), root };
}
