/** The options in force: the value of each, where it came from, what waits for the next start. */
import { type Option, type Source, type Sources, sizeText, type Values } from "../options.ts";
import { differencesOf, reloadedOf } from "./differences.ts";

export type OptionInForce = {
	readonly option: Option;
	/** As an operator types it; "" for none, asterisks for a secret. */
	readonly value: string;
	/** Where it came from; a program that starts a server in its own process is a source, too. */
	readonly source: Source | "program";
	/** Whether a reload brought another value, which counts from the next start on. */
	readonly isWaiting: boolean;
};

/** What stands for a secret, whatever its length (contract 10.2). */
const SECRET = "********";

export class OptionsInForce {
	readonly #options: readonly Option[];
	#settings: Values;
	#sources: Sources;
	#waiting: ReadonlySet<string> = new Set();

	/** @param sources by the names of the options; those it lacks came from a program */
	constructor(options: readonly Option[], settings: Values, sources: Sources = {}) {
		this.#options = options;
		this.#settings = settings;
		this.#sources = sources;
	}

	/** Takes the settings of a reload, as far as a running server takes them. */
	reload(settings: Values, sources: Sources = {}): void {
		const { waiting } = differencesOf(this.#options, this.#settings, settings);
		const taken = reloadedOf(this.#options, settings);
		this.#waiting = new Set(waiting);
		this.#settings = { ...this.#settings, ...taken };
		const names = Object.keys(taken).filter((name) => sources[name] !== undefined);
		const from = Object.fromEntries(names.map((name) => [name, sources[name] as Source]));
		this.#sources = { ...this.#sources, ...from };
	}

	/** In the order of the table of options. */
	list(): OptionInForce[] {
		return this.#options.map((option) => ({
			option,
			value: this.#valueOf(option),
			source: this.#sourceOf(option),
			isWaiting: this.#waiting.has(option.flag),
		}));
	}

	#valueOf({ name, kind, shown }: Option): string {
		const value = this.#settings[name];
		if (value === undefined) return "";
		if (shown !== undefined) return SECRET;
		if (typeof value === "boolean") return value ? "yes" : "no";
		return kind === "bytes" && typeof value === "number" ? sizeText(value) : String(value);
	}

	#sourceOf({ name, default: usual }: Option): Source | "program" {
		const source = this.#sources[name];
		if (source !== undefined) return source;
		return this.#settings[name] === usual ? "default" : "program";
	}
}
