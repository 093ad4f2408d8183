/** An option: what every table of them is made of. */

export type Kind = "text" | "whole-number" | "bytes" | "yes-no" | "url";
export type Value = string | number | boolean | undefined;
export type Values = Readonly<Record<string, Value>>;

/** Where a value comes from. That of a file which a variable names is of the environment. */
export type Source = "default" | "file" | "environment" | "argument";
export type Sources = Readonly<Record<string, Source>>;

/** A regular expression, or an object that tests a text like one. */
type Tester = { test(text: string): boolean };

export type Option = Bounds &
	Treatment & {
		readonly name: string;
		readonly flag: string;
		readonly kind: Kind;
		readonly default: Value;
		readonly help: string;
		/** What it is about, in lists of options. */
		readonly group?: string;
		/** The name of the value in help texts, if the kind does not say enough. */
		readonly placeholder?: string;
		/** True for an option of one call, such as an event's type: it has no environment name. */
		readonly perCall?: boolean;
	};

/** What a value has to keep to. */
type Bounds = {
	readonly min?: number;
	readonly max?: number;
	/** The form of a text, and the reason that a refusal gives. */
	readonly pattern?: { readonly test: Tester; readonly reason: string };
};

type Treatment = {
	/**
	 * Of an option that holds a secret: what a log may show of its value. Such an option can also be
	 * read from a file: `VARVE_PURGE_URL_FILE`.
	 */
	readonly shown?: (value: string) => string;
	/** True for a secret that no flag may carry: every user of the machine reads command lines. */
	readonly isOffCommandLine?: boolean;
	/** Whether a value has a secret in it; on the command line, only others are taken. */
	readonly holdsSecret?: (value: string) => boolean;
	/** True if a running server takes a new value, on SIGHUP. */
	readonly reloads?: boolean;
};

/** `request-timeout-ms` → `VARVE_REQUEST_TIMEOUT_MS`. */
export function environmentName(option: { readonly flag: string }): string {
	return `VARVE_${option.flag.toUpperCase().replaceAll("-", "_")}`;
}

/** The variable that names a file with the value of a secret. */
export function fileVariable(option: { readonly flag: string }): string {
	return `${environmentName(option)}_FILE`;
}
