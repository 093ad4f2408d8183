/**
 * A page as lines of JSON, one for each entry, for programs. docs/page-of-lines.md describes the
 * format.
 *
 * `data` and `metadata` are the stored bytes, copied. Neither side quotes or parses what it only
 * carries. All of a line but these is ASCII, so a reader finds its way without decoding UTF-8.
 */
import type { LinesEntry } from "../model.ts";
import { PageContent } from "./content.ts";
import { ascii, Lines, timeOf, writeContent } from "./lines.ts";

/** @param entries in the order of their lines */
export function encodeLines(entries: readonly LinesEntry[]): Uint8Array {
	const content = new PageContent(entries);
	const lines = new Lines();
	for (const entry of entries) {
		if (entry.unresolved) lines.text(linkLine(entry));
		else writeEvent(lines, entry, content);
	}
	return lines.whole();
}

/** `data` is the last member, and the metadata stands before it: a reader relies on that. */
function writeEvent(lines: Lines, { version: at, event, link }: LinesEntry, content: PageContent) {
	const { stream, version, id, type, isJson, isRedacted, data, metadata } = event;
	const { position, created } = link ?? event;
	lines.text(
		`{"at":${at},"stream":${lines.name(stream)},"version":${version},"position":${position}` +
			`,"id":"${id}","type":${lines.name(type)},"created":"${timeOf(created)}","isJson":${isJson}`,
	);
	if (isRedacted) lines.text(',"isRedacted":true');
	if (link) writeContent(lines, "linkMetadata", link.metadata, content.fits(link.metadata, false));
	if (metadata.length > 0) {
		writeContent(lines, "metadata", metadata, content.fits(metadata, false));
	}
	// With metadata, `isJson` may be said of that alone.
	const isSure = isJson && metadata.length === 0;
	writeContent(lines, "data", data, isJson && content.fits(data, isSure));
	lines.text("}\n");
}

/** A link that leads nowhere: the place that it points to, and nothing of what was there. */
function linkLine({ version: at, event, link, unresolved }: LinesEntry): string {
	const { stream, version } = unresolved ?? event;
	const created = timeOf((link ?? event).created);
	return (
		`{"at":${at},"stream":${ascii(stream)},"version":${version},"created":"${created}"` +
		`,"unresolved":true}\n`
	);
}
