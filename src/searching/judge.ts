/** Holds one entry of a stream against the conditions of a search, each of them. */
import type { StreamEntry } from "../log/log.ts";
import { fits } from "./condition.ts";
import type { Conditions } from "./query.ts";
import { PAUSE, type Value, valuesAt } from "./values.ts";

/** How many entries have fitted each condition; those of values count where the others fit. */
export type Fitting = {
	id: number;
	type: number;
	stream: number;
	/** Have anything at the path. */
	path: number;
	value: number;
};

export type Judged = {
	readonly isFound: boolean;
	/** The value that fits, if one was asked for. */
	readonly value?: Value;
};

const NOT_FOUND: Judged = { isFound: false };

/** The conditions that take no content; they are all counted. */
export function fitsHead({ id, type, stream }: Conditions, entry: StreamEntry, counts: Fitting) {
	const { event, link } = entry;
	const hasId = id === undefined || event.id === id || link?.id === id;
	const isOfType = type === undefined || event.type === type;
	// An entry of a stream is in it, also if it shows the event of another.
	const isInStream = stream === undefined || stream.name !== undefined || stream.fits(event.stream);
	if (hasId) counts.id++;
	if (isOfType) counts.type++;
	if (isInStream) counts.stream++;
	return hasId && isOfType && isInStream;
}

/** Pauses where data is large, see `values.ts`. */
export function* judge(
	conditions: Conditions,
	entry: StreamEntry,
	counts: Fitting,
): Generator<typeof PAUSE, Judged> {
	if (entry.unresolved || !fitsHead(conditions, entry, counts)) return NOT_FOUND;
	const { value: condition } = conditions;
	if (condition === undefined) return { isFound: true };
	const { isJson, isRedacted, data } = entry.event;
	if (!isJson || isRedacted || data.length === 0) return NOT_FOUND;
	let isThere = false;
	for (const value of valuesAt(data, condition.path)) {
		if (value === PAUSE) {
			yield PAUSE;
			continue;
		}
		if (!isThere) counts.path++;
		isThere = true;
		if (!fits(condition, value)) continue;
		counts.value++;
		return { isFound: true, value };
	}
	return NOT_FOUND;
}
