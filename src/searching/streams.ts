/** Which streams a search is about: one by its name, or all whose names fit a pattern. */
import { nameFault, STREAM_NAME_BYTES_MAX, type StreamName } from "../event.ts";

export type StreamPattern = {
	/** As it was sent. */
	readonly text: string;
	/** The name, if it is no pattern. */
	readonly name: StreamName | undefined;
	/** What all names that fit begin with. */
	readonly prefix: string;
	fits(name: string): boolean;
};

/** More stars find nothing that fewer do not. */
const STARS_MAX = 8;

/**
 * `*` stands for any characters, also none; `\*` for itself, and `\\` for a backslash.
 * @returns why it is none, if it is none
 */
export function parseStreamPattern(text: string): StreamPattern | string {
	const parts = partsOf(text);
	const [prefix = "", ...rest] = parts;
	if (rest.length > STARS_MAX) return `it may have ${STARS_MAX} stars.`;
	if (rest.length > 0) {
		return { text, name: undefined, prefix, fits: (name) => fitsParts(parts, name) };
	}
	const fault = nameFault(prefix, STREAM_NAME_BYTES_MAX);
	if (fault !== undefined) return `as the name of a stream, ${fault}.`;
	return { text, name: prefix as StreamName, prefix, fits: (name) => name === prefix };
}

/** The texts between stars. */
function partsOf(text: string): string[] {
	const parts = [""];
	for (let at = 0; at < text.length; at++) {
		const isEscaped = text[at] === "\\" && /[\\*]/.test(text[at + 1] ?? "");
		if (text[at] === "*") parts.push("");
		else parts.push(`${parts.pop()}${text[isEscaped ? ++at : at]}`);
	}
	return parts;
}

/** Each part at its earliest place behind the one before; the last one at the end. */
function fitsParts(parts: readonly string[], name: string): boolean {
	const [first = "", ...rest] = parts;
	const last = rest.pop() ?? "";
	if (!name.startsWith(first)) return false;
	let at = first.length;
	for (const part of rest) {
		const found = name.indexOf(part, at);
		if (found < 0) return false;
		at = found + part.length;
	}
	return name.length - last.length >= at && name.endsWith(last);
}
