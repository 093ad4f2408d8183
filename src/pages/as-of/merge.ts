/**
 * The object that the events of a stream make: their data, merged key by key, and the later event
 * wins. The merge is shallow: a value inside a value belongs to the event that sent the whole.
 * Values are slices of what was sent, so a number keeps its text: 1.10 stays 1.10.
 */
import { textOf } from "../../../feeds/json/string.ts";
import {
	eachMember,
	isJsonText,
	skipSpace,
	skipString,
	skipValue,
} from "../../../feeds/json/text.ts";
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
export type LeftOut = "erased" | "not shown" | "not JSON" | "not an object" | "too many keys";

/** An event with the keys that it sets, and the text of their values; or why it sets none. */
export type ReadEvent = {
	readonly entry: StreamEntry;
	readonly sent: ReadonlyMap<string, string> | LeftOut;
};

/** An object with more is a table; some 50 ms of parsing. */
export const KEYS_MAX = 50_000;
const OPENING_BRACE = "{";

/** @param read the oldest first */
export function merge(read: readonly ReadEvent[]): Merged {
	const members = new Map<string, Member>();
	const newest = read.at(-1);
	for (const one of read) {
		if (typeof one.sent === "string") continue;
		const setBy = one.entry.version;
		for (const [key, json] of one.sent) {
			const before = one === newest ? members.get(key)?.json : undefined;
			members.set(key, before === undefined ? { json, setBy } : { json, setBy, before });
		}
	}
	return { members, events: read.map(effectOf) };
}

export function effectOf({ entry, sent }: ReadEvent): MergedEvent {
	return typeof sent === "string" ? { entry, leftOut: sent } : { entry, keys: sent.size };
}

export function readEvent(entry: StreamEntry): ReadEvent {
	const text = objectIn(entry);
	return { entry, sent: text.leftOut ?? membersOf(text.json) };
}

type ObjectText =
	| { readonly json: string; readonly leftOut?: undefined }
	| { readonly leftOut: LeftOut };

function objectIn({ event, unresolved, isHidden }: StreamEntry): ObjectText {
	if (unresolved || isHidden) return { leftOut: "not shown" };
	if (event.isRedacted) return { leftOut: "erased" };
	if (!event.isJson) return { leftOut: "not JSON" };
	const json = textOf(event.data);
	// Before it is parsed: an object of 400,000 keys takes a third of a second.
	if (hasTooManyKeys(json)) return { leftOut: "too many keys" };
	// The flag may speak of the metadata alone.
	if (!isJsonText(json)) return { leftOut: "not JSON" };
	return json[skipSpace(json, 0)] === OPENING_BRACE ? { json } : { leftOut: "not an object" };
}

/** Of an object in JSON, whether it has more than `KEYS_MAX`; of other text, it says anything. */
function hasTooManyKeys(text: string): boolean {
	let [depth, keys] = [0, 0];
	for (let at = 0; at < text.length && keys <= KEYS_MAX; ) {
		const character = text[at];
		if (character === '"') {
			const end = skipString(text, at);
			// Without its end it is no JSON.
			if (end <= at) return false;
			at = end;
			continue;
		}
		if (character === "{" || character === "[") depth++;
		else if (character === "}" || character === "]") depth--;
		else if (character === ":" && depth === 1) keys++;
		at++;
	}
	return keys > KEYS_MAX;
}

/** If a key was sent twice, the later one counts, as for readers of JSON. */
function membersOf(json: string): Map<string, string> | LeftOut {
	const members = new Map<string, string>();
	eachMember(json, skipSpace(json, 0), (name, start) => {
		const end = skipValue(json, start, Number.POSITIVE_INFINITY);
		members.set(name, json.slice(start, end));
		// At the end of the text there is nothing more to visit.
		return members.size > KEYS_MAX ? json.length : end;
	});
	return members.size > KEYS_MAX ? "too many keys" : members;
}
