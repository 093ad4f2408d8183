/**
 * The key that signs for a data directory's log, and the last signed head:
 *
 *     log.key         the private key, made at the first start, readable by its owner only
 *     log.checkpoint  the last signed head
 *
 * A log must never sign for two histories under one name. The name is that of the key, and holds
 * the incarnation. A log that does not begin with the log of the last signed head is refused.
 */
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
} from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ProofError } from "../../../../feeds/proof/error.ts";
import { type NoteKey, noteKey } from "../../../../feeds/proof/note.ts";
import { openCheckpoint, signCheckpoint } from "../../../../feeds/proof/signed-head.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import { Refusal } from "../../../errors.ts";
import { Contradiction, isDiskFull } from "../failures.ts";
import { syncDirectory } from "../files/directory.ts";

/** The root over the first `size` events of the log. */
export type HeadAt = (size: number) => TreeHead;

/**
 * Makes the key if there is none, and keeps each signed head.
 * @throws Refusal `data-directory-unusable`, `disk-full`
 */
export function openSigner(directory: string, incarnation: number): Signer {
	if (!existsSync(join(directory, "log.key"))) makeKey(directory);
	const file = headFile(directory);
	// Not synced, as the log was: after a power cut an older one serves nearly as well.
	const keep = (note: string) => writeWhole(file, note, { mode: 0o644, flush: false });
	return new Signer(directory, incarnation, keep);
}

/**
 * Writes nothing.
 * @throws Refusal `data-directory-unusable`
 */
export function readSigner(directory: string, incarnation: number): Signer {
	const reason = "it has no log.key to sign with; the first start of a server makes one";
	if (existsSync(join(directory, "log.key"))) return new Signer(directory, incarnation, () => {});
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

export class Signer {
	readonly key: NoteKey;
	readonly #directory: string;
	readonly #privateKey: KeyObject;
	readonly #keep: (note: string) => void;
	/** The last signed head, and its note if this process signed it. */
	#last: (TreeHead & { readonly note?: string }) | undefined;

	/** @param keep gets each signed head before any client does */
	constructor(directory: string, incarnation: number, keep: (note: string) => void) {
		const privateKey = readKey(directory);
		this.key = noteKey(originOf(privateKey, incarnation), createPublicKey(privateKey));
		this.#directory = directory;
		this.#privateKey = privateKey;
		this.#keep = keep;
	}

	/**
	 * Refuses a log that does not begin with the log of the last signed head.
	 * @param sizeNow called after that head was read: a server may append and sign at any moment
	 * @throws Refusal `history-rewound`
	 */
	refuseRewound(sizeNow: () => number, headAt: HeadAt): void {
		const signed = readSigned(headFile(this.#directory), this.key);
		if (!signed) return;
		const size = sizeNow();
		if (!beginsWith(signed, size, headAt)) {
			const path = this.#directory;
			throw new Refusal("history-rewound", { path, signed: signed.size, size });
		}
		this.#last = signed;
	}

	/**
	 * The signed head of the log, whether or not the log has grown since the last one.
	 * @throws Contradiction if the log does not begin with the last one: it was damaged since
	 */
	sign({ size, root }: TreeHead, headAt: HeadAt): string {
		const last = this.#last;
		if (last?.size === size && last.note !== undefined) return last.note;
		if (last && !beginsWith(last, size, headAt)) {
			throw new Contradiction(`it is not the tree whose first ${last.size} events were signed for`);
		}
		const note = signCheckpoint(size, root, this.key, this.#privateKey);
		this.#keep(note);
		this.#last = { size, root, note };
		return note;
	}
}

function headFile(directory: string): string {
	return join(directory, "log.checkpoint");
}

function beginsWith(signed: TreeHead, size: number, headAt: HeadAt): boolean {
	return signed.size <= size && Buffer.compare(signed.root, headAt(signed.size).root) === 0;
}

/** `varve/3f9c2a71d0b84e55`, and from the second incarnation on `varve/3f9c2a71d0b84e55/2`. */
function originOf(key: KeyObject, incarnation: number): string {
	const der = createPublicKey(key).export({ format: "der", type: "spki" });
	const name = createHash("sha256").update(der).digest("hex").slice(0, 16);
	return incarnation === 1 ? `varve/${name}` : `varve/${name}/${incarnation}`;
}

function makeKey(directory: string): void {
	const { privateKey } = generateKeyPairSync("ed25519");
	const text = String(privateKey.export({ format: "pem", type: "pkcs8" }));
	writeWhole(join(directory, "log.key"), text, { mode: 0o600, flush: true });
	// Before any client sees the key: after a power cut it must be the same key.
	syncDirectory(directory);
}

function readKey(directory: string): KeyObject {
	const text = readFileSync(join(directory, "log.key"));
	try {
		const key = createPrivateKey(text);
		if (key.asymmetricKeyType === "ed25519") return key;
	} catch {
		// Reported below, without the content of the file.
	}
	const reason = "its file `log.key` holds no Ed25519 private key";
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

/** The last signed head of this name; undefined if there is none. */
function readSigned(file: string, key: NoteKey): (TreeHead & { root: Buffer }) | undefined {
	if (!existsSync(file)) return undefined;
	try {
		return openCheckpoint(readFileSync(file, "utf8"), key);
	} catch (error) {
		// It is of another incarnation or another key: nothing was signed under this name.
		if (error instanceof ProofError) return undefined;
		throw error;
	}
}

/**
 * Writes a file whole or not at all, even if the process ends meanwhile.
 * @throws Refusal `disk-full`
 */
function writeWhole(file: string, text: string, how: { mode: number; flush: boolean }): void {
	const temporary = `${file}.new`;
	try {
		rmSync(temporary, { force: true });
		writeFileSync(temporary, text, how);
		renameSync(temporary, file);
	} catch (error) {
		if (isDiskFull(error, file)) throw new Refusal("disk-full", { path: dirname(file) });
		throw error;
	}
}
