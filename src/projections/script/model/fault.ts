/** What a script did wrong, and where. */

/**
 * - `source`: too long, or not JavaScript.
 * - `definition`: its body uses the language wrongly, or throws.
 * - `thrown`: a handler, transform or partition function threw.
 * - `time`, `memory`, `stack`, `state-size`, `emitted`, `log`: it went over that limit.
 * - `engine`: the engine around it failed in a way that is none of these.
 */
export type FaultKind =
	| "source"
	| "definition"
	| "thrown"
	| "time"
	| "memory"
	| "stack"
	| "state-size"
	| "emitted"
	| "log"
	| "engine";

export type Fault = {
	readonly kind: FaultKind;
	/** For people; at most `MESSAGE_CHARS_MAX` long. */
	readonly message: string;
	/** In the user's source, from 1; undefined if the engine cannot say. */
	readonly line: number | undefined;
	readonly column: number | undefined;
	/** What ran: a key of `when`, `partitionBy`, `transformBy`, `filterBy`; undefined in the body. */
	readonly during: string | undefined;
	/** The event that caused it; undefined in the body. */
	readonly event: FaultEvent | undefined;
};

export type FaultEvent = {
	/** Its index within the batch. */
	readonly index: number;
	readonly position: number;
	readonly stream: string;
	readonly number: number;
	readonly type: string;
};

/** A script can say what it likes as a message. */
export const MESSAGE_CHARS_MAX = 2_000;

export class ScriptFault extends Error {
	override readonly name = "ScriptFault";
	readonly fault: Fault;

	constructor(fault: Fault) {
		super(fault.message);
		this.fault = fault;
	}
}
