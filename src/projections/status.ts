/** How a projection stands, in the contract's words (8.3) and in ours. */
import type { Mode } from "./definition.ts";
import type { Fault } from "./script/script.ts";

export type ManagerState =
	| "Creating"
	| "Preparing"
	| "Running"
	| "Stopping"
	| "Aborting"
	| "Stopped"
	| "Aborted"
	| "Completed"
	| "Faulted";

export type Standing = Identity & {
	/** As clients of the contract know it: `Running`, `Faulted (Enabled)` … */
	readonly status: string;
	/** Why it does not run, or what it waits for; "" if there is nothing to say. */
	readonly reason: string;
	readonly fault: Fault | undefined;
	readonly progress: Progress;
	readonly work: Work;
	/** Undefined for one that makes no results. */
	readonly resultStream: string | undefined;
	/** How the query stands that runs beside this one. */
	readonly candidate: Standing | undefined;
};

/** Which projection it is, and whose. */
export type Identity = {
	readonly name: string;
	readonly mode: Mode;
	/** Whether the log does its work: see `system.ts`. */
	readonly isSystem: boolean;
	readonly isEnabled: boolean;
	readonly author: string;
	readonly version: number;
	readonly epoch: number;
};

export type Progress = {
	/** Everything before this position is handled. */
	readonly next: number;
	/** The first position beyond the log. */
	readonly end: number;
	/** Events of the log that it has not come to; 0 for one that waits at the head. */
	readonly lag: number;
	/** Tags in JSON; "" for none. */
	readonly position: string;
	readonly lastCheckpoint: string;
	/** Events that its handlers have seen, since it began or was reset. */
	readonly handled: number;
};

export type Work = {
	/** Since the start. */
	readonly events: number;
	readonly scriptMs: number;
	readonly emitted: number;
	readonly writing: number;
	readonly buffered: number;
	readonly partitions: number;
	readonly heapBytes: number;
};

/** Of one run. */
export type RunCounts = {
	/** Events that the script has seen since the start. */
	events: number;
	/** Milliseconds that it took for them. */
	scriptMs: number;
	partitions: number;
	heapBytes: number;
};

export const NO_WORK: Work = {
	events: 0,
	scriptMs: 0,
	emitted: 0,
	writing: 0,
	buffered: 0,
	partitions: 0,
	heapBytes: 0,
};

/** @param isEnabled whether it is to run */
export function statusOf(state: ManagerState, isEnabled: boolean): string {
	const isIdle = state === "Stopped" || state === "Faulted";
	if (state === "Aborted") return "Aborted/Stopped";
	return isIdle && isEnabled ? `${state} (Enabled)` : state;
}

/** A fault in a sentence, with its place in the query and the event that caused it. */
export function describeFault({ message, line, column, during, event }: Fault): string {
	const place =
		line === undefined ? "" : ` at line ${line}${column === undefined ? "" : `, column ${column}`}`;
	const inside = during === undefined ? "" : ` in ${during}`;
	const cause =
		event === undefined
			? ""
			: `, on ${event.number}@${event.stream} (${event.type}, position ${event.position})`;
	return `${message}${place}${inside}${cause}`;
}
