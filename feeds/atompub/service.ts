/**
 * The service document of AtomPub (RFC 5023 section 8): the collections that a client may read, and
 * the media types that each accepts.
 */
import { escapeAttribute, escapeText } from "../atom/text.ts";

export type Collection = {
	readonly title: string;
	readonly href: string;
	/** Media types of members that it accepts; none if the collection is read-only. */
	readonly accepts: readonly string[];
};

export const ENTRY_TYPE = "application/atom+xml;type=entry";

/** `application/atomsvc+xml` */
export function encodeService(title: string, collections: readonly Collection[]): string {
	return (
		'<?xml version="1.0" encoding="utf-8"?><service xmlns="http://www.w3.org/2007/app"' +
		` xmlns:atom="http://www.w3.org/2005/Atom"><workspace>${atomTitle(title)}` +
		`${collections.map(collection).join("")}</workspace></service>`
	);
}

function collection({ title, href, accepts }: Collection): string {
	// Section 8.3.4: no `accept` would mean entries; an empty one means that nothing is accepted.
	const accept = accepts.map((type) => `<accept>${escapeText(type)}</accept>`).join("");
	return (
		`<collection href="${escapeAttribute(href)}">${atomTitle(title)}` +
		`${accept === "" ? "<accept/>" : accept}</collection>`
	);
}

function atomTitle(title: string): string {
	return `<atom:title>${escapeText(title)}</atom:title>`;
}
