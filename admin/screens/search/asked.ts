/** What the form of a search holds, and the search it asks for or the field that is wrong. */
import { isRefusal } from "../../../src/errors.ts";
import { isFault, parsePath } from "../../../src/searching/path.ts";
import { parseSearchQuery, type SearchQuery } from "../../../src/searching/query.ts";
import { momentOf } from "../stream/jump.ts";

export type Asked = {
	/** As they were typed. */
	readonly fields: ReadonlyMap<string, string>;
	/** Undefined if nothing is asked for, or a field is wrong. */
	readonly query?: SearchQuery;
	readonly wrong?: WrongField;
};

export type WrongField = {
	readonly name: string;
	readonly reason: string;
	/** Of a path, the character that is wrong, from 0. */
	readonly at?: number;
};

const CONDITIONS = ["id", "stream", "type", "path", "value", "from", "until"];
const TIME_REASON = "it takes a time such as 09:55, 2026-11-29 09:55 or -5m, in UTC.";

/** @param now milliseconds since 1970; times such as -5m count from here */
export function readAsked(query: URLSearchParams, now: number): Asked {
	const fields = new Map(query);
	if (!CONDITIONS.some((name) => query.get(name)?.trim())) return { fields };
	try {
		return { fields, query: parseSearchQuery(withTimes(query, now)) };
	} catch (error) {
		if (!isRefusal(error, "malformed-query")) throw error;
		const { parameter: name, reason } = error.facts;
		return { fields, wrong: { name, reason, ...placeOf(fields, name) } };
	}
}

/** Times as the API takes them; what is none stays, and is refused there. */
function withTimes(query: URLSearchParams, now: number): URLSearchParams {
	const changed = new URLSearchParams(query);
	for (const name of ["from", "until"]) {
		const text = query.get(name)?.trim() ?? "";
		const time = text === "" ? undefined : momentOf(text, now);
		if (time !== undefined && !Number.isNaN(time)) changed.set(name, timeText(time));
	}
	return changed;
}

/** No log has events from before 1970, and times so old have no usual form. */
function timeText(time: number): string {
	return new Date(Math.max(0, time)).toISOString();
}

function placeOf(fields: ReadonlyMap<string, string>, name: string): { at?: number } {
	if (name !== "path") return {};
	const read = parsePath(fields.get("path") ?? "");
	return isFault(read) ? { at: read.at } : {};
}

/** What people are told, which for times is more than programs may send. */
export function reasonOf({ name, reason }: WrongField): string {
	return name === "from" || name === "until" ? TIME_REASON : reason;
}
