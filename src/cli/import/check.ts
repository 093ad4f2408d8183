/** Checks the lines of a whole log as the server would: for a dry run. */
import { decodeLine } from "../../../feeds/moving/decode.ts";
import type { MovedEvent } from "../../log/moving/moves.ts";
import { faultOfEvent } from "../../log/moving/rules.ts";
import { lineFailure } from "./event.ts";

export class LogCheck {
	readonly streams = new Set<string>();
	#next = 0;

	get events(): number {
		return this.#next;
	}

	/**
	 * Checks the next line.
	 * @param text in latin1
	 * @throws Failure
	 */
	check(text: string, number: number): void {
		const event = decodeLine(text);
		if (typeof event === "string") throw lineFailure(number, event);
		const isNext = event.position === this.#next;
		const fault = isNext
			? faultOfEvent(event as MovedEvent)
			: `its position is ${event.position}, and not ${this.#next}`;
		if (fault !== undefined) throw lineFailure(number, fault);
		this.#next++;
		this.streams.add(event.stream);
	}
}
