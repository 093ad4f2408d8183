/**
 * Header fields as the lines that are sent. Most answers have the same fields again and again: if
 * they are written once, each answer takes a copy.
 */

/** What no value may hold: it could end its line, and begin a field of its own. */
const INVALID = /[^\t -~\u0080-\u00ff]/;

/**
 * @param headers names, which the server chooses itself, and values in turn
 * @throws Error if a value holds what a header cannot
 */
export function fieldLines(headers: readonly string[]): string {
	let lines = "";
	for (let at = 0; at < headers.length; at += 2) {
		const value = headers[at + 1] as string;
		if (INVALID.test(value)) throw new Error(`${headers[at]} holds what no header can`);
		lines += `${headers[at]}: ${value}\r\n`;
	}
	return lines;
}
