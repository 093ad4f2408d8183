/**
 * Preconditions on a document that is replaced as a whole (RFC 9110 section 13.1).
 *
 *     If-None-Match: *     there must be none
 *     If-Match: "7"        it must have this tag, or one of several
 *     If-Match: *          there must be one
 */
import type { IncomingMessage } from "node:http";
import { Refusal } from "../../errors.ts";

export type TagCondition = {
	/** @param tag of what stands; undefined for nothing */
	readonly holds: (tag: string | undefined) => boolean;
	/** The header and its value. */
	readonly precondition: string;
};

const TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/;

/**
 * @returns undefined if the request has none
 * @throws Refusal `malformed-header`
 */
export function tagCondition({ headers }: IncomingMessage): TagCondition | undefined {
	const { "if-match": match, "if-none-match": noneMatch } = headers;
	if (match !== undefined && noneMatch !== undefined) {
		throw malformed("If-None-Match", noneMatch, "Only one header may state what must be there.");
	}
	if (noneMatch !== undefined) {
		if (noneMatch.trim() !== "*") {
			throw malformed("If-None-Match", noneMatch, "Here it takes only *: nothing is there yet.");
		}
		return { holds: (tag) => tag === undefined, precondition: "If-None-Match: *" };
	}
	if (match === undefined) return undefined;
	const precondition = `If-Match: ${match.slice(0, 128)}`;
	if (match.trim() === "*") return { holds: (tag) => tag !== undefined, precondition };
	const tags = match.split(",").map((tag) => tag.trim());
	if (!tags.every((tag) => TAG.test(tag))) {
		throw malformed("If-Match", match, 'It takes an ETag with its quotes, such as "7", or *.');
	}
	// Compared strongly (section 13.1.1): a weak tag equals none.
	return { holds: (tag) => tag !== undefined && tags.includes(tag), precondition };
}

function malformed(header: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-header", { header, value: value.slice(0, 128), reason });
}
