/**
 * Reads JSON as it was sent: numbers keep their text, keys their order, and a key that was sent
 * twice is there twice. It reads as far as the text goes, since the text may be the beginning of a
 * large document, and no further than its limits.
 */
export type Json = JsonScalar | JsonObject | JsonArray;

export type JsonScalar = {
	readonly kind: "string" | "number" | "word" | "cut";
	/** Of a string what it means; else the text as it was sent. */
	readonly text: string;
	/** Whether the text ended within it. */
	readonly isCut: boolean;
};
export type JsonObject = {
	readonly kind: "object";
	readonly members: readonly JsonMember[];
	readonly isCut: boolean;
};
export type JsonArray = {
	readonly kind: "array";
	readonly items: readonly Json[];
	readonly isCut: boolean;
};
export type JsonMember = { readonly key: string; readonly value: Json };

/** Beyond this depth a value is not read further. */
const DEPTH_MAX = 64;
const SPACE = /[ \t\r\n]*/y;
const STRING = /"[^"\\]*(?:\\[\s\S][^"\\]*)*("|$)/y;
const SCALAR = /[^\s,\]}"[{:]+/y;
const CUT: JsonScalar = { kind: "cut", text: "", isCut: true };

/** @param nodesMax how many values it reads at most */
export function readJson(text: string, nodesMax: number): Json {
	return new JsonReader(text, nodesMax).value(0);
}

/** A cursor over text that is JSON, or begins as JSON does. */
class JsonReader {
	readonly #text: string;
	#at = 0;
	#nodesLeft: number;

	constructor(text: string, nodesMax: number) {
		this.#text = text;
		this.#nodesLeft = nodesMax;
	}

	value(depth: number): Json {
		this.#take(SPACE);
		const first = this.#text[this.#at];
		if (first === undefined || this.#nodesLeft-- <= 0 || depth > DEPTH_MAX) return this.#stop();
		if (first === "{") return this.#object(depth);
		if (first === "[") return this.#array(depth);
		if (first === '"') return this.#string();
		const text = this.#take(SCALAR);
		if (text === "") return this.#stop();
		const isCut = this.#at >= this.#text.length && depth > 0;
		return { kind: /^[-\d]/.test(text) ? "number" : "word", text, isCut };
	}

	#object(depth: number): JsonObject {
		const members: JsonMember[] = [];
		for (this.#at++; ; ) {
			this.#take(SPACE);
			if (this.#next("}")) return { kind: "object", members, isCut: false };
			if (this.#text[this.#at] !== '"') break;
			const key = this.#string();
			this.#take(SPACE);
			if (key.isCut || !this.#next(":")) break;
			const value = this.value(depth + 1);
			if (value.kind === "cut") break;
			members.push({ key: key.text, value });
			this.#take(SPACE);
			this.#next(",");
		}
		this.#stop();
		return { kind: "object", members, isCut: true };
	}

	#array(depth: number): JsonArray {
		const items: Json[] = [];
		for (this.#at++; ; ) {
			this.#take(SPACE);
			if (this.#next("]")) return { kind: "array", items, isCut: false };
			const value = this.value(depth + 1);
			if (value.kind === "cut") break;
			items.push(value);
			this.#take(SPACE);
			this.#next(",");
		}
		this.#stop();
		return { kind: "array", items, isCut: true };
	}

	#string(): JsonScalar {
		const raw = this.#take(STRING);
		const isCut = raw.length < 2 || !raw.endsWith('"');
		return { kind: "string", text: isCut ? raw.slice(1) : decoded(raw), isCut };
	}

	/** Reads nothing more: what is around this value is cut as well. */
	#stop(): JsonScalar {
		this.#at = this.#text.length;
		return CUT;
	}

	#next(character: string): boolean {
		if (this.#text[this.#at] !== character) return false;
		this.#at++;
		return true;
	}

	#take(what: RegExp): string {
		what.lastIndex = this.#at;
		const taken = what.exec(this.#text)?.[0] ?? "";
		this.#at += taken.length;
		return taken;
	}
}

function decoded(raw: string): string {
	if (!raw.includes("\\")) return raw.slice(1, -1);
	try {
		return JSON.parse(raw) as string;
	} catch {
		return raw.slice(1, -1);
	}
}

/** The value as JSON again, on one line, with every number as it was sent. */
export function writeJson(value: Json): string {
	if (value.kind === "object") {
		const members = value.members.map((one) => `${quoted(one.key)}:${writeJson(one.value)}`);
		return `{${members.join(",")}${value.isCut ? "…" : ""}}`;
	}
	if (value.kind === "array") {
		return `[${value.items.map(writeJson).join(",")}${value.isCut ? "…" : ""}]`;
	}
	return value.kind === "string" ? quoted(value.text) : value.text;
}

export function quoted(text: string): string {
	return JSON.stringify(text);
}
