/**
 * Finds the values at a path in JSON, in its bytes. What is beside the path is passed over and not
 * made into anything, numbers keep their text, and a key that was sent twice counts twice.
 *
 * Data may have some megabytes, and a server has others to answer: the walk pauses now and then,
 * and goes on when it is asked to.
 */
import type { Path, Step } from "./path.ts";

export type Value = {
	readonly kind: "string" | "number" | "word" | "object" | "array";
	/** Of a string what it means, of a number or a word (true, false, null) its text; else "". */
	readonly text: string;
};

/** In place of a value: time for others. */
export const PAUSE = "pause";

/** Some 0.3 ms. */
const PAUSE_BYTES = 64 * 1024;
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACE = 0x20;
const MINUS = 0x2d;
const NINE = 0x39;

/** @param bytes JSON in UTF-8; of anything else some values may be found, or none */
export function valuesAt(bytes: Uint8Array, path: Path): Generator<Value | typeof PAUSE> {
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	return new Walk(buffer, path).at(0);
}

class Walk {
	readonly #bytes: Buffer;
	readonly #path: Path;
	#at = 0;
	#pauseAt = PAUSE_BYTES;

	constructor(bytes: Buffer, path: Path) {
		this.#bytes = bytes;
		this.#path = path;
	}

	/** The values that the rest of the path has in the value at the cursor. */
	*at(depth: number): Generator<Value | typeof PAUSE> {
		const step = this.#path[depth];
		const first = this.#next();
		if (step === undefined) {
			const from = this.#at;
			yield* this.#pass();
			yield this.#value(first, from);
		} else if (first === OPEN_OBJECT && step.kind !== "item") yield* this.#object(step, depth);
		else if (first === OPEN_ARRAY && step.kind !== "name") yield* this.#array(step, depth);
		else yield* this.#pass();
	}

	*#object(step: Step, depth: number): Generator<Value | typeof PAUSE> {
		this.#at++;
		while (this.#next() === QUOTE) {
			const from = this.#at;
			this.#passString();
			const isNamed = step.kind === "any" || this.#isName(step, from);
			if (this.#next() !== COLON) return;
			this.#at++;
			if (isNamed) yield* this.at(depth + 1);
			else yield* this.#pass();
			if (this.#next() === COMMA) this.#at++;
		}
		this.#at++;
	}

	*#array(step: Step, depth: number): Generator<Value | typeof PAUSE> {
		this.#at++;
		for (let index = 0; this.#at < this.#bytes.length; index++) {
			if (this.#next() === CLOSE_ARRAY) break;
			const before = this.#at;
			const isMeant = step.kind === "any" || (step.kind === "item" && step.index === index);
			if (isMeant) yield* this.at(depth + 1);
			else yield* this.#pass();
			if (this.#next() === COMMA) this.#at++;
			// Not JSON: nothing here is a value.
			if (this.#at === before) return;
		}
		this.#at++;
	}

	/** Passes over one value, however deep it nests. */
	*#pass(): Generator<typeof PAUSE> {
		const bytes = this.#bytes;
		let depth = 0;
		do {
			const byte = this.#next();
			if (byte === undefined) return;
			if (byte === QUOTE) this.#passString();
			else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
				depth++;
				this.#at++;
			} else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
				depth--;
				this.#at++;
			} else if (byte === COMMA || byte === COLON) this.#at++;
			else while (this.#at < bytes.length && isScalar(bytes[this.#at])) this.#at++;
			if (this.#at > this.#pauseAt) {
				this.#pauseAt = this.#at + PAUSE_BYTES;
				yield PAUSE;
			}
		} while (depth > 0);
	}

	#passString(): void {
		const bytes = this.#bytes;
		let at = this.#at + 1;
		while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
		this.#at = at + 1;
	}

	#isName(step: Step, from: number): boolean {
		if (step.kind !== "name") return false;
		const key = this.#bytes.subarray(from + 1, this.#at - 1);
		return key.includes(BACKSLASH)
			? stringOf(this.#bytes.subarray(from, this.#at)) === step.name
			: key.equals(step.bytes);
	}

	#value(first: number | undefined, from: number): Value {
		if (first === OPEN_OBJECT) return { kind: "object", text: "" };
		if (first === OPEN_ARRAY) return { kind: "array", text: "" };
		const bytes = this.#bytes.subarray(from, this.#at);
		if (first === QUOTE) return { kind: "string", text: stringOf(bytes) };
		const isNumber = first === MINUS || (first !== undefined && first <= NINE);
		return { kind: isNumber ? "number" : "word", text: bytes.toString("latin1") };
	}

	/** Passes over white space. */
	#next(): number | undefined {
		const bytes = this.#bytes;
		while ((bytes[this.#at] ?? SPACE + 1) <= SPACE) this.#at++;
		return bytes[this.#at];
	}
}

function isScalar(byte: number | undefined): boolean {
	if (byte === undefined || byte <= SPACE || byte === COMMA || byte === COLON) return false;
	return byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY && byte !== QUOTE;
}

/** @param bytes a string of JSON with its quotes */
function stringOf(bytes: Buffer): string {
	if (!bytes.includes(BACKSLASH)) return bytes.toString("utf8", 1, bytes.length - 1);
	try {
		return JSON.parse(bytes.toString()) as string;
	} catch {
		return bytes.toString("utf8", 1, bytes.length - 1);
	}
}
