/**
 * A page as lines of JSON, one for each entry, for programs. docs/page-of-lines.md describes the
 * format.
 *
 * `data` and `metadata` are the stored bytes, copied. Neither side quotes or parses what it only
 * carries. The lines are put together as text of one character a byte, because one large copy into
 * a buffer is faster than two small ones for each event. All of a line but `data` and the
 * metadata is ASCII, so a reader finds its way without decoding UTF-8.
 */
import { isUtf8 } from "node:buffer";
import { isJsonText } from "../json/text.ts";
import type { LinesEntry } from "../model.ts";

const LINE_BREAK = /[\r\n]/;
const WIDE = /[\u0080-\u00ff]/;
const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^ -~]/g;

/** @param entries in the order of their lines */
export function encodeLines(entries: readonly LinesEntry[]): Uint8Array {
	let text = "";
	for (const entry of entries) text += entry.unresolved ? linkLine(entry) : eventLine(entry);
	return Buffer.from(text, "latin1");
}

/** `data` is the last member, and the metadata stands before it: a reader relies on that. */
function eventLine({ version: at, event, link }: LinesEntry): string {
	const { stream, version, id, type, isJson, isRedacted, data, metadata } = event;
	const { position, created } = link ?? event;
	return (
		`{"at":${at},"stream":${ascii(stream)},"version":${version},"position":${position}` +
		`,"id":"${id}","type":${ascii(type)},"created":"${time(created)}","isJson":${isJson}` +
		(isRedacted ? ',"isRedacted":true' : "") +
		(link ? content("linkMetadata", link.metadata, true) : "") +
		`${content("metadata", metadata, true)}${content("data", data, isJson)}}\n`
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

/**
 * The member that holds `bytes`; "" if there are none. Bytes that are no JSON, no UTF-8, or that
 * would break the line, are in Base64.
 */
function content(name: string, bytes: Uint8Array, isJson: boolean): string {
	if (bytes.length === 0) return "";
	const buffer = Buffer.isBuffer(bytes)
		? bytes
		: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
	if (isJson) {
		const text = buffer.toString("latin1");
		const fits = !LINE_BREAK.test(text) && (!WIDE.test(text) || isUtf8(buffer));
		if (fits && isJsonText(text)) return `,"${name}":${text}`;
	}
	return `,"${name}Base64":"${buffer.toString("base64")}"`;
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
