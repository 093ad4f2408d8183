/** Reads the text of a value by the kind of its option. */
import { invalidOption } from "./faults.ts";
import type { Option, Value } from "./option.ts";

/**
 * @param name where the text stands, in the words of the refusal: `--port`, `VARVE_PORT`
 * @throws Refusal `invalid-option`
 */
export function parseValue(option: Option, text: string, name: string): Value {
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

function parseText({ pattern, shown }: Option, text: string, name: string): string {
	if (text === "") throw invalidOption(name, text, "it is empty");
	// A secret that is mistyped is still most of a secret.
	const told = shown === undefined ? text : "";
	if (pattern?.test.test(text) === false) throw invalidOption(name, told, pattern.reason);
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
