/** The deliveries that were settled last, by id and attempt. */

/** At least so many: more than a consumer answers at once. */
const REMEMBERED = 1000;

export class Remembered {
	#newer = new Map<string, number>();
	#older = new Map<string, number>();

	add(id: string, attempt: number): void {
		this.#newer.set(id, attempt);
		if (this.#newer.size < REMEMBERED) return;
		this.#older = this.#newer;
		this.#newer = new Map();
	}

	has(id: string, attempt: number): boolean {
		return this.#newer.get(id) === attempt || this.#older.get(id) === attempt;
	}
}
