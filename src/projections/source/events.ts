/** Makes of what was read what goes into a script. */

import { textOf } from "../json.ts";
import type { Definition as ScriptDefinition, ScriptEvent } from "../script/script.ts";
import type { Found } from "./reader.ts";
import { deletedBy, type Selection, type Sieve } from "./selection.ts";

/** What a script says of its source, as the reader needs it. */
export function selectionOf({
	sources,
	events,
	partitions,
	handlers,
	options,
}: ScriptDefinition): Selection {
	return {
		isAll: sources.kind === "all",
		categories: sources.kind === "categories" ? sources.categories : [],
		streams: sources.kind === "streams" ? sources.streams : [],
		types:
			events === "all"
				? []
				: events.filter((type) => !/^\$(?:init|any|deleted|created)/.test(type)),
		hasAny: events === "all" || handlers.any,
		includesLinks: options.includeLinks,
		hearsOfDeletes: handlers.deleted && partitions === "streams",
	};
}

/** @returns the events that are for the script, in their order */
export function eventsFor(sieve: Sieve, found: readonly Found[]): ScriptEvent[] {
	const events: ScriptEvent[] = [];
	for (const one of found) {
		const sort = sieve.sort(one.entry);
		if (sort === "event") events.push(eventOf(one));
		if (sort === "deleted") events.push(deletionOf(one));
	}
	return events;
}

/** What several projections read is made text of once. */
const texts = new WeakMap<object, ScriptEvent>();

function eventOf({ position, entry: { event, link }, isShared }: Found): ScriptEvent {
	if (!isShared || link !== undefined) return textEventOf(position, event, link);
	const known = texts.get(event);
	if (known) return known;
	const made = textEventOf(position, event, link);
	texts.set(event, made);
	return made;
}

function textEventOf(
	position: number,
	event: Found["entry"]["event"],
	link: Found["entry"]["link"],
): ScriptEvent {
	const { stream, version, type, id, created, isJson, data, metadata } = event;
	return {
		position,
		stream,
		number: version,
		type,
		id,
		created,
		isJson,
		data: textOf(data),
		metadata: textOf(metadata),
		...(link ? { linkMetadata: textOf(link.metadata) } : {}),
	};
}

function deletionOf({ position, entry }: Found): ScriptEvent {
	const { stream, isSoft } = deletedBy(entry);
	const { version, id, created } = entry.event;
	return {
		position,
		stream,
		number: version,
		type: "$streamDeleted",
		id,
		created,
		isJson: false,
		data: "",
		metadata: "",
		deleted: isSoft ? "soft" : "hard",
	};
}
