/**
 * A page as lines of JSON, one for each entry, for programs. docs/page-of-lines.md describes the
 * format.
 *
 * `data` and `metadata` are the stored bytes, copied. Neither side quotes or parses what it only
 * carries. The lines are put together as text of one character a byte, because one large copy into
 * a buffer is faster than two small ones for each event. All of a line but `data` and the
 * metadata is ASCII, so a reader finds its way without decoding UTF-8.
 */
import type { LinesEntry } from "../model.ts";
import { asBuffer, type ContentText, contentTextOf } from "./content.ts";

const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^ -~]/g;

/** @param entries in the order of their lines */
export function encodeLines(entries: readonly LinesEntry[]): Uint8Array {
	const content = contentTextOf(entries);
	let text = "";
	for (const entry of entries) {
		text += entry.unresolved ? linkLine(entry) : eventLine(entry, content);
	}
	return Buffer.from(text, "latin1");
}

/** `data` is the last member, and the metadata stands before it: a reader relies on that. */
function eventLine({ version: at, event, link }: LinesEntry, content: ContentText): string {
	const { stream, version, id, type, isJson, isRedacted, data, metadata } = event;
	const { position, created } = link ?? event;
	// With metadata, `isJson` may be said of that alone.
	const isSure = isJson && metadata.length === 0;
	return (
		`{"at":${at},"stream":${ascii(stream)},"version":${version},"position":${position}` +
		`,"id":"${id}","type":${ascii(type)},"created":"${time(created)}","isJson":${isJson}` +
		(isRedacted ? ',"isRedacted":true' : "") +
		(link ? member("linkMetadata", link.metadata, content.ofJson(link.metadata)) : "") +
		member("metadata", metadata, content.ofJson(metadata)) +
		`${member("data", data, isJson ? content.ofJson(data, isSure) : undefined)}}\n`
	);
}

/** A link that leads nowhere: the place that it points to, and nothing of what was there. */
function linkLine({ version: at, event, link, unresolved }: LinesEntry): string {
	const { stream, version } = unresolved ?? event;
	const created = time((link ?? event).created);
	return (
		`{"at":${at},"stream":${ascii(stream)},"version":${version},"created":"${created}"` +
		`,"unresolved":true}\n`
	);
}

/** The member that holds `bytes`; "" if there are none. Without their text it is in Base64. */
function member(name: string, bytes: Uint8Array, text: string | undefined): string {
	if (bytes.length === 0) return "";
	if (text !== undefined) return `,"${name}":${text}`;
	return `,"${name}Base64":"${asBuffer(bytes).toString("base64")}"`;
}

function ascii(text: string): string {
	return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text).replace(NOT_ASCII, escaped);
}

function escaped(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The events of a page are mostly of few seconds. */
let formatted = { second: Number.NaN, text: "" };

/** RFC 3339 in UTC, always with three digits of fraction. */
function time(milliseconds: number): string {
	const second = Math.floor(milliseconds / 1000);
	if (formatted.second !== second) {
		formatted = { second, text: new Date(second * 1000).toISOString().slice(0, -"000Z".length) };
	}
	return `${formatted.text}${String(milliseconds - second * 1000).padStart(3, "0")}Z`;
}
