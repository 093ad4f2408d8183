/**
 * Looks names up by the system, as all programs of the host do. A look-up holds one of the few
 * threads that files and hashes need, too, and nothing can call it back. So few are under way;
 * attempts at one name share one; and a name whose servers were slow waits for others like it, so
 * that it holds up nobody else.
 */
import { lookup } from "node:dns/promises";

/** Of the four threads that Node.js has for such work. */
const LOOKUPS_MAX = 2;
/** Of these, those of names that were slow. */
const SLOW_MAX = 1;
/** A name that took longer is slow from then on. */
const SLOW_MS = 1000;
const SLOW_NAMES_MAX = 1000;
/** No attempt waits for longer, the time in the line included. */
const WAIT_MS_MAX = 5000;

/** All addresses of a name. */
export type Resolver = (name: string) => Promise<readonly string[]>;

type Found = readonly string[];
type Slot = { readonly isSlow: boolean };
/** A look-up, in the line as long as it has no slot. */
type Shared = {
	readonly name: string;
	found: Promise<Found>;
	waiters: number;
	go: ((slot: Slot) => void) | undefined;
};

export class Lookups {
	readonly #resolve: Resolver;
	readonly #times: { readonly waitMs: number; readonly slowMs: number };
	/** By name, in the order of the asking; for each an attempt waits, and of those there are few. */
	readonly #shared = new Map<string, Shared>();
	readonly #slow = new Set<string>();
	#running = 0;
	#runningSlow = 0;

	/** @param resolve in place of the system's, in tests */
	constructor(
		resolve: Resolver = systemResolver,
		times: { waitMs?: number; slowMs?: number } = {},
	) {
		this.#resolve = resolve;
		this.#times = { waitMs: WAIT_MS_MAX, slowMs: SLOW_MS, ...times };
	}

	/** @throws Error with the code of the system, or `ETIMEOUT` */
	readonly find: Resolver = async (name) => {
		const shared = this.#shared.get(name) ?? this.#begin(name);
		shared.waiters++;
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			const error = Object.assign(new Error("the look-up is late"), { code: "ETIMEOUT" });
			timer = setTimeout(() => reject(error), this.#times.waitMs);
		});
		try {
			return await Promise.race([shared.found, late]);
		} finally {
			clearTimeout(timer);
			shared.waiters--;
			// It is in the line, and nobody wants it any more.
			if (shared.waiters === 0 && shared.go) this.#shared.delete(name);
		}
	};

	#begin(name: string): Shared {
		const slot = this.#take(name);
		const shared: Shared = { name, found: Promise.resolve([]), waiters: 0, go: undefined };
		const turn = slot
			? Promise.resolve(slot)
			: new Promise<Slot>((go) => {
					shared.go = go;
				});
		shared.found = turn.then((taken) => this.#look(name, taken));
		// Whoever waited may have gone.
		shared.found.catch(() => undefined);
		this.#shared.set(name, shared);
		return shared;
	}

	async #look(name: string, { isSlow }: Slot): Promise<Found> {
		const began = performance.now();
		try {
			return await this.#resolve(name);
		} finally {
			this.#remember(name, performance.now() - began);
			this.#shared.delete(name);
			this.#running--;
			if (isSlow) this.#runningSlow--;
			this.#next();
		}
	}

	#take(name: string): Slot | undefined {
		const isSlow = this.#slow.has(name);
		if (this.#running >= LOOKUPS_MAX) return undefined;
		if (isSlow && this.#runningSlow >= SLOW_MAX) return undefined;
		this.#running++;
		if (isSlow) this.#runningSlow++;
		return { isSlow };
	}

	#next(): void {
		for (const shared of this.#shared.values()) {
			const slot = shared.go && this.#take(shared.name);
			if (!slot) continue;
			shared.go?.(slot);
			shared.go = undefined;
		}
	}

	#remember(name: string, tookMs: number): void {
		this.#slow.delete(name);
		if (tookMs < this.#times.slowMs) return;
		this.#slow.add(name);
		const [oldest] = this.#slow;
		if (this.#slow.size > SLOW_NAMES_MAX && oldest !== undefined) this.#slow.delete(oldest);
	}
}

async function systemResolver(name: string): Promise<readonly string[]> {
	const found = await lookup(name, { all: true });
	return found.map(({ address }) => address);
}
