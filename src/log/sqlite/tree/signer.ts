/**
 * Who signs for a data directory's log:
 *
 *     log.key         the private key, made at the first start, readable by its owner only
 *     log.checkpoint  the last checkpoint that was signed
 *
 * A log must never sign for two histories under one name. The name is that of the key, and holds
 * the incarnation; and a log that does not begin with what was signed last is refused.
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

/** The root over the first events of the log, as many as are asked for. */
export type HeadAt = (size: number) => TreeHead;

/**
 * Makes the key where there is none, and notes what it signs.
 * @throws Refusal `data-directory-unusable`, `disk-full`
 */
export function openSigner(directory: string, incarnation: number): Signer {
	if (!existsSync(join(directory, "log.key"))) makeKey(directory);
	const file = checkpointFile(directory);
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
	/** What was signed last, and the note if it was signed here. */
	#last: (TreeHead & { readonly note?: string }) | undefined;

	/** @param keep is told what it signs, before anyone else */
	constructor(directory: string, incarnation: number, keep: (note: string) => void) {
		const privateKey = readKey(directory);
		this.key = noteKey(originOf(privateKey, incarnation), createPublicKey(privateKey));
		this.#directory = directory;
		this.#privateKey = privateKey;
		this.#keep = keep;
	}

	/**
	 * Refuses a log that does not begin with what was signed last.
	 * @param sizeNow asked after that was read: beside a server the log may grow, and be signed for,
	 *   at any moment
	 * @throws Refusal `history-rewound`
	 */
	refuseRewound(sizeNow: () => number, headAt: HeadAt): void {
		const signed = readSigned(checkpointFile(this.#directory), this.key);
		if (!signed) return;
		const size = sizeNow();
		if (!beginsWith(signed, size, headAt)) {
			const path = this.#directory;
			throw new Refusal("history-rewound", { path, signed: signed.size, size });
		}
		this.#last = signed;
	}

	/**
	 * The checkpoint of a log that has grown since the last one, or not.
	 * @throws Contradiction where it does not begin with that: it was damaged since
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

function checkpointFile(directory: string): string {
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
	// Before anyone is shown the key: after a power cut it must not be another.
	syncDirectory(directory);
}

function readKey(directory: string): KeyObject {
	const text = readFileSync(join(directory, "log.key"));
	try {
		const key = createPrivateKey(text);
		if (key.asymmetricKeyType === "ed25519") return key;
	} catch {
		// Said below, without a word of what the file holds.
	}
	const reason = "its file `log.key` holds no Ed25519 private key";
	throw new Refusal("data-directory-unusable", { path: directory, reason });
}

/** What was signed last in this name; undefined where nothing was. */
function readSigned(file: string, key: NoteKey): (TreeHead & { root: Buffer }) | undefined {
	if (!existsSync(file)) return undefined;
	try {
		return openCheckpoint(readFileSync(file, "utf8"), key);
	} catch (error) {
		// Of another incarnation, or another key: nothing was signed in this name.
		if (error instanceof ProofError) return undefined;
		throw error;
	}
}

/**
 * Writes a file that is there whole or not at all, whenever the process ends.
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
