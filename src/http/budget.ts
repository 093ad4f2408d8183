/**
 * A bound for memory that the other end of a connection decides about: bodies it has not sent to
 * their end, and answers it has not taken. The oldest go first: who is served in the usual time is
 * never among them.
 */

/** What is held for less long is not taken away: its other end may be as fast as any. */
const PATIENCE_MS = 5_000;

type Held = { bytes: number; readonly since: number; readonly giveUp: () => void };

export class Budget {
	/** In bytes; one holder alone may have more. */
	readonly limit: number;
	/** Oldest first. */
	readonly #held = new Map<object, Held>();
	#bytes = 0;

	readonly #patienceMs: number;

	constructor(limit: number, patienceMs = PATIENCE_MS) {
		this.limit = limit;
		this.#patienceMs = patienceMs;
	}

	/**
	 * Counts bytes in, on top of what the holder has.
	 * @param giveUp told when others need the room; nothing is counted for the holder any more then
	 * @returns false where there is no room: nothing was counted in
	 */
	hold(holder: object, bytes: number, giveUp: () => void): boolean {
		const held = this.#held.get(holder);
		if (!this.#makeRoom(bytes, held)) return false;
		this.#bytes += bytes;
		if (held) held.bytes += bytes;
		else this.#held.set(holder, { bytes, since: performance.now(), giveUp });
		return true;
	}

	release(holder: object): void {
		this.#bytes -= this.#held.get(holder)?.bytes ?? 0;
		this.#held.delete(holder);
	}

	#makeRoom(bytes: number, asking: Held | undefined): boolean {
		const wanting = () => this.#bytes + bytes > this.limit;
		if (!wanting()) return true;
		const old = performance.now() - this.#patienceMs;
		for (const [holder, held] of this.#held) {
			if (held.since > old) break;
			if (held === asking) continue;
			this.release(holder);
			held.giveUp();
			if (!wanting()) return true;
		}
		return this.#bytes === (asking?.bytes ?? 0);
	}
}
