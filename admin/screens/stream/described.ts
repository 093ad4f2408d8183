/** The metadata of a stream, in words: what is kept, what is hidden, and who may do what. */
import type { StreamName, Version } from "../../../src/event.ts";
import { parseMetadata, type StreamMetadata } from "../../../src/retention/metadata.ts";
import { metadataStream } from "../../../src/retention/window.ts";
import type { Store } from "../../../src/screens.ts";
import { html, type Part } from "../../html.ts";
import { type Json, readJson } from "../../parts/json/json.ts";
import { counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

export type Described = {
	/** Of the newest document; -1 if there is none. */
	readonly version: Version;
	/** As it was written. */
	readonly text: string;
	readonly rules: StreamMetadata;
};

const NODES_MAX = 10_000;
const NOTHING: Described = { version: -1, text: "", rules: { isDeleted: false } };
const RIGHTS = [
	["$r", "read by"],
	["$w", "written by"],
	["$d", "deleted by"],
	["$mr", "its metadata read by"],
	["$mw", "its metadata written by"],
] as const;

/** Also of a stream that was deleted for ever, whose metadata counts no more. */
export async function describedIn(store: Store, stream: StreamName): Promise<Described> {
	if (stream.startsWith("$$")) return NOTHING;
	const of = metadataStream(stream);
	const newest = { stream: of, from: "head", limit: 1, direction: "backward" } as const;
	const { last, entries } = await store.read({ ...newest, content: true, resolve: false });
	const data = entries[0]?.event.data;
	if (data === undefined) return { ...NOTHING, version: last };
	return { version: last, text: Buffer.from(data).toString(), rules: parseMetadata(data) };
}

/** The document's members, as far as it is an object. */
export function membersOf(text: string): ReadonlyMap<string, Json> {
	const value = readJson(text === "" ? "{}" : text, NODES_MAX);
	if (value.kind !== "object") return new Map();
	return new Map(value.members.map(({ key, value: of }) => [key, of]));
}

/** Undefined if nothing but what the store does by itself holds here. */
export function inWords({ text, rules }: Described): Part {
	const { maxAgeMs, maxCount, truncateBefore, cacheSeconds, isDeleted } = rules;
	const kept: Part[] = [];
	if (maxAgeMs !== undefined) kept.push(html`<b>${ageInWords(maxAgeMs)}</b>`);
	if (maxCount !== undefined) kept.push(html`at most <b>${counted(maxCount, "event")}</b>`);
	const said: Part[] = [];
	if (kept.length > 0)
		said.push(html`Keeps ${kept.map((part, at) => [at > 0 ? ", " : "", part])}.`);
	if (truncateBefore !== undefined && !isDeleted) {
		said.push(html`Events before <b>${grouped(Number(truncateBefore))}</b> are hidden.`);
	}
	if (cacheSeconds !== undefined) {
		said.push(html`Caches may keep its head for <b>${ageInWords(cacheSeconds * 1000)}</b>.`);
	}
	said.push(rightsInWords(membersOf(text).get("$acl")));
	const shown = said.filter((part) => part !== undefined);
	return shown.length > 0 ? html`${shown.map((part) => html`${part} `)}` : undefined;
}

function rightsInWords(acl: Json | undefined): Part {
	if (acl?.kind !== "object") return undefined;
	const said = RIGHTS.flatMap(([key, words]) => {
		const roles = acl.members.find((member) => member.key === key)?.value;
		const names = namesIn(roles);
		if (names.length === 0) return [];
		return [html`${words} <b>${visible(names.join(", "))}</b>`];
	});
	if (said.length === 0) return undefined;
	return html`It is ${said.map((part, at) => [at > 0 ? "; " : "", part])}.`;
}

export function namesIn(roles: Json | undefined): string[] {
	if (roles === undefined) return [];
	const items = roles.kind === "array" ? roles.items : [roles];
	return items.flatMap((item) => (item.kind === "string" ? [item.text] : []));
}

/** `30 days`, `12 hours`: exact, and in the largest unit that is. */
function ageInWords(milliseconds: number): string {
	const seconds = Math.round(milliseconds / 1000);
	const units = [
		[86_400, "day"],
		[3600, "hour"],
		[60, "minute"],
	] as const;
	for (const [size, unit] of units) {
		if (seconds % size === 0) return counted(seconds / size, unit);
	}
	return counted(seconds, "second");
}
