/** Reads where in the user's source a fault is from what the engine says about it. */

import type { ScriptEvent } from "../model/events.ts";
import { type Fault, type FaultKind, MESSAGE_CHARS_MAX } from "../model/fault.ts";
import type { RawFault } from "../process/protocol.ts";

/** A line of a stack: `    at name (projection.js:2:3)`, or without the name. */
const PLACE = /projection\.js:(\d{1,7}):(\d{1,7})\)?$/m;

/** @param events those of the batch, which the fault counts from `start` */
export function faultOf(raw: RawFault, events: readonly ScriptEvent[], start: number): Fault {
	const [, line, column] = PLACE.exec(raw.stack) ?? [];
	const index = raw.event === undefined ? undefined : raw.event + start;
	const event = index === undefined ? undefined : events[index];
	return {
		kind: raw.kind as FaultKind,
		message: raw.message.slice(0, MESSAGE_CHARS_MAX),
		line: line === undefined ? undefined : Number(line),
		column: column === undefined ? undefined : Number(column),
		during: raw.during,
		event: event && index !== undefined ? { index, ...keyOf(event) } : undefined,
	};
}

function keyOf({ position, stream, number, type }: ScriptEvent) {
	return { position, stream, number, type };
}
