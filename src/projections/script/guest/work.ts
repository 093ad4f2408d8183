/** A batch in work: what the host gets of it, and where it stands. */
import {
	type Batch,
	COLUMNS,
	FLAGS,
	HARD_DELETED,
	IS_EMPTY,
	SOFT_DELETED,
	STREAM,
	TYPE,
} from "./events/batch.ts";
import { type Envelope, envelopeOf, prototypeOf, type Reading } from "./events/envelope.ts";
import type { Violation } from "./language/output.ts";
import type { Call, Program } from "./language/program.ts";
import { stringify, textOf } from "./realm/intrinsics.ts";

export type WorkOptions = {
	readonly handOut: boolean;
	readonly results: "none" | "last" | "each";
	readonly trace: boolean;
};

/** As `Fault` of script.ts, before the host reads the line and the column from the stack. */
export type RawFault = {
	readonly kind: string;
	readonly message: string;
	readonly stack: string;
	readonly during: string | undefined;
	readonly event: number | undefined;
};

export type Handler = { readonly name: string; readonly call: Call | undefined };

/** What runs: for interruptions, which come from outside at any time. */
export type Phase = "partitions" | "events" | "results" | "over";

export class Work implements Reading {
	readonly batch: Batch;
	readonly options: WorkOptions;
	/** Batches are counted. */
	readonly number: number;
	/** By the number of the type. */
	readonly handlers: readonly (Handler | undefined)[];
	/** By event, of partitionBy; undefined: the event belongs to no partition. */
	readonly partitions: (string | undefined)[] = [];
	phase: Phase = "partitions";
	/** The event at hand, and the one before which to stop. */
	at = 0;
	end: number;
	/** What of the script runs now. */
	during: string | undefined;
	handled = 0;
	fault: RawFault | undefined;
	/** Of the envelopes of this batch. */
	readonly envelopes: object;
	readonly #program: Program;
	#seen: Envelope[] | undefined;

	constructor(batch: Batch, options: WorkOptions, program: Program, number: number) {
		this.number = number;
		this.batch = batch;
		this.options = options;
		this.end = batch.length;
		this.#program = program;
		this.envelopes = prototypeOf(this);
		const any = program.special("$any");
		this.handlers = batch.types.map((type) => {
			if (program.keepsData) return { name: "", call: undefined };
			const call = program.handlers.get(type);
			return call ? { name: type, call } : any && { name: "$any", call: any };
		});
	}

	/** What takes an event; undefined if nothing does. */
	handlerOf(event: number): Handler | undefined {
		const { numbers } = this.batch;
		const at = event * COLUMNS;
		const flags = numbers[at + FLAGS] as number;
		if (flags & DELETED) {
			const call = this.#program.special("$deleted");
			return call && { name: "$deleted", call };
		}
		return flags & IS_EMPTY ? undefined : this.handlers[numbers[at + TYPE] as number];
	}

	/** Undefined if the event belongs to none. */
	partitionOf(event: number): string | undefined {
		const { byStreams, partitionBy } = this.#program;
		if (byStreams)
			return this.batch.streams[this.batch.numbers[event * COLUMNS + STREAM] as number];
		return partitionBy ? this.partitions[event] : "";
	}

	/** The same for partitionBy and for the handler, with what was parsed of it. */
	envelope(event: number): Envelope {
		if (!this.#program.partitionBy) return envelopeOf(this.envelopes, event);
		this.#seen ??= [];
		this.#seen[event] ??= envelopeOf(this.envelopes, event);
		return this.#seen[event];
	}

	/** @param violation a limit that the script went over, whatever it threw then */
	failed(error: unknown, violation?: Violation): void {
		this.fault = { ...described(error), during: this.during, event: this.at, ...violation };
	}
}

/** What can be said of anything that was thrown, whatever it does when it is asked. */
export function described(error: unknown): Pick<RawFault, "kind" | "message" | "stack"> {
	const kind = "thrown";
	if (typeof error !== "object" || error === null)
		return { kind, message: `${textOf(error)} was thrown`, stack: "" };
	const [name, message, stack] = [
		asked(error, "name"),
		asked(error, "message"),
		asked(error, "stack"),
	];
	if (name === "RangeError" && message === ENGINE_SAYS_TOO_DEEP)
		return { kind: "stack", message: "calls, or what they read or write, nest too deep", stack };
	const text = [name, message].filter((part) => part !== "").join(": ");
	return { kind, message: text || `an object was thrown: ${shown(error)}`, stack };
}

const DELETED = SOFT_DELETED | HARD_DELETED;

const ENGINE_SAYS_TOO_DEEP = "Maximum call stack size exceeded";

function asked(error: object, member: string): string {
	try {
		const value = (error as Record<string, unknown>)[member];
		return typeof value === "string" ? value.slice(0, 2_000) : "";
	} catch {
		return "";
	}
}

function shown(error: object): string {
	try {
		return (stringify(error) ?? "").slice(0, 500);
	} catch {
		return "it has no JSON";
	}
}
