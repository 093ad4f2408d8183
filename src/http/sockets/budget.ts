/**
 * A limit on the memory that clients decide about: bodies that they have not sent to the end, and
 * answers that they have not taken. When memory runs out, the slowest clients are disconnected,
 * oldest first. All other clients keep what they hold. Otherwise, if many readers share a slow
 * link, none would ever finish: those who come again would push out the others.
 */

/** A client that holds memory for less long is not too slow: it may be as fast as any. */
const PATIENCE_MS = 5_000;
/** A client that moves so many bytes in a millisecond (2 MBit/s) is not too slow. */
const BYTES_PER_MS = 256;

/** Milliseconds for which a client may hold so many bytes. */
function patienceFor(bytes: number): number {
	return PATIENCE_MS + bytes / BYTES_PER_MS;
}

type Holding = { bytes: number; readonly since: number; readonly giveUp: () => void };

export class Budget {
	/** In bytes; one holder alone may have more. */
	readonly limit: number;
	/** Oldest first. */
	readonly #held = new Map<object, Holding>();
	#bytes = 0;

	readonly #patience: typeof patienceFor;

	constructor(limit: number, patience = patienceFor) {
		this.limit = limit;
		this.#patience = patience;
	}

	/**
	 * Counts bytes in, on top of what the holder has.
	 * @param giveUp called when others need the room; the holder then counts no bytes any more
	 * @returns false if there is no room: nothing was counted in
	 */
	hold(holder: object, bytes: number, giveUp: () => void): boolean {
		const held = this.#held.get(holder);
		if (!this.#makeRoom(bytes, held)) return false;
		this.#bytes += bytes;
		if (held) held.bytes += bytes;
		else this.#held.set(holder, { bytes, since: performance.now(), giveUp });
		return true;
	}

	/** Starts the holder's time anew. */
	renew(holder: object): void {
		const held = this.#held.get(holder);
		if (held === undefined) return;
		this.#held.delete(holder);
		this.#held.set(holder, { ...held, since: performance.now() });
	}

	release(holder: object): void {
		this.#bytes -= this.#held.get(holder)?.bytes ?? 0;
		this.#held.delete(holder);
	}

	/** Disconnects no client if that would not free enough. */
	#makeRoom(bytes: number, asking: Holding | undefined): boolean {
		const missing = this.#bytes + bytes - this.limit;
		const ofOthers = this.#bytes - (asking?.bytes ?? 0);
		const leaving = this.#tooSlow(Math.min(missing, ofOthers), asking);
		for (const [holder, { giveUp }] of leaving ?? []) {
			this.release(holder);
			giveUp();
		}
		return leaving !== undefined;
	}

	/** The slow holders that free so many bytes; undefined if all of them together cannot. */
	#tooSlow(bytes: number, asking: Holding | undefined): Array<[object, Holding]> | undefined {
		const found: Array<[object, Holding]> = [];
		const now = performance.now();
		let missing = bytes;
		for (const [holder, held] of this.#held) {
			if (missing <= 0 || held.since + this.#patience(0) > now) break;
			if (held === asking || held.since + this.#patience(held.bytes) > now) continue;
			found.push([holder, held]);
			missing -= held.bytes;
		}
		return missing > 0 ? undefined : found;
	}
}
