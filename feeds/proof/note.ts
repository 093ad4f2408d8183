/**
 * Signed notes (C2SP signed-note): a text, an empty line, and a line for each signature.
 *
 *     — name base64(key id, signature)
 *
 * Signatures are Ed25519. Public keys are written as `name+id+base64`. A client must get a log's
 * key over a way that it trusts.
 */
import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { ProofError } from "./error.ts";
import { sha256 } from "./hash.ts";

const ED25519 = 0x01;
const ID_BYTES = 4;
const KEY_BYTES = 32;
/** The first bytes of the DER encoding of an Ed25519 public key (RFC 8410). */
const DER_HEAD = Buffer.from("302a300506032b6570032100", "hex");
/** A note of Varve has 200 bytes; witnesses may add signatures of a few thousand bytes each. */
const NOTE_BYTES_MAX = 256 * 1024;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

export type NoteKey = { readonly name: string; readonly id: Buffer; readonly key: KeyObject };

/** The public half of a key, with the name under which it signs. */
export function noteKey(name: string, key: KeyObject): NoteKey {
	const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typedKey(key)])).subarray(0, ID_BYTES);
	return { name, id, key };
}

/** `name+id+base64(type, key)` */
export function formatKey({ name, id, key }: NoteKey): string {
	return `${name}+${id.toString("hex")}+${typedKey(key).toString("base64")}`;
}

/** @throws ProofError */
export function parseKey(text: string): NoteKey {
	const [, name = "", id = "", encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text) ?? [];
	const bytes = Buffer.from(encoded, "base64");
	if (bytes.length !== 1 + KEY_BYTES || bytes[0] !== ED25519) {
		throw new ProofError("it is not an Ed25519 key of the form name+id+base64");
	}
	const der = Buffer.concat([DER_HEAD, bytes.subarray(1)]);
	const key = noteKey(name, createPublicKey({ key: der, format: "der", type: "spki" }));
	if (key.id.toString("hex") !== id)
		throw new ProofError("the id of the key does not match the key");
	return key;
}

/** @param text ends with a newline @param key the private half of `as` */
export function signNote(text: string, as: NoteKey, key: KeyObject): string {
	const signature = sign(null, Buffer.from(text), key);
	const line = `— ${as.name} ${Buffer.concat([as.id, signature]).toString("base64")}`;
	return `${text}\n${line}\n`;
}

/**
 * The text of a note, if the key has signed it.
 * @throws ProofError
 */
export function openNote(note: string, key: NoteKey): string {
	const end = note.lastIndexOf("\n\n");
	if (end < 0 || !note.endsWith("\n") || note.length > NOTE_BYTES_MAX) {
		throw new ProofError("it is not a signed note");
	}
	const text = note.slice(0, end + 1);
	const signatures = note
		.slice(end + 2, -1)
		.split("\n")
		.map(parseSignature);
	const ours = signatures.filter(({ name, id }) => name === key.name && id.equals(key.id));
	if (ours.length === 0) throw new ProofError(`it is not signed by the key of ${key.name}`);
	for (const { signature } of ours) {
		if (!verify(null, Buffer.from(text), key.key, signature)) {
			throw new ProofError(`its signature by the key of ${key.name} is wrong`);
		}
	}
	return text;
}

function parseSignature(line: string): { name: string; id: Buffer; signature: Buffer } {
	const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
	const bytes = Buffer.from(encoded ?? "", "base64");
	if (name === undefined || bytes.length <= ID_BYTES) {
		throw new ProofError("one of its signatures cannot be read");
	}
	return { name, id: bytes.subarray(0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}

function typedKey(key: KeyObject): Buffer {
	const der = createPublicKeyOf(key).export({ format: "der", type: "spki" });
	return Buffer.concat([Buffer.from([ED25519]), der.subarray(-KEY_BYTES)]);
}

function createPublicKeyOf(key: KeyObject): KeyObject {
	return key.type === "private" ? createPublicKey(key) : key;
}
