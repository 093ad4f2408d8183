/**
 * Reads a command line and the environment against a table of options.
 *
 * The flag wins over the environment, the environment over the default. The parser never guesses:
 * it refuses an unknown name, a repeated option, and a missing or impossible value. If a server
 * started with other settings than the operator wanted, the operator would notice too late.
 */
import { Refusal } from "./errors.ts";
import { nearest } from "./nearest.ts";

export type Kind = "text" | "whole-number" | "bytes" | "yes-no" | "url";
export type Value = string | number | boolean | undefined;
export type Values = Readonly<Record<string, Value>>;

/** A regular expression, or an object that tests a text like one. */
type Tester = { test(text: string): boolean };

export type Option = Bounds & {
	readonly name: string;
	readonly flag: string;
	readonly kind: Kind;
	readonly default: Value;
	readonly help: string;
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

export type Arguments = { readonly operands: readonly string[]; readonly values: Values };

/** `request-timeout-ms` → `VARVE_REQUEST_TIMEOUT_MS`. */
export function environmentName(option: { readonly flag: string }): string {
	return `VARVE_${option.flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Reads the arguments after the verb, and the environment for options they do not set.
 * @throws Refusal `unknown-option`, `invalid-option`
 */
export function parseArguments(
	argv: readonly string[],
	env: NodeJS.ProcessEnv,
	options: readonly Option[],
): Arguments {
	const { operands, given } = parseFlags(argv, options);
	const values: Record<string, Value> = {};
	for (const option of options) {
		const name = environmentName(option);
		const fromEnvironment = option.perCall ? undefined : env[name];
		const text = given.get(option);
		if (text !== undefined) values[option.name] = parseValue(option, text, `--${option.flag}`);
		else if (fromEnvironment !== undefined)
			values[option.name] = parseValue(option, fromEnvironment, name);
		else values[option.name] = option.default;
	}
	return { operands, values };
}

/**
 * Refuses an unknown variable whose name starts with VARVE_.
 * @throws Refusal `unknown-option`
 */
export function refuseUnknownVariables(env: NodeJS.ProcessEnv, options: readonly Option[]): void {
	const known = options.filter((option) => !option.perCall).map(environmentName);
	for (const [name, value] of Object.entries(env)) {
		if (!name.startsWith("VARVE_") || known.includes(name)) continue;
		// Kubernetes and Docker links set these for services named varve; no operator typed them.
		if (ORCHESTRATED_NAME.test(name) || ORCHESTRATED_VALUE.test(value ?? "")) continue;
		throw unknownOption(name, nearest(name, known));
	}
}

const ORCHESTRATED_NAME = /_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/;
const ORCHESTRATED_VALUE = /^(tcp|udp|sctp):\/\//;

function parseFlags(argv: readonly string[], options: readonly Option[]) {
	const operands: string[] = [];
	const given = new Map<Option, string>();
	for (let index = 0; index < argv.length; index++) {
		const argument = argv[index] ?? "";
		if (argument === "--") {
			operands.push(...argv.slice(index + 1));
			break;
		}
		// A single `-` is standard input.
		if (!argument.startsWith("-") || argument === "-") {
			operands.push(argument);
			continue;
		}
		const equals = argument.indexOf("=");
		const flag = equals < 0 ? argument : argument.slice(0, equals);
		const option = optionOf(flag, options);
		if (given.has(option)) throw invalidOption(flag, "", "it is given twice; leave one out");
		if (equals >= 0) given.set(option, argument.slice(equals + 1));
		else if (option.kind === "yes-no")
			given.set(option, isYesNo(argv[index + 1]) ? (argv[++index] as string) : "yes");
		else given.set(option, valueAfter(flag, argv[++index]));
	}
	return { operands, given };
}

function optionOf(flag: string, options: readonly Option[]): Option {
	const option = options.find((candidate) => `--${candidate.flag}` === flag);
	if (option) return option;
	const close = nearest(
		flag.replace(/^-+/, ""),
		options.map((candidate) => candidate.flag),
	);
	throw unknownOption(flag, close && `--${close}`);
}

/**
 * Whether the next argument is the value of a yes-no option, which may stand alone. No digit is:
 * in `redact order-42 --metadata 1` it is the version.
 */
function isYesNo(next: string | undefined): boolean {
	return next !== undefined && /^(?:yes|no|true|false|on|off)$/i.test(next);
}

/** A value may start with one dash (`-1`, `-`), never with two: that is the next option. */
function valueAfter(flag: string, next: string | undefined): string {
	if (next === undefined || next.startsWith("--"))
		throw invalidOption(flag, "", "its value is missing");
	return next;
}

function parseValue(option: Option, text: string, name: string): Value {
	switch (option.kind) {
		case "text":
			return parseText(option, text, name);
		case "yes-no":
			return parseYesNo(text, name);
		case "url":
			return parseUrl(text, name);
		case "whole-number":
			return within(option, /^-?\d{1,15}$/.test(text) ? Number(text) : undefined, text, name);
		case "bytes":
			return within(option, parseBytes(text), text, name);
	}
}

function parseText({ pattern }: Option, text: string, name: string): string {
	if (text === "") throw invalidOption(name, text, "it is empty");
	if (pattern?.test.test(text) === false) throw invalidOption(name, text, pattern.reason);
	return text;
}

function parseYesNo(text: string, name: string): boolean {
	const lower = text.toLowerCase();
	if (["yes", "true", "on", "1"].includes(lower)) return true;
	if (["no", "false", "off", "0"].includes(lower)) return false;
	throw invalidOption(name, text, "it must be yes or no");
}

function parseUrl(text: string, name: string): string {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url?.protocol !== "http:" && url?.protocol !== "https:")
		throw invalidOption(name, text, "it must be a URL such as http://127.0.0.1:2113");
	if (url.search || url.hash || url.username || url.password)
		throw invalidOption(name, text, "it must have no query, no fragment and no credentials");
	// The form of a URL in links and headers: percent-encoded, without its default port.
	return url.href.replace(/\/+$/, "");
}

const UNITS: Readonly<Record<string, number>> = {
	"": 1,
	b: 1,
	kb: 1000,
	mb: 1000 ** 2,
	gb: 1000 ** 3,
	kib: 1024,
	mib: 1024 ** 2,
	gib: 1024 ** 3,
};

function parseBytes(text: string): number | undefined {
	const match = /^(\d{1,15})\s?([a-zA-Z]{0,3})$/.exec(text);
	const unit = UNITS[match?.[2]?.toLowerCase() ?? "none"];
	return match && unit !== undefined ? Number(match[1]) * unit : undefined;
}

function within(option: Option, value: number | undefined, text: string, name: string): number {
	const { min = 0, max = Number.MAX_SAFE_INTEGER } = option;
	if (value !== undefined && value >= min && value <= max) return value;
	const what = option.kind === "bytes" ? "a size such as 64MiB, 1GB or 1000" : "a whole number";
	const show = option.kind === "bytes" ? sizeText : String;
	const range = max === Number.MAX_SAFE_INTEGER ? `from ${show(min)}` : rangeText(min, max, show);
	throw invalidOption(name, text, `it must be ${what}, ${range}`);
}

function rangeText(min: number, max: number, show: (value: number) => string): string {
	return `${show(min)} to ${show(max)}`;
}

/** `67108864` → `64MiB`: the notation that operators type. */
export function sizeText(bytes: number): string {
	for (const [unit, size] of [["GiB", 1024 ** 3] as const, ["MiB", 1024 ** 2] as const])
		if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
	return String(bytes);
}

function unknownOption(option: string, close: string | undefined): Refusal {
	return new Refusal("unknown-option", {
		option,
		...(close === undefined ? {} : { nearest: close }),
	});
}

function invalidOption(option: string, value: string, reason: string): Refusal {
	// Kubernetes sets VARVE_PORT if a service is named varve. That is hard to guess, so say it.
	const linked = ORCHESTRATED_VALUE.test(value)
		? "; Kubernetes seems to have set it for a service named varve; enableServiceLinks: false prevents that"
		: "";
	// The password of a URL is hidden, because the message goes to logs.
	const shown = value.replace(/\/\/[^/,]*@/g, "//***@");
	return new Refusal("invalid-option", { option, value: shown, reason: reason + linked });
}
