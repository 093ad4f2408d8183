/**
 * Re-indents JSON text for people: names, order, number literals and escapes stay as they are.
 */
import { nestsTooDeep, skipSpace, skipString } from "./text.ts";

const STEP = "  ";

/**
 * Lays valid JSON text out with two spaces a level, like `JSON.stringify(value, null, 2)` but
 * without passing numbers through doubles. Text that nests too deep is returned as it is.
 */
export function reindentJson(text: string): string {
	if (nestsTooDeep(text)) return text;
	let out = "";
	let line = "\n";
	for (let i = skipSpace(text, 0); i < text.length; i = skipSpace(text, i)) {
		const c = text.charAt(i);
		if (c === '"') {
			const end = skipString(text, i);
			out += text.slice(i, end);
			i = end;
			continue;
		}
		i++;
		if (c === "{" || c === "[") {
			const inside = skipSpace(text, i);
			const closing = text.charAt(inside);
			if (closing === "}" || closing === "]") {
				out += c + closing;
				i = inside + 1;
				continue;
			}
			line += STEP;
			out += c + line;
		} else if (c === "}" || c === "]") {
			line = line.slice(0, -STEP.length);
			out += line + c;
		} else if (c === ",") out += c + line;
		else out += c === ":" ? ": " : c;
	}
	return out;
}
