/** Lines of JSON that are put together of text and of the bytes of events. */
import { asBuffer } from "./content.ts";

const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^ -~]/g;

/** The lines so far: ASCII text and bytes in turn, copied once all of them are known. */
export class Lines {
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

/** The member that holds `bytes`; none if there are no bytes. What does not fit is in Base64. */
export function writeContent(lines: Lines, name: string, bytes: Uint8Array, fits: boolean): void {
	if (bytes.length === 0) return;
	if (fits) {
		lines.text(`,"${name}":`);
		lines.bytes(bytes);
	} else lines.text(`,"${name}Base64":"${asBuffer(bytes).toString("base64")}"`);
}

/** A name as a JSON string in ASCII. */
export function ascii(text: string): string {
	return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text).replace(NOT_ASCII, escaped);
}

function escaped(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The events of a page are mostly of few seconds. */
let formatted = { second: Number.NaN, text: "" };

/** RFC 3339 in UTC, always with three digits of fraction. */
export function timeOf(milliseconds: number): string {
	const second = Math.floor(milliseconds / 1000);
	if (formatted.second !== second) {
		formatted = { second, text: new Date(second * 1000).toISOString().slice(0, -"000Z".length) };
	}
	return `${formatted.text}${String(milliseconds - second * 1000).padStart(3, "0")}Z`;
}
