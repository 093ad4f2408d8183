/**
 * A line of the operator log for people:
 *
 *     2026-11-29T18:20:00.123Z WARN the writer stopped reason="disk I/O error" code=5
 *
 * The level stands in a fixed place, then what happened, then the facts, each `name=value`.
 */
import { escapeInvisible } from "./visible.ts";

/** What may stand without quotes. */
const PLAIN_VALUE = /^[\w./:@%+,~*$-]+$/;

/** @param json a line of the operator log in JSON */
export function plainLine(json: string): string {
	const { time, level, msg, ...facts } = JSON.parse(json) as { [name: string]: unknown };
	const shown = Object.entries(facts).map(([name, value]) => ` ${name}=${valueText(value)}`);
	const head = `${time} ${String(level).toUpperCase().padEnd(5)} ${sentence(String(msg))}`;
	return `${head}${shown.join("")}\n`;
}

/** As it is, but on one line: a backslash in it stays one. */
function sentence(text: string): string {
	const quoted = JSON.stringify(text).slice(1, -1);
	return escapeInvisible(quoted.replace(/\\(["\\])/g, "$1"));
}

function valueText(value: unknown): string {
	if (typeof value === "string" && PLAIN_VALUE.test(value)) return value;
	return escapeInvisible(JSON.stringify(value));
}
