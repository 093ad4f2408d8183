/**
 * Which names may hold a text. The names, in their order, are cut into blocks. For each block and
 * each of some thousand hashes, a bit says whether a name of the block has three characters in a
 * row with that hash. So a text is only looked for in the blocks that have all its bits.
 *
 *     hash      block 0  1  2  3 …
 *     "ord"           1  1  0  0
 *     "rde"           1  1  0  1      "orde" may be in blocks 0 and 1
 *
 * No name is kept but the first of each block: the names themselves are read, and judge.
 */
import type { StreamName } from "../event.ts";
import { isBelow, type Span } from "./names.ts";

/** A shorter text is in too many blocks. */
export const RUN = 3;
/** A name has some 30 different runs; in a block of ids half of the bits are set then. */
const HASHES = 4096;
const HASH_SHIFT = 20;
const BLOCK = 64;
/** 64 MiB of bits. A store of more than 8 million names has larger blocks. */
const BLOCKS_MAX = 128 * 1024;
/** Names that came later make their blocks larger. */
const GROWN_PART = 8;
const GROWN_MIN = 10_000;

export class NameBlocks {
	/** The first name of each block. */
	readonly #firsts: StreamName[] = [];
	readonly #namesEach: number;
	/** Of each hash, a bit for each block. */
	readonly #bits: Uint32Array;
	readonly #words: number;
	/** The names below it were added; undefined: all of them. */
	#reached: string | undefined = "";
	#inLast = 0;
	names = 0;
	#inserted = 0;

	/** @param total how many names there will be, more or less */
	constructor(total: number) {
		this.#namesEach = Math.max(BLOCK, Math.ceil(total / BLOCKS_MAX));
		this.#words = Math.ceil((Math.ceil(total / this.#namesEach) + 1) / 32);
		this.#bits = new Uint32Array(HASHES * this.#words);
	}

	/** Whether blocks have become so large that it should be made anew. */
	get hasGrown(): boolean {
		return this.#inserted > Math.max(GROWN_MIN, this.names / GROWN_PART);
	}

	/** Adds the name behind all others. */
	add(name: StreamName): void {
		const isFull = this.#inLast >= this.#namesEach && this.#firsts.length < 32 * this.#words;
		if (isFull || this.#firsts.length === 0) {
			this.#firsts.push(name);
			this.#inLast = 0;
		}
		this.#inLast++;
		this.#reached = `${name}\0`;
		this.#mark(this.#firsts.length - 1, name);
	}

	/** Says that all names before another one were added; undefined for all. */
	reach(before: string | undefined): void {
		this.#reached = before;
	}

	/** Adds a name among those that were added; one behind them will be added in its turn. */
	insert(name: StreamName): void {
		if (this.#reached !== undefined && !isBelow(name, this.#reached)) return;
		if (this.#firsts.length === 0) this.#firsts.push(name);
		this.#inserted++;
		this.#mark(Math.max(0, this.#blockOf(name)), name);
	}

	#mark(block: number, name: string): void {
		this.names++;
		const [word, bit] = [block >>> 5, 1 << (block & 31)];
		for (let at = 0; at + RUN <= name.length; at++) {
			const index = hashAt(name, at) * this.#words + word;
			this.#bits[index] = (this.#bits[index] ?? 0) | bit;
		}
	}

	/** The parts of a range that may have names with the text, in order. */
	narrow({ from, before }: Span, text: string): Span[] {
		const first = Math.max(0, this.#blockOf(from));
		const end = before === undefined ? this.#firsts.length : Math.max(0, this.#blockOf(before)) + 1;
		const spans: Span[] = [];
		for (const block of this.#having(text, first, end)) {
			const low = block === first ? from : (this.#firsts[block] as string);
			const high = block + 1 === end ? before : this.#firsts[block + 1];
			const previous = spans.at(-1);
			const isNext = previous !== undefined && previous.before === low;
			if (isNext) spans[spans.length - 1] = { from: previous.from, before: high };
			else spans.push({ from: low, before: high });
		}
		return spans;
	}

	/** The blocks from one to before another that have all bits of a text. */
	#having(text: string, first: number, end: number): number[] {
		const rows = new Set<number>();
		for (let at = 0; at + RUN <= text.length; at++) rows.add(hashAt(text, at) * this.#words);
		const found: number[] = [];
		for (let word = first >>> 5; word < Math.ceil(end / 32); word++) {
			let bits = -1;
			for (const row of rows) {
				bits &= this.#bits[row + word] ?? 0;
				if (bits === 0) break;
			}
			for (; bits !== 0; bits &= bits - 1) {
				const block = 32 * word + 31 - Math.clz32(bits & -bits);
				if (block >= first && block < end) found.push(block);
			}
		}
		return found;
	}

	/** The block that a name belongs to; -1 before the first. */
	#blockOf(name: string): number {
		let [low, high] = [0, this.#firsts.length];
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (isBelow(name, this.#firsts[middle] as string)) high = middle;
			else low = middle + 1;
		}
		return low - 1;
	}
}

/** Of three characters; multiplied by the golden ratio, whose upper bits are well mixed. */
function hashAt(text: string, at: number): number {
	const run = (text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2);
	return Math.imul(run, 0x9e37_79b1) >>> HASH_SHIFT;
}
