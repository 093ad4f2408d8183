/**
 * How a URL says as of when: `?as-of=` on the URL of a stream.
 *
 *     7                             as of event 7 of the stream
 *     @5613                         as of position 5613 of the log: all up to and with that event
 *     2026-03-01T14:00:00.123Z      as of a time: all events until then, those of that moment too
 */
import { parseTime } from "../../../feeds/time.ts";
import { Refusal } from "../../errors.ts";
import type { Position, Version } from "../../event.ts";

export type AsOf =
	| { readonly kind: "version"; readonly version: Version }
	| { readonly kind: "position"; readonly position: Position }
	/** The first millisecond, since 1970, that does not belong to it any more. */
	| { readonly kind: "time"; readonly before: number };

const PARAMETER = "as-of";
const GIVEN = /(?:^|&)as-of(?:[=&]|$)/;
const NUMBER = /^@?\d{1,15}$/;
/** Finer than the clock of the log. `parseTime` gives the millisecond behind it. */
const IS_FINER = /\.\d{3}\d*[1-9]/;

/** @param query without its `?` */
export function hasAsOf(query: string): boolean {
	return query !== "" && GIVEN.test(query);
}

/** @throws Refusal `malformed-query` */
export function parseAsOf(query: URLSearchParams): AsOf {
	const all = query.getAll(PARAMETER);
	const [text = ""] = all;
	if (all.length > 1) throw malformed(text, "it may stand in a URL only once.");
	const asked = asOfIn(text);
	if (asked) return asked;
	throw malformed(
		text,
		"it takes the number of an event, a position such as @5613, or a time such as 2026-03-01T14:00:00Z (RFC 3339, with its offset).",
	);
}

/** @returns undefined if the text says no moment */
export function asOfIn(text: string): AsOf | undefined {
	if (NUMBER.test(text)) {
		return text.startsWith("@")
			? { kind: "position", position: Number(text.slice(1)) }
			: { kind: "version", version: Number(text) };
	}
	// In a query a plus that nobody escaped is a space; a time holds no other.
	const plain = text.replace(/ (\d\d:\d\d)$/, "+$1");
	const time = parseTime(plain);
	if (time === undefined) return undefined;
	return { kind: "time", before: IS_FINER.test(plain) ? time : time + 1 };
}

function malformed(value: string, reason: string): Refusal {
	return new Refusal("malformed-query", {
		parameter: PARAMETER,
		value: value.slice(0, 64),
		reason,
	});
}
