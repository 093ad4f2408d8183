/** How far a reader has come, on a terminal, while the events go to a file or another program. */
import type { Progress as Reached } from "../../../feeds/reader/pages/progress.ts";
import { Progress } from "./progress.ts";

export class ShownReading {
	readonly #from: number;
	readonly #bar: Progress | undefined;
	#last: Reached | undefined;

	/** @param from the first event that the reader is to hand out */
	constructor(from: number) {
		const { stderr, stdout } = process;
		this.#from = from;
		// On one terminal, lines and a bar would overwrite each other.
		const isSeen = stderr.isTTY && !stdout.isTTY;
		const measure = {
			events: () => this.#last?.events ?? 0,
			fraction: () => this.#fraction(),
		};
		this.#bar = isSeen ? new Progress(stderr, measure) : undefined;
	}

	/** For the reader: nothing if nobody would see it. */
	get options(): { readonly onProgress?: (reached: Reached) => void } {
		if (this.#bar === undefined) return {};
		return {
			onProgress: (reached) => {
				this.#last = reached;
			},
		};
	}

	/** Removes the bar. */
	close(): void {
		this.#bar?.close();
	}

	#fraction(): number | undefined {
		const { at = this.#from - 1, head } = this.#last ?? {};
		if (head === undefined || head < this.#from) return undefined;
		return (at - this.#from + 1) / (head - this.#from + 1);
	}
}
