/**
 * A stream's metadata: the JSON of the newest event of `$$` and its name (contract 5.4).
 *
 * The log reads four keys of it, and writes one; the rest is the client's, and its bytes are never
 * altered. If the value of one key is malformed, that key counts as absent, and the others apply:
 * nobody's retention is switched off by a mistake beside it. Whoever writes the document is told
 * (`faultsOf`).
 */
import {
	eachMember,
	isJsonText,
	nestsTooDeep,
	skipSpace,
	skipValue,
} from "../../feeds/json/text.ts";
import { ACL, aclFault, FLAG_RULES, NUMBER_MAX, NUMBER_RULES, wholeNumber } from "./rules.ts";

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

/** The `$tb` of a soft delete. */
export const DELETED_BEFORE = NUMBER_MAX;

const TRUNCATE_BEFORE = "$tb";
const REPEATED = "it is there more than once; the last one counts";
const KNOWN: readonly string[] = [...NUMBER_RULES, ...FLAG_RULES, ACL];

/** A key of a document that has no effect, though whoever wrote it may think so. */
export type MetadataFault = {
	/** The key; `metadata` if the fault is the whole document's. */
	readonly rule: string;
	readonly reason: string;
};

/** Reads the keys of the log, as far as they are well-formed. */
export function parseMetadata(bytes: Uint8Array): StreamMetadata {
	const found = membersOf(bytes);
	if (found === undefined) return NO_METADATA;
	const before = wholeNumber(found.get(TRUNCATE_BEFORE) ?? "0");
	const positive = (name: (typeof NUMBER_RULES)[number]) => {
		const number = Number(wholeNumber(found.get(name) ?? "0"));
		return number > 0 ? number : undefined;
	};
	const maxAge = positive("$maxAge");
	return {
		...optional("maxCount", positive("$maxCount")),
		...optional("maxAgeMs", maxAge === undefined ? undefined : maxAge * 1000),
		...optional("truncateBefore", positive(TRUNCATE_BEFORE)),
		...optional("cacheSeconds", positive("$cacheControl")),
		isDeleted: before === BigInt(DELETED_BEFORE),
	};
}

/**
 * What of a document does nothing: keys of the contract whose values are malformed, and keys that
 * differ from one of them only by the case of their letters. A number that is zero or less is a
 * client's way to say "none".
 */
export function faultsOf(bytes: Uint8Array): MetadataFault[] {
	if (bytes.length === 0) return [];
	const repeated = new Set<string>();
	const found = membersOf(bytes, (name) => KNOWN.includes(name) && repeated.add(name));
	if (found === undefined) return [{ rule: "metadata", reason: "it is not a JSON object" }];
	const faults: MetadataFault[] = [];
	for (const [rule, text] of found) {
		const reason = faultOf(rule, text) ?? (repeated.has(rule) ? REPEATED : undefined);
		if (reason !== undefined) faults.push({ rule, reason });
	}
	return faults;
}

/** Says why the `$acl` of a document is malformed; undefined if it is not, or there is none. */
export function aclFaultOf(bytes: Uint8Array): string | undefined {
	const acl = membersOf(bytes)?.get(ACL);
	return acl === undefined ? undefined : aclFault(acl);
}

/**
 * The text of the `$acl` of a document; undefined if it has none.
 * @returns `unreadable` if it is no JSON object, or nests too deep, so that nobody can tell
 */
export function aclTextOf(bytes: Uint8Array): string | "unreadable" | undefined {
	if (bytes.length === 0) return undefined;
	const members = membersOf(bytes);
	if (members === undefined) return "unreadable";
	const acl = members.get(ACL);
	return acl === undefined ? undefined : Buffer.from(acl, "latin1").toString();
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

/**
 * The text of each value, by name, the last of a name; undefined if it is no JSON object.
 * @param onRepeated called with each name that is there again
 */
function membersOf(
	bytes: Uint8Array,
	onRepeated: (name: string) => void = () => undefined,
): Map<string, string> | undefined {
	const text = textOf(bytes);
	if (!isObject(text)) return undefined;
	const found = new Map<string, string>();
	visit(text, (name, start, end) => {
		if (found.has(name)) onRepeated(name);
		found.set(name, text.slice(start, end));
	});
	return found;
}

function visit(text: string, see: (name: string, start: number, end: number) => void): void {
	eachMember(text, skipSpace(text, 0), (name, start) => {
		const end = skipValue(text, start);
		see(name, start, end);
		return end;
	});
}

function faultOf(rule: string, text: string): string | undefined {
	if (NUMBER_RULES.some((name) => name === rule)) {
		const number = wholeNumber(text);
		return typeof number === "string" ? number : undefined;
	}
	if (FLAG_RULES.some((name) => name === rule)) {
		return text === "true" || text === "false" ? undefined : "it is neither true nor false";
	}
	if (rule === ACL) return aclFault(text);
	const meant = KNOWN.find((name) => name.toLowerCase() === rule.toLowerCase());
	return meant === undefined ? undefined : `the log knows it as ${meant}`;
}

function optional(name: keyof StreamMetadata, value: number | undefined): Partial<StreamMetadata> {
	return value === undefined ? {} : { [name]: value };
}
