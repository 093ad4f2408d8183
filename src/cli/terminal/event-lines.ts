/** Events as lines for people: a table on a terminal, fields between tabs anywhere else. */
import { isUtf8 } from "node:buffer";
import type { ReadEvent } from "../../../feeds/reader/event.ts";
import { count } from "../output/progress.ts";
import { cutEnd, fitted, fittedName, harmless } from "./cells.ts";
import { type Paint, TypeTones } from "./paint.ts";

export interface EventLines {
	/** Complete lines. */
	of(event: ReadEvent): string;
}

/**
 * `2026-03-01T14:00:00.123Z⇥5612⇥order-42/3⇥OrderPlaced⇥{"total":1.10}`: the whole data, on one
 * line. A tab within a field is shown as an escape, so that fields can be taken apart.
 */
export class PlainLines implements EventLines {
	of(event: ReadEvent): string {
		const { created, at, stream, version, type } = event;
		const fields = [created, String(at), `${stream}/${version}`, type, dataOf(event)];
		return `${fields.map(harmless).join("\t")}\n`;
	}
}

/** What the columns take, in cells. */
const TIME = "09:54:38.796".length;
const NUMBER = 9;
const GAP = "  ";
const NARROW = 72;
const DATA_MIN = 12;

export class TableLines implements EventLines {
	readonly #columns: () => number;
	readonly #paint: Paint;
	/** Whether the events are those of several streams. */
	readonly #isMixed: boolean;
	readonly #tones = new TypeTones();
	#day = "";

	/** @param columns the width of the terminal now: its user may change it */
	constructor(columns: () => number, paint: Paint, isMixed: boolean) {
		this.#columns = columns;
		this.#paint = paint;
		this.#isMixed = isMixed;
	}

	of(event: ReadEvent): string {
		const day = event.created.slice(0, 10);
		const isNew = day !== this.#day;
		this.#day = day;
		return `${isNew ? this.#head(day) : ""}${this.#row(event)}`;
	}

	/** The day, and what the columns are. */
	#head(day: string): string {
		const { stream, type, data } = this.#widths();
		const names = [
			fitted("Time, UTC", TIME),
			"No.".padStart(NUMBER),
			...(stream > 0 ? [fitted("Stream", stream)] : []),
			fitted("Type", type),
			...(data >= DATA_MIN ? ["Data"] : []),
		];
		const head = cutEnd(names.join(GAP), this.#columns());
		return `${this.#paint(day, "bold")}\n${this.#paint(head, "dim")}\n`;
	}

	#row(event: ReadEvent): string {
		const paint = this.#paint;
		const { stream, type, data } = this.#widths();
		const time = event.created.slice(11, 23).padEnd(TIME);
		const tone = this.#tones.of(event.type);
		const cells = [
			paint(time, "dim"),
			count(event.at).padStart(NUMBER),
			...(stream > 0 ? [fittedName(harmless(event.stream), stream)] : []),
			paint(fitted(harmless(event.type), type), tone),
		];
		if (data >= DATA_MIN) cells.push(cutEnd(harmless(dataOf(event, 4 * data)), data));
		return `${cells.join(GAP).trimEnd()}\n`;
	}

	/** In cells; 0 leaves a column out. */
	#widths(): { readonly stream: number; readonly type: number; readonly data: number } {
		const all = this.#columns();
		const left = all - TIME - NUMBER - GAP.length;
		const share = (part: number, least: number, most: number) =>
			Math.max(least, Math.min(most, Math.floor(left * part)));
		const stream = this.#isMixed ? share(all < NARROW ? 0.5 : 0.3, 8, 36) : 0;
		const type = share(all < NARROW ? 0.4 : 0.22, 8, 28);
		const gaps = (this.#isMixed ? 3 : 2) * GAP.length;
		return { stream, type, data: left - stream - type - gaps };
	}
}

/** @param bytesMax how much of it is read; undefined for all */
function dataOf({ data, isJson }: ReadEvent, bytesMax = data.length): string {
	if (data.length === 0) return "";
	const text = textOf(data, bytesMax);
	if (text === undefined) return `(binary, ${count(data.length)} bytes)`;
	// Within JSON a line break is white space between two tokens.
	return isJson ? text.trim().replace(/[\r\n]+[\t ]*/g, " ") : text;
}

/** Undefined if the bytes are no text; a character that was cut is left out. */
function textOf(bytes: Uint8Array, bytesMax: number): string | undefined {
	if (bytes.length <= bytesMax) {
		return isUtf8(bytes) ? Buffer.from(bytes).toString() : undefined;
	}
	try {
		const decoder = new TextDecoder("utf-8", { fatal: true });
		return decoder.decode(bytes.subarray(0, bytesMax), { stream: true });
	} catch {
		return undefined;
	}
}
