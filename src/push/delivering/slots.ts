/** How many attempts all pushes together may have under way, and who is next. */

/** Something that waits for a slot; it is asked to try again when there is one. */
export interface Waiter {
	pump(): void;
}

export class Slots {
	readonly max: number;
	#taken = 0;
	readonly #waiting = new Set<Waiter>();

	constructor(max: number) {
		this.max = max;
	}

	get taken(): number {
		return this.#taken;
	}

	/** @returns whether it got one; if not, it is called when one is free */
	take(waiter: Waiter): boolean {
		if (this.#taken >= this.max) {
			this.#waiting.add(waiter);
			return false;
		}
		this.#waiting.delete(waiter);
		this.#taken++;
		return true;
	}

	give(): void {
		this.#taken--;
		const [next] = this.#waiting;
		if (next === undefined) return;
		this.#waiting.delete(next);
		next.pump();
	}

	forget(waiter: Waiter): void {
		this.#waiting.delete(waiter);
	}
}
