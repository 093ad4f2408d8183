/**
 * The key that signs for a log in a database, and what this node has signed or seen signed. The key
 * lies in the database, so that all nodes sign as one; the last signed head lies there as well, and
 * in a file of each node: a database that was restored brings an old one along, and the node's
 * file tells that there was more.
 */
import {
	createHash,
	createPrivateKey,
	createPublicKey,
	generateKeyPairSync,
	type KeyObject,
} from "node:crypto";
import { ProofError } from "../../../../feeds/proof/error.ts";
import { type NoteKey, noteKey } from "../../../../feeds/proof/note.ts";
import { openCheckpoint, signCheckpoint } from "../../../../feeds/proof/signed-head.ts";
import type { TreeHead } from "../../../../feeds/proof/tree.ts";
import { Refusal } from "../../../errors.ts";
import type { Database } from "../connection/database.ts";
import { Contradiction } from "../connection/failures.ts";
import { beginsWith } from "../hashes/hashes.ts";
import * as sql from "../statements.ts";

export class Signer {
	readonly key: NoteKey;
	readonly #privateKey: KeyObject;
	#last: (TreeHead & { readonly note?: string }) | undefined;

	constructor(privateKey: KeyObject, incarnation: number) {
		this.#privateKey = privateKey;
		this.key = noteKey(originOf(privateKey, incarnation), createPublicKey(privateKey));
	}

	/** The head that was signed or continued last; undefined if there is none. */
	get last(): TreeHead | undefined {
		return this.#last;
	}

	/** A signed head of this name; undefined if it is of another incarnation or another key. */
	open(note: string): TreeHead | undefined {
		try {
			return openCheckpoint(note, this.key);
		} catch (error) {
			if (error instanceof ProofError) return undefined;
			throw error;
		}
	}

	/** What this node goes by from now on. */
	continues(head: TreeHead): void {
		this.#last = head;
	}

	/** The note of the last head, if it is of this size. */
	noteAt(size: number): string | undefined {
		return this.#last?.size === size ? this.#last.note : undefined;
	}

	/**
	 * @param headAt the root over the first events of the log
	 * @throws Contradiction if the log does not begin with the last signed head
	 */
	async sign(
		{ size, root }: TreeHead,
		headAt: (size: number) => Promise<TreeHead>,
	): Promise<string> {
		const last = this.#last;
		if (last && !(await beginsWith(last, size, headAt))) {
			throw new Contradiction(`it is not the tree whose first ${last.size} events were signed for`);
		}
		const note = signCheckpoint(size, root, this.key, this.#privateKey);
		this.#last = { size, root, note };
		return note;
	}
}

/** The key of the log, which the first node makes. */
export async function readKey(database: Database, shown: string): Promise<KeyObject> {
	let [row] = await database.rows(sql.SELECT_SIGNING);
	if (!row?.key) {
		const { privateKey } = generateKeyPairSync("ed25519");
		const text = String(privateKey.export({ format: "pem", type: "pkcs8" }));
		// If two nodes begin at once, the first one's counts.
		await database.rows(sql.KEEP_KEY, [text]);
		[row] = await database.rows(sql.SELECT_SIGNING);
	}
	try {
		const key = createPrivateKey(String(row?.key));
		if (key.asymmetricKeyType === "ed25519") return key;
	} catch {
		// Reported below, without the key.
	}
	const reason = "its table `signing` holds no Ed25519 private key";
	throw new Refusal("database-unusable", { store: shown, reason });
}

/** `varve/3f9c2a71d0b84e55`, and from the second incarnation on `varve/3f9c2a71d0b84e55/2`. */
function originOf(key: KeyObject, incarnation: number): string {
	const der = createPublicKey(key).export({ format: "der", type: "spki" });
	const name = createHash("sha256").update(der).digest("hex").slice(0, 16);
	return incarnation === 1 ? `varve/${name}` : `varve/${name}/${incarnation}`;
}
