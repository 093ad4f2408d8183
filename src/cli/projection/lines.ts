/** What a run prints: one JSON object a line. States, results and data stay the JSON they are. */
import type { Fault, Outcome, ScriptEvent } from "../../projections/script/script.ts";

/**
 * @param given members whose values are written as JSON
 * @param json members whose values are JSON already; undefined is left out
 */
export function line(
	given: Readonly<Record<string, unknown>>,
	json: Readonly<Record<string, string | undefined>> = {},
): string {
	const members = Object.entries(json)
		.filter(([, text]) => text !== undefined)
		.map(([name, text]) => `,${JSON.stringify(name)}:${text}`);
	return `${JSON.stringify(given).slice(0, -1)}${members.join("")}}\n`;
}

/** In the order of the events. */
export function linesOf(outcome: Outcome, events: readonly ScriptEvent[]): string[] {
	const placed: (readonly [event: number, line: string])[] = [];
	for (const { event, text } of outcome.log)
		placed.push([event, line({ kind: "log", ...placeOf(events[event]), text })]);
	for (const { event, partition, stream, type, isJson, data, metadata } of outcome.emitted) {
		const what = { kind: "emitted", ...placeOf(events[event]), partition, to: stream, type };
		placed.push([event, line(what, { data: isJson ? data : JSON.stringify(data), metadata })]);
	}
	for (const step of outcome.steps ?? []) {
		const { event, partition, handler, before, after, sharedBefore, sharedAfter, result } = step;
		const what = { kind: "step", ...keyOf(events[event]), handler, partition };
		const states = { before: before || undefined, after, sharedBefore, sharedAfter, result };
		placed.push([event, line(what, states)]);
	}
	return placed.sort(([one], [other]) => one - other).map(([, text]) => text);
}

/** A fault in one line: where, what, and of which event. */
export function described(fault: Fault, file: string): string {
	const { message, line: row, column, during, event } = fault;
	const place = row === undefined ? file : `${file}:${row}:${column}`;
	const what = during === undefined ? "" : `, in ${during}`;
	const cause =
		event && `, at event ${event.number} of ${event.stream} (position ${event.position})`;
	return `${place}: ${message}${what}${cause ?? ""}`;
}

function placeOf(event: ScriptEvent | undefined) {
	return { position: event?.position };
}

function keyOf(event: ScriptEvent | undefined) {
	return {
		position: event?.position,
		stream: event?.stream,
		number: event?.number,
		type: event?.type,
	};
}
