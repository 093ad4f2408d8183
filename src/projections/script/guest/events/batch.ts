/**
 * Events as they enter the sandbox: numbers in one array, text in one string, so that a batch costs
 * little more than its bytes. What a script does not look at is never cut out or parsed.
 */
import { max, OwnFloat64Array, parse } from "../realm/intrinsics.ts";

/** What each event has in the array of numbers. The four last are ends within the string. */
export const POSITION = 0;
export const NUMBER = 1;
export const CREATED = 2;
export const STREAM = 3;
export const TYPE = 4;
export const FLAGS = 5;
export const ID_END = 6;
export const DATA_END = 7;
export const METADATA_END = 8;
export const LINK_METADATA_END = 9;
export const COLUMNS = 10;

export const IS_JSON = 1;
export const SOFT_DELETED = 2;
export const HARD_DELETED = 4;
export const HAS_LINK = 8;
/** It should be JSON, and is nothing: no handler sees it. */
export const IS_EMPTY = 16;
/** Of an event that has any of them, more is to be asked than its type. */
export const IS_SPECIAL: number = SOFT_DELETED | HARD_DELETED | IS_EMPTY;

/** Its members are plain, not private: the loop over events reads them for each. */
export class Batch {
	readonly length: number;
	/** Each type once, and each stream; events have the numbers of theirs. */
	readonly types: readonly string[];
	readonly streams: readonly string[];
	/** COLUMNS for each event. */
	readonly numbers: Float64Array;
	readonly #text: string;
	/** What stands before the first dash of each stream's name; "" if there is none. */
	readonly categories: readonly string[];

	/** @param names JSON: the types, and the streams, that occur */
	constructor(names: string, numbers: ArrayBuffer, text: string) {
		const [types, streams] = parse(names) as [string[], string[]];
		this.types = types;
		this.streams = streams;
		this.categories = streams.map((name) => name.slice(0, max(name.indexOf("-"), 0)));
		this.numbers = new OwnFloat64Array(numbers);
		this.#text = text;
		this.length = this.numbers.length / COLUMNS;
	}

	/**
	 * The text that ends where a column says, and starts where the text before it ends.
	 * @param row of an event: COLUMNS times its index
	 */
	text(row: number, endColumn: number): string {
		const at = row + endColumn;
		// Before an event's id stands the last text of the event before; the first has none.
		const before = endColumn === ID_END ? row - 1 : at - 1;
		return this.#text.slice(before < 0 ? 0 : this.numbers[before], this.numbers[at]);
	}
}
