/**
 * The description document of a stream: the formats that it has (contract 2.9). A client gets it if
 * it asks for its media type; a client that accepts anything gets the feed.
 */
import type { DescriptionType } from "../../../feeds/formats/feed.ts";
import { VARY } from "../../cache/policy.ts";
import { parseStreamName } from "../../event.ts";
import { type Answer, textAnswer } from "../answering/answer.ts";
import { prefixOf, streamUrl } from "../urls.ts";

/**
 * The stream need not exist.
 * @param base the URL that links start with; those of this document are its path
 * @throws Refusal `invalid-stream-name`
 */
export function describeStream(stream: string, base: string, type: DescriptionType): Answer {
	const href = streamUrl(prefixOf(base), parseStreamName(stream));
	const atomJson = type.name.replace("streamdesc", "atom");
	const document = {
		title: `Description document for '${stream}'`,
		description:
			"A client gets this description document if it asks for its media type. " +
			"A client without a preference gets the stream itself.",
		_links: {
			self: { href, supportedContentTypes: [type.name] },
			stream: { href, supportedContentTypes: ["application/atom+xml", atomJson] },
		},
	};
	const headers = ["Cache-Control", "no-cache", "Vary", VARY];
	const answer = textAnswer(200, type.contentType, JSON.stringify(document), headers);
	return { ...answer, reason: "Description Document" };
}
