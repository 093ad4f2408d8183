/**
 * The circuit of a target: after several failures in a row nothing is sent for a while, then one
 * attempt decides. What waits is not tried, so it is not parked for a target that is down.
 *
 *     closed ──failures in a row──▶ open ──time──▶ half-open ──success──▶ closed
 *                                    ▲                 │
 *                                    └────failure──────┘   each time for longer
 */

export type Circuit =
	| { readonly is: "closed"; readonly failures: number }
	| { readonly is: "open"; readonly untilMs: number; readonly opened: number }
	| { readonly is: "half-open"; readonly opened: number };

/** Fewer may be bad luck with one event. */
const FAILURES_MAX = 5;
/** An open circuit costs its webhook so much delay at most. */
const OPEN_MS_MAX = 10 * 60 * 1000;

export const CLOSED: Circuit = { is: "closed", failures: 0 };

/**
 * @param firstMs how long it opens for the first time; each time after that twice as long
 * @param askedMs how long the target asked to be left alone
 * @param nowMs by a clock that never goes back
 */
export function afterAttempt(
	circuit: Circuit,
	isSuccess: boolean,
	{ firstMs, askedMs = 0, nowMs }: { firstMs: number; askedMs?: number | undefined; nowMs: number },
): Circuit {
	if (isSuccess) return circuit.is === "open" && circuit.untilMs > nowMs ? circuit : CLOSED;
	// Attempts that were under way when it opened say nothing new.
	if (circuit.is === "open") {
		return { ...circuit, untilMs: Math.max(circuit.untilMs, nowMs + askedMs) };
	}
	const failures = circuit.is === "closed" ? circuit.failures + 1 : FAILURES_MAX;
	if (askedMs === 0 && failures < FAILURES_MAX) return { is: "closed", failures };
	const opened = circuit.is === "closed" ? 1 : circuit.opened + 1;
	const openMs = Math.min(firstMs * 2 ** Math.min(opened - 1, 30), OPEN_MS_MAX);
	return { is: "open", untilMs: nowMs + Math.max(openMs, askedMs), opened };
}

/** An open circuit whose time is over lets one attempt through. */
export function afterTime(circuit: Circuit, nowMs: number): Circuit {
	if (circuit.is !== "open" || circuit.untilMs > nowMs) return circuit;
	return { is: "half-open", opened: circuit.opened };
}

/** How many attempts may be under way. */
export function attemptsAllowed(circuit: Circuit, concurrency: number): number {
	if (circuit.is === "open") return 0;
	// One that fails is asked for less, until it is well again.
	if (circuit.is === "half-open") return 1;
	return Math.max(1, concurrency >> circuit.failures);
}
