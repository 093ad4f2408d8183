/** Counts of what happens too often to be written one by one. */

export type Counted = Counting & { readonly count: number };
type Counting = { readonly login: string; readonly from: string };

export type Counts = {
	readonly count: number;
	/** When the first was counted, in milliseconds since 1970. */
	readonly sinceMs: number;
	/** The most frequent ones; all others are in `count` alone. */
	readonly by: readonly Counted[];
};

/** What is told apart, and what of it is written. */
const KEPT_MAX = 1_000;
const SHOWN_MAX = 20;

export class MinuteCounts {
	#counted = new Map<string, Counted>();
	#count = 0;
	#sinceMs = 0;

	get isEmpty(): boolean {
		return this.#count === 0;
	}

	count({ login, from }: Counting): void {
		if (this.#count++ === 0) this.#sinceMs = Date.now();
		const key = `${from}\n${login}`;
		const known = this.#counted.get(key);
		if (known === undefined && this.#counted.size >= KEPT_MAX) return;
		this.#counted.set(key, { login, from, count: (known?.count ?? 0) + 1 });
	}

	/** What was counted since the last time. */
	take(): Counts {
		const by = [...this.#counted.values()].sort((one, other) => other.count - one.count);
		const taken = { count: this.#count, sinceMs: this.#sinceMs, by: by.slice(0, SHOWN_MAX) };
		this.#counted = new Map();
		this.#count = 0;
		return taken;
	}
}
