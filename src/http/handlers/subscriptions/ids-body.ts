/** The ids of messages in the body of an answer for them: as many as no URL may hold. */
import { Refusal } from "../../../errors.ts";
import { parseObject } from "../../../subscriptions/json.ts";

/** The token at a place belongs to the id at that place. */
export type NamedIds = { readonly ids: readonly string[]; readonly tokens: readonly string[] };

/**
 * @param body `{"ids":["…"],"tokens":["…"]}`; the tokens may be left out
 * @throws Refusal `malformed-query` if it has no list of ids
 */
export function idsIn(body: Uint8Array): NamedIds {
	const { ids, tokens = [] } = parseObject(body) ?? {};
	if (isTexts(ids) && isTexts(tokens)) return { ids, tokens };
	const reason =
		"it takes the ids of messages, with commas between them; " +
		'a body {"ids":["…"],"tokens":["…"]} can hold more.';
	throw new Refusal("malformed-query", { parameter: "ids", value: "", reason });
}

function isTexts(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every((each) => typeof each === "string");
}
