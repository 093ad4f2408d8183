/**
 * The object that the events of a stream make: their data, merged key by key, and the later event
 * wins. The merge is shallow: a value inside a value belongs to the event that sent the whole.
 * Values are slices of what was sent, so a number keeps its text: 1.10 stays 1.10.
 */
import { textOf } from "../../../feeds/json/string.ts";
import { eachMember, isJsonText, skipSpace, skipValue } from "../../../feeds/json/text.ts";
import type { Version } from "../../event.ts";
import type { StreamEntry } from "../../log/log.ts";

export type Merged = {
	/** In the order in which their keys first came. */
	readonly members: ReadonlyMap<string, Member>;
	readonly events: readonly MergedEvent[];
};

export type Member = {
	/** The value as it was sent. */
	readonly json: string;
	readonly setBy: Version;
	/** The value that the last event of the merge replaced. */
	readonly before?: string;
};

/** An event, and how many keys it set; or why it is left out of the object. */
export type MergedEvent =
	| { readonly entry: StreamEntry; readonly keys: number }
	| { readonly entry: StreamEntry; readonly leftOut: LeftOut };
export type LeftOut = "erased" | "not shown" | "not JSON" | "not an object";

const OPENING_BRACE = "{";

/** @param entries the oldest first */
export function merge(entries: readonly StreamEntry[]): Merged {
	const members = new Map<string, Member>();
	const events = entries.map((entry, index): MergedEvent => {
		const text = objectIn(entry);
		if (text.leftOut !== undefined) return { entry, leftOut: text.leftOut };
		const sent = membersOf(text.json);
		const isLast = index === entries.length - 1;
		for (const [key, json] of sent) {
			const before = isLast ? members.get(key)?.json : undefined;
			members.set(key, {
				json,
				setBy: entry.version,
				...(before === undefined ? {} : { before }),
			});
		}
		return { entry, keys: sent.size };
	});
	return { members, events };
}

/** What an event does to an object: how many keys it sets, or why it sets none. */
export function effectOf(entry: StreamEntry): MergedEvent {
	const text = objectIn(entry);
	if (text.leftOut !== undefined) return { entry, leftOut: text.leftOut };
	return { entry, keys: membersOf(text.json).size };
}

type ObjectText =
	| { readonly json: string; readonly leftOut?: undefined }
	| { readonly leftOut: LeftOut };

function objectIn({ event, unresolved, isHidden }: StreamEntry): ObjectText {
	if (unresolved || isHidden) return { leftOut: "not shown" };
	if (event.isRedacted) return { leftOut: "erased" };
	if (!event.isJson) return { leftOut: "not JSON" };
	const json = textOf(event.data);
	// The flag may speak of the metadata alone.
	if (!isJsonText(json)) return { leftOut: "not JSON" };
	return json[skipSpace(json, 0)] === OPENING_BRACE ? { json } : { leftOut: "not an object" };
}

/** If a key was sent twice, the later one counts, as for readers of JSON. */
function membersOf(json: string): Map<string, string> {
	const members = new Map<string, string>();
	eachMember(json, skipSpace(json, 0), (name, start) => {
		const end = skipValue(json, start, Number.POSITIVE_INFINITY);
		members.set(name, json.slice(start, end));
		return end;
	});
	return members;
}
