/** How far somebody has come with the log: its events, and its erasures. */
export type Heard = {
	/** The position of the first event that nobody has heard of. */
	readonly next: number;
	readonly erasures: number;
};

export const NOTHING_HEARD: Heard = { next: 0, erasures: 0 };

export function newest(one: Heard, other: Heard): Heard {
	return {
		next: Math.max(one.next, other.next),
		erasures: Math.max(one.erasures, other.erasures),
	};
}

/** Whether the other one has more of anything. */
export function isBefore(one: Heard, other: Heard): boolean {
	return one.next < other.next || one.erasures < other.erasures;
}

/** The end of the log, of its row. */
export function heardOf({ next, erasures }: Readonly<Record<string, unknown>>): Heard {
	return { next: Number(next), erasures: Number(erasures) };
}
