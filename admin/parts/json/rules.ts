/** Changes of a stream's metadata document: the rules that a form names, and nothing else in it. */
import { Refusal } from "../../../src/errors.ts";
import type { StreamName } from "../../../src/event.ts";
import { describedStream } from "../../../src/retention/window.ts";
import { type Json, quoted, readJson, writeJson } from "./json.ts";

const NODES_MAX = 100_000;
const NUMBERS = ["$maxAge", "$maxCount", "$tb", "$cacheControl"];
const ROLES = ["$r", "$w", "$d", "$mr", "$mw"];

/** @throws Refusal `invalid-stream-name` */
export function describableOf(stream: StreamName): StreamName {
	if (describedStream(stream) === undefined) return stream;
	const reason = "it holds the metadata of another stream, and has none itself";
	throw new Refusal("invalid-stream-name", { stream: stream.slice(0, 128), reason });
}

/**
 * The document with the rules of a form.
 * @param text the document as it is; "" for none
 */
export function withRules(text: string, form: URLSearchParams): string {
	const rules = new Map<string, string | undefined>();
	for (const key of NUMBERS) {
		const value = (form.get(key) ?? "").trim();
		rules.set(key, value === "" ? undefined : numberOf(key, value));
	}
	const members = membersOf(text);
	rules.set("$acl", aclOf(members.get("$acl"), form));
	return written(members, rules);
}

/** The document without a rule. */
export function withoutRule(text: string, key: string): string {
	return written(membersOf(text), new Map([[key, undefined]]));
}

function written(
	members: ReadonlyMap<string, Json>,
	rules: ReadonlyMap<string, string | undefined>,
): string {
	const kept = new Map([...members].map(([key, value]) => [key, writeJson(value)]));
	for (const [key, text] of rules) {
		if (text === undefined) kept.delete(key);
		else kept.set(key, text);
	}
	return `{${[...kept].map(([key, text]) => `${quoted(key)}:${text}`).join(",")}}`;
}

/** @throws Refusal `malformed-metadata` */
function numberOf(rule: string, value: string): string {
	if (/^\d{1,19}$/.test(value)) return String(BigInt(value));
	throw new Refusal("malformed-metadata", { index: 0, rule, reason: "it is not a whole number" });
}

function aclOf(before: Json | undefined, form: URLSearchParams): string | undefined {
	const kept = before?.kind === "object" ? before.members : [];
	const roles = new Map(kept.map(({ key, value }) => [key, writeJson(value)]));
	for (const key of ROLES) {
		const names = (form.get(`acl${key}`) ?? "").split(",").map((name) => name.trim());
		const given = names.filter((name) => name !== "");
		if (given.length === 0) roles.delete(key);
		else roles.set(key, given.length === 1 ? quoted(given[0] ?? "") : JSON.stringify(given));
	}
	if (roles.size === 0) return undefined;
	return `{${[...roles].map(([key, text]) => `${quoted(key)}:${text}`).join(",")}}`;
}

function membersOf(text: string): ReadonlyMap<string, Json> {
	const value = readJson(text === "" ? "{}" : text, NODES_MAX);
	if (value.kind !== "object") return new Map();
	return new Map(value.members.map(({ key, value: of }) => [key, of]));
}
