/**
 * A bound for memory that the other end of a connection decides about: bodies it has not sent to
 * their end, and answers it has not taken. Who is too slow for what he holds gives way, the oldest
 * first. All others keep what they have, or nobody would come to an end where many readers share a
 * slow link: each would be sent away by those who come again.
 */

/** What is held for less long is not taken away: its other end may be as fast as any. */
const PATIENCE_MS = 5_000;
/** Who moves so many bytes in a millisecond, 2 MBit/s, is not too slow. */
const BYTES_PER_MS = 256;

/** Milliseconds in which nobody is sent away for what he holds. */
function patienceFor(bytes: number): number {
	return PATIENCE_MS + bytes / BYTES_PER_MS;
}

type Held = { bytes: number; readonly since: number; readonly giveUp: () => void };

export class Budget {
	/** In bytes; one holder alone may have more. */
	readonly limit: number;
	/** Oldest first. */
	readonly #held = new Map<object, Held>();
	#bytes = 0;

	readonly #patience: typeof patienceFor;

	constructor(limit: number, patience = patienceFor) {
		this.limit = limit;
		this.#patience = patience;
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

	/** Sends nobody away where that would not be enough. */
	#makeRoom(bytes: number, asking: Held | undefined): boolean {
		const missing = this.#bytes + bytes - this.limit;
		const ofOthers = this.#bytes - (asking?.bytes ?? 0);
		const leaving = this.#tooSlow(Math.min(missing, ofOthers), asking);
		for (const [holder, { giveUp }] of leaving ?? []) {
			this.release(holder);
			giveUp();
		}
		return leaving !== undefined;
	}

	/** Those who can make room for so many bytes; undefined where all of them cannot. */
	#tooSlow(bytes: number, asking: Held | undefined): Array<[object, Held]> | undefined {
		const found: Array<[object, Held]> = [];
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
