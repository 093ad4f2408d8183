/** What a script says besides its state: emitted events, links, log lines. */
import {
	defineProperty,
	freeze,
	isArray,
	isSafeInteger,
	OwnTypeError,
	stringify,
	textOf,
} from "../realm/intrinsics.ts";
import type { Call } from "./program.ts";

/** Of a log line. */
const LINE_CHARS_MAX = 4_000;

/** As `Emitted` of script.ts, without what the host counts. */
export type EmittedRow = readonly [
	event: number,
	partition: string,
	stream: string,
	type: string,
	isJson: boolean,
	data: string,
	metadata: string | undefined,
];

export type OutputLimits = {
	readonly emittedPerEvent: number;
	readonly logLinesPerEvent: number;
};

/** Thrown for what a script may not swallow: `Output.violation` keeps it. */
export type Violation = { readonly kind: "emitted" | "log"; readonly message: string };

export class Output {
	emitted: EmittedRow[] = [];
	log: (readonly [event: number, text: string])[] = [];
	violation: Violation | undefined;
	/** Whose handler runs: only then a script is heard. Plain, since it is set for each event. */
	event: number | undefined = undefined;
	partition = "";
	readonly #mayEmit: boolean;
	readonly #limits: OutputLimits;
	readonly #emittedCount = new EventCount();
	readonly #loggedCount = new EventCount();

	constructor(mayEmit: boolean, limits: OutputLimits) {
		this.#mayEmit = mayEmit;
		this.#limits = limits;
	}

	/** Forgets what the event emitted; what it logged may say why it failed. */
	rollBack(event: number): void {
		while (this.emitted[this.emitted.length - 1]?.[0] === event) this.emitted.pop();
		this.event = undefined;
		this.violation = undefined;
	}

	/** What a batch said, which is then forgotten. */
	take(): { readonly emitted: readonly EmittedRow[]; readonly log: Output["log"] } {
		const { emitted, log } = this;
		this.emitted = [];
		this.log = [];
		this.#emittedCount.forget();
		this.#loggedCount.forget();
		return { emitted, log };
	}

	emit(stream: unknown, type: unknown, body: unknown, metadata?: unknown): void {
		const into = nonBlank("the stream", stream);
		const as = nonBlank("the type", type);
		if (typeof body !== "object" || body === null)
			throw new OwnTypeError("the body of an emitted event is an object");
		const data: string | undefined = stringify(body);
		if (data === undefined) throw new OwnTypeError("the body of an emitted event has no JSON");
		this.#put(into, as, true, data, metadata);
	}

	linkTo(stream: unknown, event: unknown, metadata?: unknown): void {
		const into = nonBlank("the stream", stream);
		const { sequenceNumber, streamId } = Object(event) as Record<string, unknown>;
		if (
			!isSafeInteger(sequenceNumber) ||
			(sequenceNumber as number) < 0 ||
			typeof streamId !== "string"
		)
			throw new OwnTypeError("linkTo takes an event: it has a sequenceNumber and a streamId");
		this.#put(into, "$>", false, `${sequenceNumber}@${streamId}`, metadata);
	}

	linkStreamTo(stream: unknown, linked: unknown, metadata?: unknown): void {
		const into = nonBlank("the stream", stream);
		this.#put(into, "$@", false, nonBlank("the linked stream", linked), metadata);
	}

	write(...said: unknown[]): void {
		if (this.event === undefined) return;
		if (this.#loggedCount.next(this.event) > this.#limits.logLinesPerEvent)
			throw this.#violates("log", `an event may log ${this.#limits.logLinesPerEvent} lines`);
		const text = said.map((value) => shown(value)).join(" ");
		this.log.push([this.event, text.slice(0, LINE_CHARS_MAX)]);
	}

	#put(stream: string, type: string, isJson: boolean, data: string, metadata: unknown): void {
		if (this.event === undefined)
			throw new OwnTypeError(
				"only handlers of events emit: no body, $init, transform or partitionBy",
			);
		if (!this.#mayEmit) throw new OwnTypeError("this projection is not allowed to emit");
		if (
			metadata !== undefined &&
			metadata !== null &&
			(typeof metadata !== "object" || isArray(metadata))
		)
			throw new OwnTypeError("the metadata of an emitted event is an object");
		if (this.#emittedCount.next(this.event) > this.#limits.emittedPerEvent)
			throw this.#violates("emitted", `an event may emit ${this.#limits.emittedPerEvent} events`);
		const text = metadata === undefined || metadata === null ? undefined : stringify(metadata);
		this.emitted.push([this.event, this.partition, stream, type, isJson, data, text]);
	}

	#violates(kind: Violation["kind"], message: string): Error {
		this.violation = { kind, message };
		return new OwnTypeError(message);
	}
}

class EventCount {
	#event: number | undefined;
	#count = 0;

	/** Counts one more of an event. */
	next(event: number): number {
		if (this.#event !== event) this.#count = 0;
		this.#event = event;
		this.#count++;
		return this.#count;
	}

	forget(): void {
		this.#event = undefined;
	}
}

/** Gives scripts their functions for it; they stay. */
export function offerOutput(output: Output): void {
	const functions: Record<string, Call> = {
		emit: (stream, type, body, metadata) => output.emit(stream, type, body, metadata),
		linkTo: (stream, event, metadata) => output.linkTo(stream, event, metadata),
		linkStreamTo: (stream, linked, metadata) => output.linkStreamTo(stream, linked, metadata),
		// Scripts of other servers call it; it has never done anything.
		copyTo: () => undefined,
		log: (...said) => output.write(...said),
	};
	for (const [name, value] of Object.entries(functions))
		defineProperty(globalThis, name, { value: freeze(value), configurable: true, writable: true });
}

function nonBlank(what: string, value: unknown): string {
	if (typeof value !== "string" || value.trim() === "")
		throw new OwnTypeError(`${what} is a text that is not blank`);
	return value;
}

function shown(value: unknown): string {
	if (typeof value === "string") return value;
	if (typeof value === "object" && value !== null) return stringify(value) ?? "";
	return textOf(value);
}
