/**
 * The language of projections as its rules say, in plain JavaScript: no sandbox, no proxies, no
 * batches. The state is written as JSON after each event, and read before the next.
 */
import type { ScriptEvent } from "../../../src/projections/script/script.ts";

type Call = (...given: unknown[]) => unknown;

export type ReferenceOutcome = {
	readonly done: number;
	readonly states: readonly string[];
	readonly shared: string | undefined;
	readonly emitted: readonly unknown[];
	readonly results: readonly unknown[];
	readonly log: readonly unknown[];
	/** What failed; messages are the engine's own. */
	readonly during: string | undefined;
};

type Program = {
	handlers: Record<string, Call>;
	byStreams: boolean;
	partitionBy: Call | undefined;
	transforms: [kind: "transformBy" | "filterBy", call: Call][];
};

export function evaluate(source: string, events: readonly ScriptEvent[]): ReferenceOutcome {
	const run = new Run();
	const program = run.read(source);
	let done = 0;
	try {
		for (const event of events) {
			run.begin(event, done);
			run.take(program, event);
			done++;
		}
		return run.outcome(done, undefined);
	} catch {
		run.undo(done);
		return run.outcome(done, run.during);
	}
}

class Run {
	during = "";
	readonly #states = new Map<string, string>();
	#shared: string | undefined;
	readonly #emitted: unknown[][] = [];
	readonly #results: unknown[][] = [];
	readonly #log: unknown[][] = [];
	#event = 0;
	#created = 0;
	#partition = "";
	/** Of the event at hand: for undoing it. */
	#before: [states: Map<string, string>, shared: string | undefined] = [new Map(), undefined];

	read(source: string): Program {
		const program: Program = {
			handlers: {},
			byStreams: false,
			partitionBy: undefined,
			transforms: [],
		};
		const chain = {
			when: (handlers: Record<string, Call>) => {
				program.handlers = handlers;
				return chain;
			},
			foreachStream: () => {
				program.byStreams = true;
				return chain;
			},
			partitionBy: (by: Call) => {
				program.partitionBy = by;
				return chain;
			},
			transformBy: (by: Call) => {
				program.transforms.push(["transformBy", by]);
				return chain;
			},
			filterBy: (by: Call) => {
				program.transforms.push(["filterBy", by]);
				return chain;
			},
			outputState: () => chain,
			outputTo: () => chain,
		};
		const select = () => chain;
		const now = () => this.#created;
		const EventDate = class extends Date {
			constructor(...given: [] | [number]) {
				super(given.length === 0 ? now() : given[0]);
			}
		};
		const selectors = ["fromAll", "fromCategory", "fromCategories", "fromStream", "fromStreams"];
		const names = [...selectors, "emit", "linkTo", "linkStreamTo", "log", "Date"];
		new Function(...names, source)(
			...selectors.map(() => select),
			(stream: string, type: string, body: unknown, metadata: unknown) =>
				this.#say(stream, type, true, written(body), metadata),
			(stream: string, e: ReturnType<typeof envelopeOf>, metadata: unknown) =>
				this.#say(stream, "$>", false, `${e.sequenceNumber}@${e.streamId}`, metadata),
			(stream: string, linked: string, metadata: unknown) =>
				this.#say(stream, "$@", false, linked, metadata),
			(...said: unknown[]) => {
				const shown = (value: unknown) =>
					Object(value) === value ? written(value) : String(value);
				this.#log.push([this.#event, said.map(shown).join(" ")]);
			},
			EventDate,
		);
		return program;
	}

	begin(event: ScriptEvent, at: number): void {
		this.#event = at;
		this.#created = event.created;
		this.#before = [new Map(this.#states), this.#shared];
	}

	take(program: Program, event: ScriptEvent): void {
		const { handlers } = program;
		const name = handlerOf(handlers, event);
		if (name === undefined) return;
		const envelope = envelopeOf(event);
		this.during = "partitionBy";
		const partition = program.byStreams ? event.stream : program.partitionBy?.(envelope);
		const isNamed =
			(typeof partition === "string" && partition !== "") || typeof partition === "number";
		if ((program.byStreams || program.partitionBy) && !isNamed) return;
		this.#partition = isNamed ? String(partition) : "";
		envelope.partition = this.#partition;
		this.#fold(handlers, name, envelope, event);
		this.#transform(program);
	}

	undo(at: number): void {
		const [states, shared] = this.#before;
		this.#states.clear();
		for (const [partition, state] of states) this.#states.set(partition, state);
		this.#shared = shared;
		while (this.#emitted.at(-1)?.[0] === at) this.#emitted.pop();
	}

	outcome(done: number, during: string | undefined): ReferenceOutcome {
		return {
			...{ done, during, shared: this.#shared },
			states: [...this.#states].map(([name, state]) => `${name}=${state}`).sort(),
			...{ emitted: this.#emitted, results: this.#results, log: this.#log },
		};
	}

	#fold(handlers: Program["handlers"], name: string, envelope: unknown, event: ScriptEvent): void {
		const isBiState = handlers.$initShared !== undefined;
		if (isBiState && this.#shared === undefined) {
			this.during = "$initShared";
			this.#shared = written(handlers.$initShared?.() ?? {});
		}
		const partition = this.#partition;
		if (!this.#states.has(partition)) {
			this.during = "$init";
			const state = handlers.$init?.();
			this.#states.set(partition, written(state === undefined ? {} : state));
			if (handlers.$created && partition !== "") {
				this.during = "$created";
				this.#call(isBiState, (given) => void handlers.$created?.(given, envelope));
			}
		}
		this.during = name;
		if (name === "") {
			const data = event.isJson ? JSON.parse(event.data) : event.data;
			this.#states.set(partition, written(data));
		} else if (name === "$deleted") {
			const isSoft = event.deleted === "soft";
			this.#call(false, (given) => void handlers.$deleted?.(given, null, partition, isSoft));
		} else this.#call(isBiState, (given) => handlers[name]?.(given, envelope));
	}

	#call(isBiState: boolean, call: Call): void {
		const partition = this.#partition;
		const own = JSON.parse(this.#states.get(partition) ?? "");
		const state = isBiState ? [own, JSON.parse(this.#shared ?? "")] : own;
		const returned = call(state);
		const next = returned === undefined ? state : returned;
		if (!isBiState) this.#states.set(partition, written(next));
		else {
			const [ownNext, sharedNext] = next as [unknown, unknown];
			const texts = [written(ownNext), written(sharedNext)] as const;
			this.#states.set(partition, texts[0]);
			this.#shared = texts[1];
		}
	}

	#transform({ transforms, handlers }: Program): void {
		const own = JSON.parse(this.#states.get(this.#partition) ?? "");
		let result: unknown = handlers.$initShared ? [own, JSON.parse(this.#shared ?? "")] : own;
		for (const [kind, call] of transforms) {
			if (result === null || result === undefined) break;
			this.during = kind;
			const returned = call(result);
			if (kind === "transformBy") result = returned;
			else if (returned !== true) result = null;
		}
		const text =
			result === null || result === undefined ? undefined : JSON.stringify(result, plain);
		this.#results.push([this.#event, this.#partition, text]);
	}

	#say(stream: string, type: string, isJson: boolean, data: string, metadata: unknown): void {
		const text = metadata === undefined ? undefined : written(metadata);
		this.#emitted.push([this.#event, this.#partition, stream, type, isJson, data, text]);
	}
}

/** @returns undefined if nothing takes it; "" if its data is the state */
function handlerOf(handlers: Program["handlers"], event: ScriptEvent): string | undefined {
	if (event.deleted) return handlers.$deleted && "$deleted";
	if (event.isJson && event.data === "") return undefined;
	const types = Object.keys(handlers).filter((name) => name === "$any" || !name.startsWith("$"));
	if (types.length === 0) return "";
	if (types.includes(event.type)) return event.type;
	return handlers.$any && "$any";
}

function envelopeOf(event: ScriptEvent) {
	const body: unknown = event.isJson ? JSON.parse(event.data) : undefined;
	return {
		...{ streamId: event.stream, sequenceNumber: event.number, eventType: event.type },
		...{
			eventId: event.id,
			isJson: event.isJson,
			bodyRaw: event.data,
			metadataRaw: event.metadata,
		},
		...{ body, data: body, created: new Date(event.created).toISOString() },
		metadata: parsedOrNone(event.metadata),
		linkMetadataRaw: event.linkMetadata,
		linkMetadata: parsedOrNone(event.linkMetadata ?? ""),
		category: event.stream.slice(0, event.stream.indexOf("-")),
		partition: "",
	};
}

function parsedOrNone(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function written(value: unknown): string {
	return JSON.stringify(value, plain) ?? "null";
}

function plain(_: string, value: unknown): unknown {
	return typeof value === "bigint" ? String(value) : value;
}
