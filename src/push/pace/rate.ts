/** How many requests a second one push may send: they are spread, not counted by the second. */

export class Rate {
	readonly #pauseMs: number;
	#nextMs = 0;

	/** @param perSecond 0 for no limit */
	constructor(perSecond: number) {
		this.#pauseMs = perSecond === 0 ? 0 : 1000 / perSecond;
	}

	/** How long the next request has to wait; 0 if it may go now. */
	waitMs(nowMs: number): number {
		return Math.max(0, this.#nextMs - nowMs);
	}

	/** A request goes now. */
	took(nowMs: number): void {
		this.#nextMs = Math.max(nowMs, this.#nextMs) + this.#pauseMs;
	}
}
