/**
 * The key of an event: what decides its partition. Events with one key are handled in order.
 *
 *     stream            the stream that the event is in
 *     $.customer.id     the value there in the data: $.a.b, $['a b'], $.lines[0].sku
 *
 * A value is a text, a number or a boolean, as JavaScript writes it. An event that has none there
 * has the key of its stream, so that at least its stream is in order.
 */
import { parseData } from "../json/data.ts";
import type { ReadEvent } from "../model.ts";

export type KeyedEvent = Pick<ReadEvent, "stream" | "data" | "isJson">;
export type KeyOf = (event: KeyedEvent) => string;

/** Deeper than people nest what they order by. */
const STEPS_MAX = 32;
const KEY_LENGTH_MAX = 512;
const STEP =
	/\.([^\s.[\]"'*?@(),:]+)|\[(\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** @returns undefined for what is no key */
export function keyBy(key: string): KeyOf | undefined {
	if (key === "stream") return ({ stream }) => stream;
	const steps = stepsIn(key);
	return steps && ((event) => valueAt(event, steps) ?? event.stream);
}

function stepsIn(path: string): readonly string[] | undefined {
	if (path[0] !== "$" || path.length < 2 || path.length > KEY_LENGTH_MAX) return undefined;
	const steps: string[] = [];
	for (let at = 1; at < path.length; ) {
		STEP.lastIndex = at;
		const [found, name, index, single, double] = STEP.exec(path) ?? [];
		const quoted = (single ?? double)?.replace(/\\(.)/gs, "$1");
		const step = name ?? index ?? quoted;
		if (found === undefined || step === undefined || steps.push(step) > STEPS_MAX) return undefined;
		at += found.length;
	}
	return steps;
}

function valueAt({ data, isJson }: KeyedEvent, steps: readonly string[]): string | undefined {
	if (!isJson) return undefined;
	let value: unknown;
	try {
		value = parseData.call({ data });
	} catch {
		// Data that was erased, or is no JSON after all.
		return undefined;
	}
	for (const step of steps) {
		const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, step);
		if (!isThere) return undefined;
		value = (value as Readonly<Record<string, unknown>>)[step];
	}
	const isKey = ["string", "number", "boolean"].includes(typeof value);
	return isKey ? String(value) : undefined;
}
