/** The checkpoint of a subscription: what of its stream is settled, in few numbers. */
import type { Span } from "./spans.ts";
import type { Track } from "./state.ts";

/** How far a subscription has come. */
export type Checkpoint = {
	/** Everything below `next` is settled, except what is `open`. */
	readonly next: number;
	readonly open: readonly Span[];
};

/** After a restart, the server delivers again what is beyond this many spans. */
const SPANS_MAX = 5000;

export function checkpointOf({ next, open }: Track): Checkpoint {
	const spans: [number, number][] = [];
	for (const number of open.keys()) {
		const newest = spans.at(-1);
		if (newest && newest[1] === number - 1) newest[1] = number;
		else if (spans.length === SPANS_MAX) return { next: number, open: spans };
		else spans.push([number, number]);
	}
	// The last span ends where the read ended: a checkpoint that begins there says the same.
	const newest = spans.at(-1);
	if (newest?.[1] !== next - 1) return { next, open: spans };
	return { next: newest[0], open: spans.slice(0, -1) };
}

/** The first number that is not settled. */
export function firstOpen({ next, open }: Checkpoint): number {
	return open[0]?.[0] ?? next;
}

/** Says whether a number is still to be delivered. Callers ask for numbers that never fall. */
export function wantedBy({ next, open }: Checkpoint): (number: number) => boolean {
	let at = 0;
	return (number) => {
		if (number >= next) return true;
		while (at < open.length && (open[at] as Span)[1] < number) at++;
		const span = open[at];
		return span !== undefined && span[0] <= number;
	};
}
