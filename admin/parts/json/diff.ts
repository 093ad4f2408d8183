/** What changed between two JSON documents: each place that differs, with what was there before. */
import { type Html, html, type Part } from "../../html.ts";
import { counted } from "../numbers.ts";
import { visible } from "../visible.ts";
import { type Json, type JsonObject, writeJson } from "./json.ts";

export type Change = {
	/** `shipTo.city`, `lines[2]`, `lines[id A7]` */
	readonly path: string;
	/** Undefined for what was added. */
	readonly before: Json | undefined;
	/** Undefined for what was removed. */
	readonly after: Json | undefined;
};

export type Difference = {
	readonly changes: readonly Change[];
	/** The top keys that both have, with the same value. */
	readonly same: readonly string[];
};

const CHANGES_SHOWN_MAX = 60;
const VALUE_MAX = 80;
/** What stays around the part of a long text that differs. */
const CONTEXT = 12;

/** Members of objects are compared by key, items by `id` if all have one, else by place. */
export function differenceOf(before: Json, after: Json): Difference {
	const changes: Change[] = [];
	compare("", before, after, changes);
	const changed = new Set(changes.map(({ path }) => topOf(path)));
	const keys = after.kind === "object" ? after.members.map(({ key }) => key) : [];
	return { changes, same: [...new Set(keys)].filter((key) => !changed.has(key)) };
}

function compare(path: string, before: Json, after: Json, changes: Change[]): void {
	const [old, now] = [childrenOf(before), childrenOf(after)];
	if (!old || !now || before.kind !== after.kind) {
		if (writeJson(before) !== writeJson(after)) changes.push({ path, before, after });
		return;
	}
	const isByKey = before.kind === "object" || (old.byId && now.byId);
	const kind = before.kind === "object" ? "key" : isByKey ? "id" : "place";
	const [left, right] = isByKey ? [old.named, now.named] : [placed(before), placed(after)];
	for (const [name, value] of left) {
		const other = right.get(name);
		const at = joined(path, name, kind);
		if (other === undefined) changes.push({ path: at, before: value, after: undefined });
		else compare(at, value, other, changes);
	}
	for (const [name, value] of right) {
		if (left.has(name)) continue;
		changes.push({ path: joined(path, name, kind), before: undefined, after: value });
	}
}

type Children = { readonly named: ReadonlyMap<string, Json>; readonly byId: boolean };

function childrenOf(value: Json): Children | undefined {
	if (value.kind === "object") return { named: membersOf(value), byId: false };
	if (value.kind !== "array") return undefined;
	const ids = value.items.map((item) => idOf(item));
	const byId = ids.every((id) => id !== undefined) && new Set(ids).size === ids.length;
	const named = byId ? new Map(value.items.map((item, at) => [ids[at] ?? "", item])) : new Map();
	return { named, byId };
}

/** If a key was sent twice, JSON readers take the last one. */
function membersOf({ members }: JsonObject): Map<string, Json> {
	return new Map(members.map(({ key, value }) => [key, value]));
}

function placed(value: Json): ReadonlyMap<string, Json> {
	if (value.kind !== "array") return new Map();
	return new Map(value.items.map((item, at) => [String(at), item]));
}

function idOf(item: Json): string | undefined {
	if (item.kind !== "object") return undefined;
	const id = membersOf(item).get("id");
	return id === undefined || id.kind === "object" || id.kind === "array" ? undefined : id.text;
}

function joined(path: string, name: string, kind: "key" | "id" | "place"): string {
	if (kind === "id") return `${path}[id ${name}]`;
	if (kind === "place") return `${path}[${name}]`;
	return path === "" ? name : `${path}.${name}`;
}

function topOf(path: string): string {
	return /^[^.[]*/.exec(path)?.[0] ?? path;
}

export function diffOf({ changes, same }: Difference): Html {
	const shown = changes.slice(0, CHANGES_SHOWN_MAX).map(changeOf);
	const rest = changes.length - shown.length;
	return html`<table class="diff">
		<caption class="away">What changed</caption>
		<colgroup><col class="place"><col class="how"><col></colgroup>
		<thead class="away"><tr><th>Place</th><th>Change</th><th>Values</th></tr></thead>
		<tbody>${shown}</tbody></table>
		${rest > 0 ? html`<p class="foot">${counted(rest, "change")} more</p>` : ""}
		${same.length > 0 ? html`<p class="foot">${same.length} the same: <span class="mono">${visible(same.join(", "))}</span></p>` : ""}`;
}

/** `2 added, 1 changed` */
export function summaryOf({ changes }: Difference): string {
	const words = changes.map(wordOf);
	const parts = ["added", "changed", "removed"].flatMap((word) => {
		const count = words.filter((one) => one === word).length;
		return count > 0 ? [`${count} ${word}`] : [];
	});
	return parts.length > 0 ? parts.join(", ") : "nothing changed";
}

function wordOf({ before, after }: Change): string {
	if (before === undefined) return "added";
	return after === undefined ? "removed" : "changed";
}

function changeOf(change: Change): Html {
	const [old, now] = [change.before, change.after].map((value) => value && writeJson(value));
	const [shownOld, shownNow] = shortened(old, now);
	return html`<tr><th scope="row" class="mono">${change.path === "" ? "the whole" : visible(change.path)}</th>
		<td class="how">${wordOf(change)}</td>
		<td class="mono">${old === undefined ? "" : html`<del>${visible(shownOld)}</del> `}${
			now === undefined ? "" : html`<ins>${visible(shownNow)}</ins>`
		}</td></tr>`;
}

/** Of two long texts only the part that differs, with what stands around it. */
function shortened(old: string | undefined, now: string | undefined): [string, string] {
	const [a, b] = [old ?? "", now ?? ""];
	if (a.length <= VALUE_MAX && b.length <= VALUE_MAX) return [a, b];
	let start = 0;
	while (start < a.length && a[start] === b[start]) start++;
	let end = 0;
	const most = Math.min(a.length, b.length) - start;
	while (end < most && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
	return [cutTo(a, start, end), cutTo(b, start, end)];
}

function cutTo(text: string, start: number, end: number): string {
	const from = Math.max(0, start - CONTEXT);
	const to = Math.min(text.length, Math.max(text.length - end + CONTEXT, from));
	const middle = text.slice(from, Math.min(to, from + 2 * VALUE_MAX)).toWellFormed();
	const isCutShort = to > from + 2 * VALUE_MAX || to < text.length;
	return `${from > 0 ? "…" : ""}${middle}${isCutShort ? "…" : ""}`;
}

/** There is nothing to compare the document with. */
export function noDifference(text: Part): Html {
	return html`<p class="foot">${text}</p>`;
}
