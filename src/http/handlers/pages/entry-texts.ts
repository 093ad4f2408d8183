/**
 * The entries of a page as text. Between two appends, 19 of the 20 entries of a head are those of
 * the head before. So an event that the log keeps for the next read keeps the text of its entry
 * with it: the one in the form that was asked for last.
 *
 * A text depends on its event and its form alone. What hides an event, or takes its place, is
 * decided before: there the entry is another one, and no text is kept. If the log erases the
 * content of an event, later reads get another object, which has no text yet.
 */
import type { Embed, Entry } from "../../../../feeds/model.ts";
import type { FeedParts } from "../../../../feeds/parts.ts";
import type { RecordedEvent } from "../../../event.ts";
import { keptWithMax, type StreamEntry } from "../../../log/log.ts";

/** How entries are written. */
export type EntryForm = {
	readonly parts: FeedParts;
	readonly embed: Embed;
	/** All else that their texts depend on: the stream that was read, and where its URLs lead. */
	readonly place: string;
};

export type EntryTexts = {
	readonly texts: readonly string[];
	/** True if we know that each of them is ASCII. */
	readonly isAscii: boolean;
};

type KeptText = EntryForm & { readonly text: string; readonly isAscii: boolean };

const kept = new WeakMap<RecordedEvent, KeptText>();

/**
 * @param isKept as `Slice` has it
 * @param compose makes the entry of a feed
 */
export function entryTexts(
	form: EntryForm,
	entries: readonly StreamEntry[],
	isKept: boolean,
	compose: (entry: StreamEntry) => Entry,
): EntryTexts {
	const { parts, embed } = form;
	const write = (entry: StreamEntry) => parts.entry(compose(entry), embed);
	if (!isKept) return { texts: entries.map(write), isAscii: false };
	let isAscii = true;
	const texts = entries.map((entry) => {
		const known = textOf(form, entry, write);
		isAscii &&= known.isAscii;
		return known.text;
	});
	return { texts, isAscii };
}

function textOf(
	form: EntryForm,
	entry: StreamEntry,
	write: (entry: StreamEntry) => string,
): Pick<KeptText, "text" | "isAscii"> {
	const { event } = entry;
	if (!isPlain(entry)) return { text: write(entry), isAscii: false };
	const known = kept.get(event);
	if (known && isSameForm(known, form)) return known;
	const text = write(entry);
	// Counting also makes one piece of the text.
	const isAscii = Buffer.byteLength(text) === text.length;
	const made = { ...form, text, isAscii };
	if ((isAscii ? 1 : 2) * text.length <= keptWithMax(event)) kept.set(event, made);
	return made;
}

/** Tells whether the event alone decides what its entry shows: no link, and nothing hides it. */
function isPlain({ link, unresolved, leadsTo, isHidden }: StreamEntry): boolean {
	return !link && !unresolved && !leadsTo && !isHidden;
}

function isSameForm(one: EntryForm, other: EntryForm): boolean {
	return one.parts === other.parts && one.embed === other.embed && one.place === other.place;
}
