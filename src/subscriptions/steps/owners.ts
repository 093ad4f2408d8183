/**
 * Which consumer a key is pinned to, by rendezvous hashing: each consumer has a weight for a key,
 * and the heaviest owns it. When a consumer comes or leaves, only its own keys move.
 *
 * What was found out is kept: each key is looked at once for each consumer that comes.
 */

/** More keys than are read ahead; all are found out again behind that. */
const KEYS_MAX = 100_000;

type Owned = { readonly hash: number; owner: string; weight: number };

export class Owners {
	/** Each consumer, with the hash of its name. */
	readonly #consumers = new Map<string, number>();
	readonly #keys = new Map<string, Owned>();

	join(consumer: string): void {
		const hash = hashOf(consumer);
		this.#consumers.set(consumer, hash);
		for (const owned of this.#keys.values()) offer(owned, consumer, hash);
	}

	leave(consumer: string): void {
		this.#consumers.delete(consumer);
		for (const [key, { owner }] of this.#keys) if (owner === consumer) this.#keys.delete(key);
	}

	/** Undefined if there is no consumer. */
	ownerOf(key: string): string | undefined {
		const known = this.#keys.get(key);
		if (known) return known.owner;
		if (this.#consumers.size === 0) return undefined;
		if (this.#keys.size >= KEYS_MAX) this.#keys.clear();
		const owned: Owned = { hash: hashOf(key), owner: "", weight: -1 };
		for (const [consumer, hash] of this.#consumers) offer(owned, consumer, hash);
		this.#keys.set(key, owned);
		return owned.owner;
	}
}

function offer(owned: Owned, consumer: string, hash: number): void {
	const weight = mixed(owned.hash ^ hash);
	if (weight < owned.weight || (weight === owned.weight && consumer < owned.owner)) return;
	owned.owner = consumer;
	owned.weight = weight;
}

/** FNV-1a, mixed: names that differ in a digit must not cluster. */
function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) {
		hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	}
	return mixed(hash);
}

/** The end of MurmurHash3. @returns 32 bits, not negative */
function mixed(bits: number): number {
	let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}
