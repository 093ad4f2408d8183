/** Why a search found nothing: what each of its conditions fits by itself. */
import type { SearchQuery } from "./query.ts";
import type { Progress } from "./search.ts";

/**
 * By condition, how many of the searched events fit it. 0 names a condition that fits nothing; it
 * stands alone if it left nothing to be searched.
 */
export type Alone = { readonly [condition in Condition]?: number };
type Condition = "id" | "stream" | "type" | "time" | "path" | "value";

/** `path` and `value` count among the events that fit all others. */
export function aloneIn(
	{ span, fitting }: Progress,
	{ id, type, stream, value }: SearchQuery,
): Alone {
	if (span.emptiedBy !== undefined) return { [span.emptiedBy]: 0 };
	return {
		...(id === undefined ? {} : { id: fitting.id }),
		...(stream === undefined ? {} : { stream: fitting.stream }),
		...(type === undefined ? {} : { type: fitting.type }),
		...(value === undefined ? {} : { path: fitting.path, value: fitting.value }),
	};
}
