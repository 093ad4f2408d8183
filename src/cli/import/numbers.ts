/**
 * Which events of each stream an import leaves out, and so which numbers the others get. An event
 * that was left out below another one makes the number of that smaller by one.
 */
type Span = { from: number; to: number };

export class Numbers {
	/** By stream: the versions that are left out, ascending, in spans that do not touch. */
	readonly #leftOut = new Map<string, Span[]>();
	/** By stream: events that only the copy has, below all that are still to come. */
	readonly #added = new Map<string, number>();

	/** How many streams have other numbers than in the source. */
	get streams(): number {
		return new Set([...this.#leftOut.keys(), ...this.#added.keys()]).size;
	}

	/** Leaves out versions that follow those left out before. */
	leaveOut(stream: string, from: number, to = from): void {
		const spans = this.#leftOut.get(stream) ?? [];
		const last = spans.at(-1);
		if (last && last.to + 1 >= from) last.to = Math.max(last.to, to);
		else spans.push({ from, to });
		this.#leftOut.set(stream, spans);
	}

	add(stream: string): void {
		this.#added.set(stream, (this.#added.get(stream) ?? 0) + 1);
	}

	/** @returns the version in the copy; undefined if the event is left out */
	of(stream: string, version: number): number | undefined {
		let less = 0;
		for (const { from, to } of this.#leftOut.get(stream) ?? []) {
			if (from > version) break;
			if (version <= to) return undefined;
			less += to - from + 1;
		}
		return version - less + (this.#added.get(stream) ?? 0);
	}

	/** The version in the copy of the first event that is not below `version`. */
	firstFrom(stream: string, version: number): number {
		let less = 0;
		for (const { from, to } of this.#leftOut.get(stream) ?? []) {
			if (from >= version) break;
			less += Math.min(to, version - 1) - from + 1;
		}
		return version - less;
	}
}
