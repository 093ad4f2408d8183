/** What the guest says of a batch, put together from its crossings. */

import type { ScriptEvent } from "../model/events.ts";
import type { Limits } from "../model/limits.ts";
import type { Emitted, HandedOut, LogLine, Outcome, Result, Step } from "../model/outcome.ts";
import type { RawFault } from "../process/protocol.ts";
import { faultOf } from "./place.ts";

/** JSON of guest/runner.ts. */
export type GuestOutcome = GuestProgress & GuestSaid;

type GuestProgress = {
	readonly done: number;
	readonly handled: number;
	readonly fault?: RawFault;
	readonly isLost?: boolean;
	readonly states?: HandedOut["partitions"];
	readonly shared?: string;
	/** How many are held. */
	readonly partitions: number;
};

type GuestSaid = {
	readonly emitted: readonly EmittedRow[];
	readonly results: readonly ResultRow[];
	readonly log: readonly (readonly [event: number, text: string])[];
	readonly steps?: readonly Step[];
};

type EmittedRow = readonly [
	event: number,
	partition: string,
	stream: string,
	type: string,
	isJson: boolean,
	data: string,
	metadata: string | null,
];

type ResultRow = readonly [event: number, partition: string, result: string | null];

/** One crossing: the events of the batch from `start` on. */
export type Crossing = {
	readonly events: readonly ScriptEvent[];
	readonly start: number;
	readonly heapBytes: number;
	readonly limits: Limits;
};

const NOTHING = { done: 0, handled: 0, emitted: [], results: [], log: [] };

/** What is left if the fault took the states with it. */
export function lostOutcome(fault: RawFault): GuestOutcome {
	return { ...NOTHING, fault, isLost: true, partitions: 0 };
}

/** Adds what one crossing gave to what those before it gave. */
export function merge(before: Outcome | undefined, part: GuestOutcome, from: Crossing): Outcome {
	const { events, start, heapBytes, limits } = from;
	const kept = part.isLost ? undefined : before;
	const held = { partitions: part.partitions, heapBytes, isFull: isFull(part, heapBytes, limits) };
	const steps = part.steps?.map((step) => ({ ...step, event: step.event + start }));
	return {
		done: part.isLost ? 0 : start + part.done,
		handled: (kept?.handled ?? 0) + part.handled,
		emitted: [...(kept?.emitted ?? []), ...emittedOf(part, start)],
		results: [...(kept?.results ?? []), ...resultsOf(part, start)],
		log: [...(before?.log ?? []), ...logOf(part, start)],
		...(part.states && { states: { partitions: part.states, shared: part.shared } }),
		...(steps && { steps: [...(kept?.steps ?? []), ...steps] }),
		...(part.fault && { fault: faultOf(part.fault, events, start) }),
		...(part.isLost && { isLost: true }),
		held,
	};
}

/** Of several results of one partition, which come from several crossings, only the last. */
export function lastResults(results: readonly Result[]): readonly Result[] {
	const last = new Map(results.map((result, at) => [result.partition, at]));
	return last.size === results.length
		? results
		: results.filter(({ partition }, at) => last.get(partition) === at);
}

function emittedOf({ emitted }: GuestOutcome, start: number): Emitted[] {
	let [last, index] = [-1, 0];
	return emitted.map(([event, partition, stream, type, isJson, data, metadata]) => {
		index = event === last ? index + 1 : 0;
		last = event;
		const what = { partition, stream, type, isJson, data, metadata: metadata ?? undefined };
		return { event: event + start, index, ...what };
	});
}

function resultsOf({ results }: GuestOutcome, start: number): Result[] {
	return results.map(([event, partition, result]) => {
		return { event: event + start, partition, result: result ?? undefined };
	});
}

function logOf({ log }: GuestOutcome, start: number): LogLine[] {
	return log.map(([event, text]) => ({ event: event + start, text }));
}

/** Half of what it may have is taken: what was handed out can be forgotten, what was not cannot. */
function isFull({ partitions }: GuestOutcome, heapBytes: number, limits: Limits): boolean {
	return partitions > limits.partitionsHeld || heapBytes > limits.heapBytes / 2;
}
