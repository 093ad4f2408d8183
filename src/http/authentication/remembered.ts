/**
 * Credentials that were verified, for a minute: a check of a password takes a tenth of a second,
 * and clients send theirs with each request. What is kept is no credential, but a hash of one under
 * a key that only this process has.
 */
import { hash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Principal } from "../../access/principal.ts";
import { upTo } from "../../up-to.ts";

export type Verified = {
	readonly principal: Principal;
	/** Whether all that it stands on is as it was. It is called for each use. */
	readonly holds: () => boolean;
};

type Kept = Verified & { readonly untilMs: number };

const KEPT_MS = 60_000;
/** In the last part of that time, a use is the occasion to verify once more. */
const AGAIN_MS = 15_000;
const KEPT_MAX = 10_000;
/** A block of SHA-256, and what it gives. */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

export class RememberedCredentials {
	readonly #keyed = new KeyedHash();
	readonly #kept = new LRUCache<string, Kept>(upTo(KEPT_MAX));
	/** Verifications under way: clients send the same credential many times at once. */
	readonly #verifying = new Map<string, Promise<Principal>>();

	/**
	 * The principal of a credential, at once if it is remembered.
	 * @param text of the header
	 * @param verify is asked once for all that wait for it
	 */
	principalOf(text: string, verify: () => Promise<Verified>): Principal | Promise<Principal> {
		const key = this.#keyed.of(text);
		const kept = this.#kept.get(key);
		const left = kept?.holds() ? kept.untilMs - performance.now() : 0;
		if (kept === undefined || left <= 0) {
			this.#kept.delete(key);
			return this.#verify(key, verify);
		}
		// If it fails, the next use says so, once the time is over.
		if (left < AGAIN_MS) this.#verify(key, verify).catch(() => undefined);
		return kept.principal;
	}

	#verify(key: string, verify: () => Promise<Verified>): Promise<Principal> {
		const known = this.#verifying.get(key);
		if (known !== undefined) return known;
		const verifying = verify()
			.then((verified) => {
				// Else a change came in between, and the next use finds it.
				if (verified.holds()) {
					this.#kept.set(key, { ...verified, untilMs: performance.now() + KEPT_MS });
				}
				return verified.principal;
			})
			.finally(() => this.#verifying.delete(key));
		this.#verifying.set(key, verifying);
		return verifying;
	}
}

/**
 * HMAC of SHA-256 (RFC 2104) by its definition, under a key of this process: each request with
 * credentials needs one, and the class of node:crypto takes twice as long. Of an ASCII key both
 * pads are text, so that neither hash needs a Buffer of its own.
 */
export class KeyedHash {
	readonly #inner: string;
	/** The outer pad, and room for the inner hash. */
	readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);

	/** @param key as long as a block, of bytes below 128: seven random bits in each */
	constructor(key: Uint8Array = randomBytes(BLOCK_BYTES).map(ascii)) {
		this.#inner = Buffer.from(key.map((byte) => byte ^ 0x36)).toString("latin1");
		this.#outer.set(key.map((byte) => byte ^ 0x5c));
	}

	/** In Base64. */
	of(text: string): string {
		const outer = this.#outer;
		outer.write(hash("sha256", this.#inner + text, "binary"), BLOCK_BYTES, "latin1");
		return hash("sha256", outer, "base64");
	}
}

function ascii(byte: number): number {
	return byte & 0x7f;
}
