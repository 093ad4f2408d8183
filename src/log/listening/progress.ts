/**
 * How far the listeners have heard of the commits, and the reads that wait for them.
 *
 *     commit ─▶ on disk, so a read finds it ─▶ the writer's answer ─▶ listeners told
 *                      └──────────── a read waits here ─────────────────────┘
 *
 * A damaged log may name a position that was never committed. So no read waits for a position that
 * no request in flight can hold.
 *
 * A second node has no request in flight for the commits of the first, and `reached` lets its reads
 * go on. Before it answers a read, its engine has to fetch the commits up to what the read found,
 * and tell them to its listeners.
 */
type WaitingRead = {
	readonly seen: number;
	/** How many requests may still be answered before the one that tells of it is. */
	left: number;
	readonly resolve: () => void;
};

export class ListenerProgress {
	#upTo: number;
	#waiting: WaitingRead[] = [];
	#isEnded = false;

	/** @param upTo what the listeners need not hear of: all there was when the log was opened */
	constructor(upTo: number) {
		this.#upTo = upTo;
	}

	/**
	 * Undefined if the listeners have heard of it, or nobody will tell them any more; else a promise
	 * that resolves once one of the two holds.
	 * @param seen a position, or a number of erasures, that a read has found
	 * @param inFlight how many requests the writer has not answered; one of them may have caused
	 *   `seen`
	 */
	reached(seen: number, inFlight: number): Promise<void> | undefined {
		if (seen <= this.#upTo || inFlight === 0 || this.#isEnded) return undefined;
		return new Promise((resolve) => {
			this.#waiting.push({ seen, left: inFlight, resolve });
		});
	}

	/** The writer answered the oldest requests, and the listeners know all commits up to `upTo`. */
	answered(upTo: number, requests = 1): void {
		this.#upTo = Math.max(this.#upTo, upTo);
		if (this.#waiting.length === 0) return;
		this.#waiting = this.#waiting.filter((waiting) => {
			waiting.left -= requests;
			if (waiting.seen > this.#upTo && waiting.left > 0) return true;
			waiting.resolve();
			return false;
		});
	}

	/** The writer will answer nothing more: no read waits from now on. */
	end(): void {
		this.#isEnded = true;
		for (const { resolve } of this.#waiting.splice(0)) resolve();
	}
}
