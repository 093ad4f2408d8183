/** What a script's body declares: where its events come from, and what is done with them. */
import type { Definition, Sources } from "../../model/definition.ts";
import { freeze, hasOwn, isArray, keys, OwnMap, OwnTypeError } from "../realm/intrinsics.ts";

/** A function of the script. */
export type Call = (...given: unknown[]) => unknown;

export type Transform = { readonly kind: "transformBy" | "filterBy"; readonly call: Call };

/** Keys of `when` that are no event types. */
const SPECIAL = ["$init", "$initShared", "$any", "$created", "$deleted"] as const;
type Special = (typeof SPECIAL)[number];

const OPTIONS: Readonly<Record<string, "boolean" | "number" | "string">> = {
	$includeLinks: "boolean",
	reorderEvents: "boolean",
	processingLag: "number",
	resultStreamName: "string",
	biState: "boolean",
};

export class Program {
	/** By event type. */
	readonly handlers: Map<string, Call> = new OwnMap();
	readonly transforms: Transform[] = [];
	partitionBy: Call | undefined = undefined;
	byStreams = false;
	readonly #special: Partial<Record<Special, Call>> = {};
	#sources: Sources | undefined;
	#isOutput = false;
	#output: readonly string[] = [];
	#options: Readonly<Record<string, unknown>> = {};

	special(name: Special): Call | undefined {
		return this.#special[name];
	}

	get isBiState(): boolean {
		return this.special("$initShared") !== undefined || this.#options.biState === true;
	}

	/** No handler takes events: the state is the data of the last one. */
	get keepsData(): boolean {
		return this.handlers.size === 0 && !this.special("$any");
	}

	read(sources: Sources): void {
		if (this.#sources)
			throw new OwnTypeError(
				"events come from one selector: two of fromAll, fromStream … are called",
			);
		this.#sources = sources;
	}

	handle(handlers: unknown): void {
		if (typeof handlers !== "object" || handlers === null)
			throw new OwnTypeError("when takes an object of handlers");
		for (const name of keys(handlers)) {
			const handler = (handlers as Record<string, unknown>)[name];
			if (typeof handler !== "function")
				throw new OwnTypeError(`the handler ${name} is not a function`);
			if ((SPECIAL as readonly string[]).includes(name))
				this.#special[name as Special] = handler as Call;
			else this.handlers.set(name, handler as Call);
		}
	}

	partition(by: "streams" | Call): void {
		if (by === "streams") this.byStreams = true;
		else this.partitionBy = by;
	}

	transform(kind: Transform["kind"], by: Call): void {
		this.transforms.push({ kind, call: by });
	}

	produceResults(): void {
		this.#isOutput = true;
	}

	outputTo(names: readonly string[]): void {
		this.#isOutput = true;
		this.#output = names;
	}

	setOptions(options: unknown): void {
		if (typeof options !== "object" || options === null || isArray(options))
			throw new OwnTypeError("options takes an object");
		for (const name of keys(options)) {
			const kind = hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
			if (!kind)
				throw new OwnTypeError(`there is no option ${name}; there are ${keys(OPTIONS).join(", ")}`);
			const value = (options as Record<string, unknown>)[name];
			const isGood = typeof value === kind && (kind !== "number" || isLag(value as number));
			if (!isGood) throw new OwnTypeError(`the option ${name} takes a ${kind}`);
			this.#options = { ...this.#options, [name]: value };
		}
	}

	/** @throws TypeError if the declarations do not make a projection */
	definition(): Definition {
		if (!this.#sources)
			throw new OwnTypeError(
				"the script selects no events: it calls none of fromAll, fromStream …",
			);
		if (this.isBiState && this.special("$deleted"))
			throw new OwnTypeError("a projection with shared state cannot handle $deleted");
		if (this.special("$deleted") && !this.byStreams)
			throw new OwnTypeError("only a projection with foreachStream() can handle $deleted");
		return {
			sources: this.#sources,
			events: this.keepsData || this.special("$any") ? "all" : [...this.handlers.keys()],
			partitions: this.byStreams ? "streams" : this.partitionBy ? "custom" : "none",
			handlers: {
				init: this.special("$init") !== undefined,
				initShared: this.special("$initShared") !== undefined,
				created: this.special("$created") !== undefined,
				deleted: this.special("$deleted") !== undefined,
				any: this.special("$any") !== undefined,
				isBiState: this.isBiState,
			},
			output: {
				producesResults: this.#isOutput || this.transforms.length > 0,
				transforms: this.transforms.length > 0,
				resultStream: this.#output[0] ?? (this.#options.resultStreamName as string | undefined),
				partitionResultStream: this.#output[1],
			},
			options: {
				includeLinks: this.#options.$includeLinks === true,
				reorderEvents: this.#options.reorderEvents === true,
				processingLag: (this.#options.processingLag as number | undefined) ?? 0,
			},
		};
	}
}

function isLag(value: number): boolean {
	return value >= 0 && value - value === 0;
}

freeze(OPTIONS);
