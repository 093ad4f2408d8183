/**
 * Which events a filtered read of `$all` shows (contract 4.3).
 */
import type { RecordedEvent } from "../event.ts";
import type { StreamEntry } from "../log/log.ts";
import { compilePattern } from "./pattern.ts";

export type Criterion = {
	readonly context: "streamid" | "eventtype";
	readonly type: "prefix" | "regex";
	/** One regular expression, or prefixes in a comma list. */
	readonly data: string;
};

/** Keeps the entries to show, in their order. */
export type Filter = (entries: readonly StreamEntry[]) => StreamEntry[];

/** Streams that a server writes for itself; no filtered read ever shows them. */
const HIDDEN = /^(?:\$epoch-information|\$persistentsubscription-\$all::.*-(?:checkpoint|parked))$/;

/**
 * @param criterion undefined for any event
 * @throws Refusal `invalid-filter` for an expression that cannot be run
 */
export function createFilter(criterion: Criterion | undefined, excludeSystem: boolean): Filter {
	const fits = criterion && matcherOf(criterion);
	return (entries) => {
		const shown = entries.filter(({ event }) => isShown(event, excludeSystem));
		if (!fits) return shown;
		const texts = shown.map(({ event }) =>
			criterion.context === "streamid" ? event.stream : event.type,
		);
		const fitting = fits(texts);
		return shown.filter((_, index) => fitting[index]);
	};
}

/** The prefixes of a comma list; empty items are none. */
export function prefixesOf(data: string): string[] {
	return data.split(",").filter((prefix) => prefix !== "");
}

function isShown({ stream, type }: RecordedEvent, excludeSystem: boolean): boolean {
	if (excludeSystem && type.startsWith("$")) return false;
	return !stream.startsWith("$") || !HIDDEN.test(stream);
}

function matcherOf({ type, data }: Criterion): (texts: readonly string[]) => readonly boolean[] {
	if (type === "regex") return compilePattern(data);
	const prefixes = prefixesOf(data);
	return (texts) => texts.map((text) => prefixes.some((prefix) => text.startsWith(prefix)));
}
