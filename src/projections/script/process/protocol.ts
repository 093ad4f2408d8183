/** What the server, the sandbox's process and its threads tell each other. */
import type { Limits } from "../model/limits.ts";

/** A script, by the number that the server gave it. */
export type ScriptId = number;

/** Server to process, and on to the thread of the script. */
export type Request =
	| Opening
	| { readonly kind: "call"; readonly script: ScriptId; readonly call: GuestCall }
	| { readonly kind: "close"; readonly script: ScriptId };

export type Opening = {
	readonly kind: "open";
	readonly script: ScriptId;
	readonly source: string;
	readonly limits: Limits;
	readonly mayEmit: boolean;
	/** There are states that the sandbox has not. */
	readonly isPartial: boolean;
};

/** What the guest is asked; all text but the numbers. */
export type GuestCall =
	| { readonly to: "run"; readonly batch: EncodedBatch; readonly options: string }
	| { readonly to: "supply"; readonly text: string }
	| { readonly to: "loadShared"; readonly text: string }
	| { readonly to: "look"; readonly partition: string; readonly isSupplied: boolean }
	| { readonly to: "forget"; readonly keep: number };

export type EncodedBatch = {
	/** JSON: types, streams. */
	readonly names: string;
	readonly numbers: Float64Array;
	readonly text: string;
};

/** Thread to process, and on to the server. Each open and each call is answered once. */
export type Reply =
	/** JSON of the guest. */
	| { readonly script: ScriptId; readonly answer: string; readonly heapBytes: number }
	| { readonly script: ScriptId; readonly fault: RawFault }
	/** The thread is gone, for what another script did in it. */
	| { readonly script: ScriptId; readonly lost: string };

/** Process to server, every second. */
export type Pulse = { readonly threads: number; readonly residentBytes: number };

/** A fault before its place is read from the stack. */
export type RawFault = {
	readonly kind: string;
	readonly message: string;
	readonly stack: string;
	readonly during?: string | undefined;
	/** Index within the batch. */
	readonly event?: number | undefined;
};

/** What a thread shares with its process: how often the guest told of progress, and who runs. */
export const TICKS = 0;
export const RUNNING = 1;
/** In RUNNING: no script. */
export const NONE = -1;
