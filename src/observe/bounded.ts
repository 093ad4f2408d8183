/**
 * Writes the lines of the operator log to a stream, and never waits for it. What the stream does
 * not take is held up to a limit; further lines are lost, and counted. The first line that goes out
 * again says how many were lost.
 *
 *     lines ─▶ stream ─┬─ takes it ──────────────▶ written
 *                      └─ nobody reads it, or full ─▶ lost ─▶ "37 lines of this log were lost"
 */
import type { StandardStream } from "./standard.ts";

/** About 5,000 lines. */
export const WAITING_BYTES_MAX = 1024 * 1024;

export class BoundedLines {
	readonly #stream: StandardStream;
	readonly #onLost: (lines: number) => void;
	#lost = 0;

	/** @param onLost called once lines go out again, after some were lost; it may write one */
	constructor(stream: StandardStream, onLost: (lines: number) => void) {
		this.#stream = stream;
		this.#onLost = onLost;
	}

	readonly write = (line: string): void => {
		if (this.#stream.waiting() > WAITING_BYTES_MAX) {
			this.#lost++;
			return;
		}
		this.#stream.write(line, (error) => {
			if (error) this.#lost++;
			else this.#tellOfLost();
		});
	};

	#tellOfLost(): void {
		const lost = this.#lost;
		if (lost === 0) return;
		this.#lost = 0;
		this.#onLost(lost);
	}
}
