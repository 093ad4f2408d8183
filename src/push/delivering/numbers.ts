/** What all pushes of a server count. */
import { OUTCOMES, type OutcomeWord } from "../sending/outcome.ts";

export class PushNumbers {
	readonly attempts = new Map<OutcomeWord, number>(OUTCOMES.map((word) => [word, 0]));
	events = 0;
	parked = 0;
	/** Entries that a callback of the hub did not take, and that were given up. */
	dropped = 0;
	/** Events that their readers may not read, and so did not get. */
	withheld = 0;
	durationMs = 0;

	count(word: OutcomeWord, durationMs: number): void {
		this.attempts.set(word, (this.attempts.get(word) ?? 0) + 1);
		this.durationMs += durationMs;
	}
}
