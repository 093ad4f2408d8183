/** The consumers of a subscription, as far as HTTP can tell them apart, and their shares. */
import type { Strategy } from "../settings.ts";

/** More than any subscription has; the ones silent for longest are forgotten. */
const CONSUMERS_MAX = 1000;

export class Consumers {
	readonly #strategy: Strategy;
	readonly #leaseMs: number;
	/** When each was heard of last, the newest at the end. */
	readonly #heard = new Map<string, number>();
	/** Of `DispatchToSingle`: who gets all, until it leaves. */
	#single: string | undefined;

	/** @param leaseMs a consumer that is silent for longer has left */
	constructor(strategy: Strategy, leaseMs: number) {
		this.#strategy = strategy;
		this.#leaseMs = leaseMs;
	}

	heardOf(consumer: string, nowMs: number): void {
		this.#heard.delete(consumer);
		this.#heard.set(consumer, nowMs);
		for (const [name, atMs] of this.#heard) {
			if (this.#heard.size <= CONSUMERS_MAX && atMs + this.#leaseMs > nowMs) break;
			this.#heard.delete(name);
		}
	}

	/** The consumers that have not left, in no order that means anything. */
	present(): string[] {
		return [...this.#heard.keys()];
	}

	/** Which keys a consumer may have: one that was heard of. */
	shareOf(consumer: string): (key: string) => boolean {
		if (this.#strategy === "DispatchToSingle") {
			if (this.#single === undefined || !this.#heard.has(this.#single)) this.#single = consumer;
			return () => this.#single === consumer;
		}
		if (this.#strategy !== "Pinned" && this.#strategy !== "PinnedByCorrelation") return () => true;
		const present = this.present();
		return (key) => ownerOf(key, present) === consumer;
	}
}

/** Rendezvous hashing: when a consumer comes or leaves, only its own keys move. */
function ownerOf(key: string, consumers: readonly string[]): string | undefined {
	let best: string | undefined;
	let bestWeight = -1;
	for (const consumer of consumers) {
		const weight = hashOf(`${key}\n${consumer}`);
		if (weight > bestWeight || (weight === bestWeight && consumer > (best ?? ""))) {
			best = consumer;
			bestWeight = weight;
		}
	}
	return best;
}

/** FNV-1a, and MurmurHash3's mixing behind it: names that differ in a digit must not cluster. */
function hashOf(text: string): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < text.length; i++) {
		hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
	}
	hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
	hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
	return (hash ^ (hash >>> 16)) >>> 0;
}
