/**
 * Which history a URL speaks of: `?i=`, from the second incarnation of a store on.
 *
 *     ?i=2 at incarnation 2    that history: answered
 *     ?i=1, ?i=3               another history: 410, it is gone or never was here
 *     nothing                  written before there was a second one, or by arithmetic
 *
 * A URL without the number may lie in caches with the first history's page, for ever. It is never
 * answered with the new history's: if a cache could keep that answer, the server redirects the
 * client to the URL with the number. Clients revalidate heads each time, so heads are answered as
 * they are.
 */
import { Refusal } from "../../errors.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import type { Exchange } from "../answering/exchange.ts";
import { baseOf } from "../request/base.ts";
import { numbered, pathOf, withQuery } from "../urls.ts";

const GIVEN = /(?:^|&)i=([^&]*)/;

/**
 * @param query without its `?`
 * @param lasting whether the answer could be kept for ever
 * @returns the redirect; undefined if the URL belongs to this history
 * @throws Refusal `history-replaced`
 */
export function otherHistory(
	exchange: Exchange,
	query: string,
	lasting: boolean,
): Answer | undefined {
	const { context, req } = exchange;
	const { incarnation } = context.log;
	const given = query === "" ? undefined : GIVEN.exec(query)?.[1];
	if (given === String(incarnation)) return undefined;
	if (given !== undefined) throw new Refusal("history-replaced", { incarnation });
	if (incarnation === 1 || !lasting) return undefined;

	const base = baseOf(req, context.settings.publicUrl);
	const url = withQuery(base + pathOf(req.url ?? ""), query);
	return textAnswer(307, "text/plain; charset=utf-8", "This history has a number", [
		"Location",
		numbered(url, incarnation),
		"Cache-Control",
		"no-store",
	]);
}
