/**
 * How far the listeners have heard, and the reads that wait until they have.
 *
 *     commit ─▶ on disk, so a read finds it ─▶ the writer's answer ─▶ listeners told
 *                      └──────────── a read waits here ─────────────────────┘
 *
 * A position that no request in flight can hold is waited for by nobody: a damaged log may name one
 * that was never committed.
 */
type WaitingRead = {
	readonly seen: number;
	/** How many answers may still come before the one that tells of it. */
	left: number;
	readonly resolve: () => void;
};

export class ListenerProgress {
	#upTo: number;
	#waiting: WaitingRead[] = [];

	/** @param upTo where the log was when it was opened, or less */
	constructor(upTo: number) {
		this.#upTo = upTo;
	}

	/**
	 * Undefined if the listeners have heard of it; else a promise that resolves once they have.
	 * @param seen what a read has found: a position, or a number of erasures
	 * @param inFlight the requests to the writer that are not answered: one of them may have made it
	 */
	reached(seen: number, inFlight: number): Promise<void> | undefined {
		if (seen <= this.#upTo || inFlight === 0) return undefined;
		return new Promise((resolve) => {
			this.#waiting.push({ seen, left: inFlight, resolve });
		});
	}

	/** The oldest request was answered; what it committed, up to here, the listeners know. */
	answered(upTo: number): void {
		this.#upTo = Math.max(this.#upTo, upTo);
		if (this.#waiting.length === 0) return;
		this.#waiting = this.#waiting.filter((waiting) => {
			waiting.left--;
			if (waiting.seen > this.#upTo && waiting.left > 0) return true;
			waiting.resolve();
			return false;
		});
	}

	/** Nothing will be answered any more. */
	end(): void {
		for (const { resolve } of this.#waiting.splice(0)) resolve();
	}
}
