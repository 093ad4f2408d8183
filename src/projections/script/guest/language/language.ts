/**
 * The functions that a script's body calls, and in what order they may follow each other. What may
 * not follow is absent, so that calling it is a TypeError of the language itself.
 */
import type { Sources } from "../../model/definition.ts";
import { defineProperty, freeze, isArray, OwnTypeError } from "../realm/intrinsics.ts";
import type { Call, Program } from "./program.ts";

type Link =
	| "when"
	| "partitionBy"
	| "foreachStream"
	| "outputState"
	| "outputTo"
	| "transformBy"
	| "filterBy"
	| "$defines_state_transform";

const OUTPUTS: readonly Link[] = ["transformBy", "filterBy", "outputState", "outputTo"];
const AFTER: Readonly<Record<Exclude<Link, "$defines_state_transform">, readonly Link[]>> = {
	when: [...OUTPUTS, "$defines_state_transform"],
	partitionBy: ["when"],
	foreachStream: ["when"],
	outputState: ["transformBy", "filterBy", "outputTo"],
	outputTo: [],
	transformBy: OUTPUTS,
	filterBy: OUTPUTS,
};
const AFTER_STREAMS: readonly Link[] = ["when", "partitionBy", "outputState"];
const AFTER_MANY: readonly Link[] = [...AFTER_STREAMS, "foreachStream"];

/**
 * Gives the body its functions.
 * @returns takes them away again
 */
export function offerLanguage(program: Program): () => void {
	const chain = new Chain(program);
	const functions: Record<string, Call> = {
		fromAll: () => chain.from({ kind: "all" }, AFTER_MANY),
		fromStream: (stream) =>
			chain.from({ kind: "streams", streams: [name("fromStream", stream)] }, AFTER_STREAMS),
		fromStreams: (...streams) =>
			chain.from({ kind: "streams", streams: names("fromStreams", streams) }, AFTER_STREAMS),
		fromCategory: (...categories) => chain.fromCategories("fromCategory", categories),
		fromCategories: (...categories) => chain.fromCategories("fromCategories", categories),
		options: (options) => program.setOptions(options),
	};
	for (const [name, value] of Object.entries(functions))
		defineProperty(globalThis, name, { value: freeze(value), configurable: true, writable: true });
	const called = Object.keys(functions);
	return () => {
		for (const name of called) delete (globalThis as Record<string, unknown>)[name];
	};
}

class Chain {
	readonly #program: Program;
	readonly #links: Readonly<Record<Link, Call>>;

	constructor(program: Program) {
		this.#program = program;
		const declare = (link: keyof typeof AFTER, how: (given: readonly unknown[]) => void): Call => {
			return (...given) => {
				how(given);
				return this.#offer(AFTER[link]);
			};
		};
		this.#links = {
			when: declare("when", ([handlers]) => program.handle(handlers)),
			partitionBy: declare("partitionBy", ([by]) => program.partition(call("partitionBy", by))),
			foreachStream: declare("foreachStream", () => program.partition("streams")),
			outputState: declare("outputState", () => program.produceResults()),
			outputTo: declare("outputTo", (to) => {
				if (to.length === 0 || to.length > 2)
					throw new OwnTypeError("outputTo takes a stream, and a pattern for those of partitions");
				program.outputTo(names("outputTo", to));
			}),
			transformBy: declare("transformBy", ([by]) =>
				program.transform("transformBy", call("transformBy", by)),
			),
			filterBy: declare("filterBy", ([by]) => program.transform("filterBy", call("filterBy", by))),
			$defines_state_transform: () => program.produceResults(),
		};
	}

	from(sources: Sources, next: readonly Link[]): unknown {
		this.#program.read(sources);
		return this.#offer(next);
	}

	fromCategories(caller: string, given: readonly unknown[]): unknown {
		return this.from({ kind: "categories", categories: names(caller, given) }, AFTER_MANY);
	}

	#offer(next: readonly Link[]): unknown {
		const offered: Partial<Record<Link, Call>> = {};
		for (const link of next) offered[link] = freeze(this.#links[link]);
		return freeze(offered);
	}
}

function call(caller: string, value: unknown): Call {
	if (typeof value !== "function") throw new OwnTypeError(`${caller} takes a function`);
	return value as Call;
}

/** Names that come as one array, or one after another. */
function names(caller: string, given: readonly unknown[]): string[] {
	const list: readonly unknown[] = given.length === 1 && isArray(given[0]) ? given[0] : given;
	if (list.length === 0) throw new OwnTypeError(`${caller} takes at least one name`);
	return list.map((value) => name(caller, value));
}

function name(caller: string, value: unknown): string {
	if (typeof value !== "string" || value === "") throw new OwnTypeError(`${caller} takes names`);
	return value;
}
