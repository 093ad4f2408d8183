/**
 * The beginning of an event's data on one line: `key:value` pairs, nested objects one level deep,
 * arrays as their length. The column cuts it, so it is always longer than the column is wide.
 */
import { type Html, html, type Part } from "../../html.ts";
import { sizeOf } from "../numbers.ts";
import { visible } from "../visible.ts";
import { type Json, type JsonMember, quoted, readJson } from "./json.ts";

/** A row is never as wide as what so many bytes show. */
export const PREVIEW_BYTES = 4096;
const NODES_MAX = 60;
const MEMBERS_MAX = 14;
const STRING_MAX = 120;

export type Content = {
	readonly isJson: boolean;
	readonly data: Uint8Array;
	readonly isRedacted?: true;
	/** Of the data, if `data` is only its beginning. */
	readonly bytes?: number | undefined;
};

export function previewOf(
	{ isJson, data, isRedacted, bytes = data.length }: Content,
	membersMax = MEMBERS_MAX,
): Part {
	if (isRedacted) return html`<span class="none">erased</span>`;
	if (data.length === 0) return html`<span class="none">no data</span>`;
	const text = textOf(data, PREVIEW_BYTES);
	if (isJson) return preview(readJson(text ?? "", NODES_MAX), membersMax);
	if (text === undefined) return html`<span class="none">binary, ${sizeOf(bytes)}</span>`;
	return visible(text.slice(0, 2 * STRING_MAX));
}

/** Bytes as text, without a character that was cut at the end; undefined if they are not UTF-8. */
export function textOf(bytes: Uint8Array, bytesMax: number): string | undefined {
	const isCut = bytes.length > bytesMax;
	try {
		const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
		return decoder.decode(bytes.subarray(0, bytesMax), { stream: isCut });
	} catch {
		return undefined;
	}
}

/**
 * A value on one line, without the braces of the outermost object.
 * @param membersMax how many members it names, those of nested objects included
 */
export function preview(value: Json, membersMax = MEMBERS_MAX): Html {
	const left = { members: membersMax };
	if (value.kind !== "object") return html`${short(value, 0, left)}`;
	return html`${membersOf(value.members, 0, left)}`;
}

/** What is left to name, counted down. */
type Left = { members: number };

function membersOf(members: readonly JsonMember[], depth: number, left: Left): Part {
	const shown: Part[] = [];
	for (const { key, value } of members) {
		if (left.members === 0) break;
		left.members--;
		const name = html`<span class="k">${visible(key.slice(0, STRING_MAX))}</span>`;
		shown.push([shown.length > 0 ? " " : "", html`${name}:${short(value, depth + 1, left)}`]);
	}
	if (shown.length < members.length) shown.push(" …");
	return shown;
}

function short(value: Json, depth: number, left: Left): Part {
	switch (value.kind) {
		case "object":
			if (value.members.length === 0) return "{}";
			if (depth > 1 || left.members === 0) return "{…}";
			return html`{${membersOf(value.members, depth, left)}}`;
		case "array":
			return `[${value.isCut ? "…" : value.items.length}]`;
		case "string":
			return html`<span class="s">${stringOf(value.text)}</span>`;
		default:
			return scalarOf(value);
	}
}

/** A number, or one of the three words. */
export function scalarOf({ kind, text }: { kind: string; text: string }): Html {
	return html`<span class="${kind === "number" ? "n" : "b"}">${text}</span>`;
}

function stringOf(text: string): Part {
	return visible(quoted(text.length > STRING_MAX ? `${text.slice(0, STRING_MAX)}…` : text));
}
