/**
 * A page as lines of JSON, one for each entry, for programs. docs/page-of-lines.md describes the
 * format.
 *
 * `data` and `metadata` are the stored bytes, copied. Neither side quotes or parses what it only
 * carries. All of a line but these is ASCII, so a reader finds its way without decoding UTF-8.
 */
import type { LinesEntry } from "../model.ts";
import { asBuffer, PageContent } from "./content.ts";

const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^ -~]/g;

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

/** The lines so far: ASCII text and bytes in turn, copied once all of them are known. */
class Lines {
	readonly #texts: string[] = [];
	readonly #contents: Uint8Array[] = [];
	readonly #names = new Map<string, string>();
	#text = "";
	#length = 0;

	/** A name as a JSON string in ASCII. A page has few of them. */
	name(name: string): string {
		let literal = this.#names.get(name);
		if (literal === undefined) {
			literal = ascii(name);
			this.#names.set(name, literal);
		}
		return literal;
	}

	/** @param ascii of which each character is one byte */
	text(ascii: string): void {
		this.#text += ascii;
	}

	bytes(content: Uint8Array): void {
		this.#texts.push(this.#text);
		this.#contents.push(content);
		this.#length += this.#text.length + content.length;
		this.#text = "";
	}

	whole(): Uint8Array {
		const whole = Buffer.allocUnsafeSlow(this.#length + this.#text.length);
		const contents = this.#contents;
		let at = 0;
		for (let index = 0; index < contents.length; index++) {
			const content = contents[index] as Uint8Array;
			at += whole.write(this.#texts[index] as string, at, "latin1");
			whole.set(content, at);
			at += content.length;
		}
		whole.write(this.#text, at, "latin1");
		return whole;
	}
}

/** `data` is the last member, and the metadata stands before it: a reader relies on that. */
function writeEvent(lines: Lines, { version: at, event, link }: LinesEntry, content: PageContent) {
	const { stream, version, id, type, isJson, isRedacted, data, metadata } = event;
	const { position, created } = link ?? event;
	lines.text(
		`{"at":${at},"stream":${lines.name(stream)},"version":${version},"position":${position}` +
			`,"id":"${id}","type":${lines.name(type)},"created":"${time(created)}","isJson":${isJson}`,
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
	const created = time((link ?? event).created);
	return (
		`{"at":${at},"stream":${ascii(stream)},"version":${version},"created":"${created}"` +
		`,"unresolved":true}\n`
	);
}

/** The member that holds `bytes`; none if there are no bytes. What does not fit is in Base64. */
function writeContent(lines: Lines, name: string, bytes: Uint8Array, fits: boolean): void {
	if (bytes.length === 0) return;
	if (fits) {
		lines.text(`,"${name}":`);
		lines.bytes(bytes);
	} else lines.text(`,"${name}Base64":"${asBuffer(bytes).toString("base64")}"`);
}

/** A name as a JSON string in ASCII. */
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
