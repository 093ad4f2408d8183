/** A page as a reader has it, whichever format it came in. */
import { FeedFormatError } from "../../errors.ts";
import { decodeFeedJson } from "../../json/decode.ts";
import { decodeLines } from "../../lines/decode.ts";
import { decodeLinks } from "../../lines/links.ts";
import type { DecodedEntry, Link, ReadEvent } from "../../model.ts";
import { ReadError } from "../error.ts";
import { atOf, eventOf, lacksData } from "../event.ts";
import type { Document } from "../reply.ts";

/** `lines` is asked for first; a server that does not know it has `feed`. */
export type PageForm = "lines" | "feed";

export type ReaderPage = {
	readonly links: readonly Link[];
	/** Oldest first. Entries that show no event (see `atOf`) are left out. */
	readonly events: readonly ReadEvent[];
	/** Entries whose event lacks its data, by `at`. */
	readonly lacking: ReadonlyMap<number, DecodedEntry>;
	/** Of the document. */
	readonly bytes: number;
};

const NONE: ReadonlyMap<number, DecodedEntry> = new Map();
const NO_DATA = new Uint8Array(0);

/**
 * Decodes a page.
 * @throws FeedFormatError if it is none: it was cut short, or something on the way sent it
 * @throws ReadError `not-varve`
 */
export function decodePage(document: Document, form: PageForm, stream: string): ReaderPage {
	const page = form === "lines" ? pageOfLines(document) : pageOfFeed(document, stream);
	let before = -1;
	for (const { at } of page.events) {
		if (at <= before) {
			throw new ReadError("not-varve", document.url, `${document.url} is out of order`);
		}
		before = at;
	}
	return page;
}

function pageOfLines({ body, headers, url }: Document): ReaderPage {
	// A connection may end between two lines. So the page says how many there are.
	const count = headers.get("varve-lines");
	if (count === null || !/^\d{1,9}$/.test(count)) {
		throw new FeedFormatError("it does not say how many lines it has");
	}
	const events = decodeLines(body, Number(count));
	const links = decodeLinks(headers.get("link") ?? "", url);
	return { links, events, lacking: NONE, bytes: body.length };
}

function pageOfFeed({ body, url }: Document, stream: string): ReaderPage {
	const { links, entries } = decodeFeedJson(new TextDecoder().decode(body));
	const events: ReadEvent[] = [];
	const lacking = new Map<number, DecodedEntry>();
	for (const entry of entries.toReversed()) {
		const at = atOf(entry, stream, url);
		if (at === undefined) continue;
		if (lacksData(entry)) lacking.set(at, entry);
		events.push(eventOf(entry, at, entry.event?.data ?? NO_DATA));
	}
	return { links, events, lacking, bytes: body.length };
}
