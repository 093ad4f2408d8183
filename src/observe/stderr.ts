/** Opens the operator log of a process, on its standard error. */
import { BoundedLines } from "./bounded.ts";
import { LogLines } from "./lines.ts";
import type { Level } from "./operator-log.ts";
import { standardStream } from "./standard.ts";

/**
 * @param format `json`, or `text` for people
 * @param level the least important lines to write
 */
export function openOperatorLog(format: string, level: string): LogLines {
	const lines = new BoundedLines(standardStream(2), (lost) =>
		log.warn("lines of this log were lost: standard error did not take them", { lines: lost }),
	);
	const log = new LogLines(format === "json" ? "json" : "text", level as Level, lines.write);
	return log;
}
