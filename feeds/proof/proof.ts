/**
 * Proofs as text. Anyone who has the log's key can keep and check them.
 *
 * A proof that an event is in the log (C2SP tlog-proof): the event's place, its leaf, the hashes
 * from there up to the root, and a signed head with that root.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra base64(leaf)
 *     index 73894
 *     base64(hash) …
 *
 *     signed head …
 *
 * A proof that a log has only grown, in the form of C2SP tlog-witness:
 *
 *     old 20000
 *     base64(hash) …
 *
 *     signed head …
 */

import { ProofError } from "./error.ts";
import { HASH_BYTES, leafHash } from "./hash.ts";
import { decodeLeaf, type Leaf } from "./leaf.ts";
import type { NoteKey } from "./note.ts";
import { type Checkpoint, openCheckpoint } from "./signed-head.ts";
import { isConsistent, isIncluded } from "./tree.ts";

const FIRST_LINE = "c2sp.org/tlog-proof@v1";
/** A tree of 2⁵³ leaves needs 53 hashes, and twice as many for consistency. */
const HASHES_MAX = 128;

export function formatInclusion(
	{ position, leaf, hashes }: { position: number; leaf: Uint8Array; hashes: readonly Uint8Array[] },
	signedHead: string,
): string {
	const lines = [FIRST_LINE, `extra ${base64(leaf)}`, `index ${position}`, ...hashes.map(base64)];
	return `${lines.join("\n")}\n\n${signedHead}`;
}

/**
 * Checks that the log has signed for an event.
 * @returns the event's leaf, and the signed head
 * @throws ProofError
 */
export function checkInclusion(text: string, key: NoteKey): { leaf: Leaf; checkpoint: Checkpoint } {
	const [lines, note] = halves(text);
	const [first, extra = "", index = "", ...encoded] = lines;
	if (first !== FIRST_LINE) throw new ProofError("it is not a proof of an event");
	const position = Number(/^index (0|[1-9]\d{0,15})$/.exec(index)?.[1] ?? Number.NaN);
	const bytes = Buffer.from(/^extra (\S+)$/.exec(extra)?.[1] ?? "", "base64");
	const leaf = decodeLeaf(bytes);
	if (!leaf || leaf.position !== position) throw new ProofError("it does not name its event");
	const checkpoint = openCheckpoint(note, key);
	const hashes = encoded.map(parseHash);
	if (!isIncluded({ ...checkpoint, position }, leafHash(bytes), hashes)) {
		throw new ProofError("the event is not in the tree of the signed head");
	}
	return { leaf, checkpoint };
}

export function formatConsistency(
	old: number,
	hashes: readonly Uint8Array[],
	signedHead: string,
): string {
	return `${[`old ${old}`, ...hashes.map(base64)].join("\n")}\n\n${signedHead}`;
}

/**
 * Checks that the log has only grown since an older signed head of it.
 * @param older the older signed head, as text
 * @throws ProofError
 */
export function checkConsistency(
	text: string,
	older: string,
	key: NoteKey,
): { older: Checkpoint; newer: Checkpoint } {
	const [lines, note] = halves(text);
	const [first = "", ...encoded] = lines;
	const size = Number(/^old (0|[1-9]\d{0,15})$/.exec(first)?.[1] ?? Number.NaN);
	if (Number.isNaN(size)) throw new ProofError("it is not a proof of consistency");
	const newer = openCheckpoint(note, key);
	const begun = openCheckpoint(older, key);
	if (begun.size !== size) {
		throw new ProofError(`it starts at ${size} events, but the signed head has ${begun.size}`);
	}
	if (!isConsistent(begun, newer, encoded.map(parseHash))) {
		throw new ProofError("the newer tree does not begin with the older one");
	}
	return { older: begun, newer };
}

function halves(text: string): [lines: string[], note: string] {
	const end = text.indexOf("\n\n");
	const lines = text.slice(0, Math.max(end, 0)).split("\n");
	if (end < 0 || lines.length > HASHES_MAX) throw new ProofError("it is not a proof");
	return [lines, text.slice(end + 2)];
}

function parseHash(line: string): Buffer {
	const hash = Buffer.from(line, "base64");
	if (hash.length !== HASH_BYTES) throw new ProofError("one of its hashes cannot be read");
	return hash;
}

function base64(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
