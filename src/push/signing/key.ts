/**
 * The key of all pushes of a server, and what is made of it. The secrets of webhooks are derived,
 * so no stream, export or feed ever holds one: the log knows only which secret it is. What must be
 * kept as it was given, the secret of a WebSub subscriber, stands in the log sealed with the key.
 */
import {
	createCipheriv,
	createDecipheriv,
	createHash,
	createPrivateKey,
	createPublicKey,
	hkdfSync,
	type KeyObject,
	randomBytes,
} from "node:crypto";
import {
	closeSync,
	fsyncSync,
	linkSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

export const PUSH_KEY_FILE = "push-key";
const KEY_BYTES = 32;
const OWNER_ALONE = 0o600;
/** What Node.js has to know of a private key of Ed25519 before its 32 bytes (RFC 8410). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Which secret of a webhook: its own number, which a rotation raises. */
export type SecretName = { readonly uid: string; readonly generation: number };

export class PushKey {
	readonly #read: () => Uint8Array;
	#known: Buffer | undefined;

	/** @param read gives the key, when it is first needed: a store without webhooks has none */
	constructor(read: () => Uint8Array) {
		this.#read = read;
	}

	/** Tells keys apart, and nothing else of them. */
	get id(): string {
		return this.#derive("id", 6).toString("base64url");
	}

	/** The bytes of the secret that signs `v1`. */
	secretOf({ uid, generation }: SecretName): Buffer {
		return this.#derive(`webhook hmac ${uid} ${generation}`, 32);
	}

	/** The key that signs `v1a`. */
	privateKeyOf({ uid, generation }: SecretName): KeyObject {
		const seed = this.#derive(`webhook ed25519 ${uid} ${generation}`, 32);
		const key = Buffer.concat([PKCS8, seed]);
		return createPrivateKey({ key, format: "der", type: "pkcs8" });
	}

	/** The 32 bytes of the public key of `privateKeyOf`. */
	publicKeyOf(name: SecretName): Buffer {
		const { x = "" } = createPublicKey(this.privateKeyOf(name)).export({ format: "jwk" });
		return Buffer.from(x, "base64url");
	}

	/** @param about what the text belongs to: it can be opened only for that */
	seal(text: string, about: string): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv("aes-256-gcm", this.#derive("seal", 32), nonce);
		cipher.setAAD(Buffer.from(about));
		const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
		return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
	}

	/** @returns undefined if another key has sealed it, or it belongs to something else */
	open(sealed: string, about: string): string | undefined {
		const bytes = Buffer.from(sealed, "base64");
		const nonce = bytes.subarray(0, NONCE_BYTES);
		try {
			const decipher = createDecipheriv("aes-256-gcm", this.#derive("seal", 32), nonce);
			decipher.setAAD(Buffer.from(about));
			decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
			const rest = bytes.subarray(NONCE_BYTES + TAG_BYTES);
			return decipher.update(rest, undefined, "utf8") + decipher.final("utf8");
		} catch {
			return undefined;
		}
	}

	#derive(purpose: string, bytes: number): Buffer {
		this.#known ??= createHash("sha256").update(this.#read()).digest();
		return Buffer.from(hkdfSync("sha256", this.#known, "varve push", purpose, bytes));
	}
}

/**
 * The key in a data directory; it is made if it is not there. Where none can be kept, targets see
 * other signatures after a restart, and webhooks say so.
 */
export function pushKeyIn(directory: string): PushKey {
	const file = join(directory, PUSH_KEY_FILE);
	const made = () => makeKey(file) ?? readKey(file) ?? randomBytes(KEY_BYTES);
	return new PushKey(() => readKey(file) ?? made());
}

function readKey(file: string): Buffer | undefined {
	try {
		const key = readFileSync(file);
		return key.length === KEY_BYTES ? key : undefined;
	} catch {
		return undefined;
	}
}

/**
 * Undefined if there is a file, or none can be made. The file is there whole or not at all, and on
 * the disk before a webhook is that stands on it.
 */
function makeKey(file: string): Buffer | undefined {
	const key = randomBytes(KEY_BYTES);
	const unfinished = `${file}.${process.pid}.new`;
	try {
		writeFileSync(unfinished, key, { mode: OWNER_ALONE, flush: true });
		// Unlike a rename, it replaces nothing that another process has made meanwhile.
		linkSync(unfinished, file);
		syncDirectory(dirname(file));
		return key;
	} catch {
		return undefined;
	} finally {
		rmSync(unfinished, { force: true });
	}
}

function syncDirectory(path: string): void {
	const descriptor = openSync(path, "r");
	try {
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}
