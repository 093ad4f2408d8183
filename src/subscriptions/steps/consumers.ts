/** The consumers of a subscription, as far as HTTP can tell them apart, and their shares. */
import type { Strategy } from "../settings.ts";
import { Owners } from "./owners.ts";
import { Tally } from "./tally.ts";

/** More than any subscription has; the ones silent for longest are forgotten. */
const CONSUMERS_MAX = 1000;

/** A consumer that has not left. */
export type Heard = {
	atMs: number;
	/** Who asked under its name last; "" if nobody is known. */
	login: string;
	readonly tally: Tally;
};

export class Consumers {
	readonly #strategy: Strategy;
	readonly #leaseMs: number;
	/** When each was heard of last, the newest at the end. */
	readonly #heard = new Map<string, Heard>();
	readonly #owners = new Owners();
	/** Of `DispatchToSingle`: who gets all, until it leaves. */
	#single: string | undefined;

	/** @param leaseMs a consumer that is silent for longer has left */
	constructor(strategy: Strategy, leaseMs: number) {
		this.#strategy = strategy;
		this.#leaseMs = leaseMs;
	}

	/** @param login who asks; undefined if it is not said again */
	heardOf(consumer: string, nowMs: number, login?: string): void {
		const known = this.#heard.get(consumer);
		const heard = known ?? { atMs: nowMs, login: "", tally: new Tally(nowMs) };
		heard.atMs = nowMs;
		if (login !== undefined) heard.login = login;
		if (!this.#heard.delete(consumer) && this.#isPinned) this.#owners.join(consumer);
		this.#heard.set(consumer, heard);
		for (const [name, { atMs }] of this.#heard) {
			if (this.#heard.size <= CONSUMERS_MAX && atMs + this.#leaseMs > nowMs) break;
			this.#heard.delete(name);
			if (this.#isPinned) this.#owners.leave(name);
		}
	}

	/** Undefined for one that has left. */
	of(consumer: string): Readonly<Heard> | undefined {
		return this.#heard.get(consumer);
	}

	/** The consumers that have not left, in no order that means anything. */
	present(nowMs: number): string[] {
		const present = [...this.#heard].filter(([, { atMs }]) => atMs + this.#leaseMs > nowMs);
		return present.map(([name]) => name);
	}

	/** Which keys a consumer may have: one that was heard of. */
	shareOf(consumer: string): (key: string) => boolean {
		if (this.#strategy === "DispatchToSingle") {
			if (this.#single === undefined || !this.#heard.has(this.#single)) this.#single = consumer;
			return () => this.#single === consumer;
		}
		return this.#isPinned ? (key) => this.#owners.ownerOf(key) === consumer : () => true;
	}

	get #isPinned(): boolean {
		return this.#strategy === "Pinned" || this.#strategy === "PinnedByCorrelation";
	}
}
