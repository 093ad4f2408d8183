/** Which events of a stream a group hands out, and to which partition each belongs. */
import type { ReadEvent } from "../model.ts";
import { type KeyOf, keyBy } from "./key.ts";
import type { AssignedGroup, GroupFilter } from "./membership.ts";
import { partitionOf } from "./partition.ts";

/** `left-out` is what the server writes to keep places; undefined is what is not meant. */
export type Select = (event: ReadEvent) => number | "left-out" | undefined;

/** @throws TypeError for a key that this version does not know */
export function selectionOf({ key, filter, partitions, leftOut }: AssignedGroup): Select {
	const keyOf: KeyOf | undefined = keyBy(key);
	if (!keyOf) throw new TypeError(`the key ${key} of the group is unknown to this client`);
	const fits = filter === undefined ? () => true : filterOf(filter);
	return (event) => {
		if (isLeftOut(event.stream, leftOut)) return "left-out";
		return fits(event) ? partitionOf(keyOf(event), partitions) : undefined;
	};
}

function isLeftOut(stream: string, prefixes: readonly string[]): boolean {
	if (!stream.startsWith("$")) return false;
	const described = stream.startsWith("$$") ? stream.slice(2) : stream;
	return prefixes.some((prefix) => described.startsWith(prefix));
}

/** As the server filters: a regular expression, or prefixes in a comma list. */
function filterOf({ context, type, data }: GroupFilter): (event: ReadEvent) => boolean {
	const textOf = (event: ReadEvent) => (context === "streamid" ? event.stream : event.type);
	if (type === "regex") {
		const pattern = new RegExp(data);
		return (event) => pattern.test(textOf(event));
	}
	const prefixes = data.split(",").filter((prefix) => prefix !== "");
	return (event) => prefixes.some((prefix) => textOf(event).startsWith(prefix));
}
