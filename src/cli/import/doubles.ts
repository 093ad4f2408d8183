/**
 * Finds two lines that have one id in one stream, and different content: the server would take the
 * second for a repeat of the first, and its event would be lost.
 *
 * A table of numbers: an object for each of millions of lines would fill the memory. Of each line
 * it keeps half a digest of stream and id, a quarter of one of the content, and its number.
 */
import { hash } from "node:crypto";

/** So many lines take 40 MB; from there on it begins anew, and knows only lines after that. */
const LINES_MAX = 2 ** 20;
/** Numbers for each place of the table, which is never more than half full. */
const WIDTH = 4;

export type Remembered = "new" | "same" | { readonly line: number };

export class Doubles {
	#table = new Uint32Array(1024 * WIDTH);
	#lines = 0;

	/**
	 * Remembers a line.
	 * @param line its number, from 1
	 * @returns what it knows of the id: nothing, the same content, or the line with another one
	 */
	see(stream: string, id: string, content: string, line: number): Remembered {
		if (this.#lines * 2 >= this.#table.length / WIDTH) this.#makeRoom();
		const key = hash("sha1", `${stream}\0${id}`, "buffer");
		const [high, low] = [key.readUInt32LE(0), key.readUInt32LE(4)];
		const said = hash("sha1", content, "buffer").readUInt32LE(0);
		const table = this.#table;
		for (let at = this.#placeOf(low); ; at = (at + WIDTH) % table.length) {
			if (table[at + 3] === 0) {
				table.set([high, low, said, line], at);
				this.#lines++;
				return "new";
			}
			if (table[at] !== high || table[at + 1] !== low) continue;
			return table[at + 2] === said ? "same" : { line: table[at + 3] as number };
		}
	}

	#placeOf(low: number): number {
		return (low % (this.#table.length / WIDTH)) * WIDTH;
	}

	#makeRoom(): void {
		const before = this.#table;
		if (this.#lines >= LINES_MAX) {
			this.#table = new Uint32Array(1024 * WIDTH);
			this.#lines = 0;
			return;
		}
		this.#table = new Uint32Array(2 * before.length);
		for (let from = 0; from < before.length; from += WIDTH) {
			if (before[from + 3] === 0) continue;
			let at = this.#placeOf(before[from + 1] as number);
			while (this.#table[at + 3] !== 0) at = (at + WIDTH) % this.#table.length;
			this.#table.set(before.subarray(from, from + WIDTH), at);
		}
	}
}
