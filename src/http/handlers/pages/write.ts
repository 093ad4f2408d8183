/**
 * A page as a document: read from the log, composed, and encoded in the format that was asked for.
 */
import { PAGE_FORMATS } from "../../../../feeds/formats/feed.ts";
import type { EncodedDocument } from "../../../cache/documents.ts";
import { eTagValue, historyOf, secondsUntil } from "../../../cache/policy.ts";
import { readPage } from "../../../pages/page.ts";
import type { Context } from "../../context.ts";
import { urlsAt, withEmbed } from "../../urls.ts";
import type { PageRequest } from "./request.ts";

/** Makes the tag of an unusual form of a page differ from the usual one's. */
export const UNUSUAL = 0x2b1dc0de;

/** @throws Refusal `stream-not-found`, `stream-deleted`, and what a read of the log refuses */
export async function writePage(
	{ log, settings }: Context,
	{ stream, range, representation, resolve, isUsual }: PageRequest,
): Promise<EncodedDocument> {
	const { type, coding, embed, base } = representation;
	const format = PAGE_FORMATS[type.format];
	const history = historyOf(log);
	// Both forms of a page have one URL: the unusual one is not kept, and has a tag of its own.
	const form = isUsual ? 0 : UNUSUAL;
	const page = await readPage(log, urlsAt(base, log), {
		stream,
		range,
		content: format.showsContent(embed),
		resolve,
		tag: (last, variant) => eTagValue(last, type, "identity", history, variant ^ form),
		asAsked: (url) => withEmbed(url, embed),
	});
	const { lifetime } = page;
	return {
		text: Buffer.from(format.encode(page.feed, embed)),
		type,
		coding,
		snapshot: { last: page.newest, variant: page.variant ^ form, history },
		lifetime: {
			sealed: lifetime.sealed && isUsual,
			onlyGrows: lifetime.onlyGrows && isUsual,
			headMaxAge: lifetime.cacheSeconds ?? settings.headMaxAge,
			keepSeconds: isUsual ? secondsUntil(lifetime.steadyUntil) : 0,
		},
		streams: page.streams,
		changedBy: page.changedBy,
	};
}
