/**
 * A stream's metadata: the JSON of the newest event of `$$` and its name (contract 5.4).
 *
 * The log reads four keys of it, and writes one; the rest is the client's, and its bytes are never
 * altered. If one of these keys is malformed, the document counts as empty: half of a
 * retention rule is none.
 */
import {
	eachMember,
	isJsonText,
	nestsTooDeep,
	skipSpace,
	skipValue,
} from "../../feeds/json/text.ts";

/** The keys that the log reads. */
export type StreamMetadata = {
	/** Only so many of the newest events are shown. */
	readonly maxCount?: number;
	/** Older events are not shown. */
	readonly maxAgeMs?: number;
	/** Events with lower numbers are not shown. */
	readonly truncateBefore?: number;
	/** How long caches may keep an answer that can still change. */
	readonly cacheSeconds?: number;
	/** `$tb` at its largest: the stream was deleted, and may come back. */
	readonly isDeleted: boolean;
};

export const NO_METADATA: StreamMetadata = { isDeleted: false };

/** As large as a number of the contract can be. No event has it, so it hides them all. */
export const DELETED_BEFORE = "9223372036854775807";

const TRUNCATE_BEFORE = "$tb";
const INTEGER_MAX = BigInt(DELETED_BEFORE);
const INTEGER = /^-?\d{1,20}$/;

/** Reads the keys of the log; a malformed document counts as empty. */
export function parseMetadata(bytes: Uint8Array): StreamMetadata {
	const text = textOf(bytes);
	if (!isObject(text)) return NO_METADATA;
	const found = new Map<string, string>();
	visit(text, (name, start, end) => found.set(name, text.slice(start, end)));
	if (!isWellTyped(found)) return NO_METADATA;

	const positive = (name: string) => {
		const number = Number(found.get(name) ?? 0);
		return number > 0 ? number : undefined;
	};
	const maxAge = positive("$maxAge");
	return {
		...optional("maxCount", positive("$maxCount")),
		...optional("maxAgeMs", maxAge === undefined ? undefined : maxAge * 1000),
		...optional("truncateBefore", positive(TRUNCATE_BEFORE)),
		...optional("cacheSeconds", positive("$cacheControl")),
		isDeleted: found.get(TRUNCATE_BEFORE) === DELETED_BEFORE,
	};
}

/**
 * The document with `$tb` set, everything else in it byte for byte as it was.
 * @param bytes undefined if there is no document; one that is not a JSON object is replaced
 * @param before the digits of `$tb`
 */
export function withTruncateBefore(bytes: Uint8Array | undefined, before: string): Uint8Array {
	const text = bytes === undefined ? "" : textOf(bytes);
	const member = `"${TRUNCATE_BEFORE}":${before}`;
	if (!isObject(text)) return Buffer.from(`{${member}}`);
	const places: [start: number, end: number][] = [];
	let isEmpty = true;
	visit(text, (name, start, end) => {
		isEmpty = false;
		// If a name is there twice, JSON readers take the last one; all are set.
		if (name === TRUNCATE_BEFORE) places.push([start, end]);
	});
	if (places.length === 0) {
		const open = skipSpace(text, 0) + 1;
		const rest = text.slice(open);
		return Buffer.from(`${text.slice(0, open)}${member}${isEmpty ? "" : ","}${rest}`, "latin1");
	}
	let out = "";
	let from = 0;
	for (const [start, end] of places) {
		out += text.slice(from, start) + before;
		from = end;
	}
	return Buffer.from(out + text.slice(from), "latin1");
}

/** One character a byte: nothing JSON means anything by is above ASCII. */
function textOf(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

function isObject(text: string): boolean {
	return text[skipSpace(text, 0)] === "{" && isJsonText(text) && !nestsTooDeep(text);
}

function visit(text: string, see: (name: string, start: number, end: number) => void): void {
	eachMember(text, skipSpace(text, 0), (name, start) => {
		const end = skipValue(text, start);
		see(name, start, end);
		return end;
	});
}

/** Whether each key the contract gives a type has a value of that type. */
function isWellTyped(found: ReadonlyMap<string, string>): boolean {
	for (const name of ["$maxCount", "$maxAge", TRUNCATE_BEFORE, "$cacheControl"]) {
		if (!isInteger(found.get(name) ?? "0")) return false;
	}
	if (!["true", "false"].includes(found.get("$tmp") ?? "true")) return false;
	return isAcl(JSON.parse(found.get("$acl") ?? "{}"));
}

/**
 * Above 2^63-1 a number is none of the contract's, as 9223372036854776000, which JavaScript makes
 * of it.
 */
function isInteger(text: string): boolean {
	if (!INTEGER.test(text)) return false;
	const number = BigInt(text);
	return number <= INTEGER_MAX && number >= -INTEGER_MAX - 1n;
}

function isAcl(acl: unknown): boolean {
	if (typeof acl !== "object" || acl === null || Array.isArray(acl)) return false;
	return ["$r", "$w", "$d", "$mr", "$mw"].every((right) => {
		const roles: unknown = Object.hasOwn(acl, right) ? acl[right as keyof typeof acl] : "";
		return [roles].flat().every((role) => typeof role === "string");
	});
}

function optional(name: keyof StreamMetadata, value: number | undefined): Partial<StreamMetadata> {
	return value === undefined ? {} : { [name]: value };
}
