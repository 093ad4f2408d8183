/** The formats of the messages of a subscription (contract 7.4), and ours. */
import { encodeFeedAtom } from "../atom/encode.ts";
import { encodeFeedJson } from "../json/encode.ts";
import { type MediaType, mediaType } from "../media.ts";
import type { Embed, Feed } from "../model.ts";

/** A batch as a feed, a batch as lines, and streams that run on. */
export type MessagesFormat = "atom" | "json" | "batch" | "ndjson" | "event-stream";
export type MessagesType<F extends MessagesFormat = MessagesFormat> = MediaType & {
	readonly format: F;
};

/** The contract's: what readers of other feeds ask for is not offered, and so is refused. */
export const COMPETING_TYPES: readonly MessagesType<"atom" | "json">[] = [
	mediaType("application/vnd.eventstore.competingatom+xml", "atom"),
	mediaType("application/vnd.eventstore.competingatom+json", "json"),
	mediaType("application/vnd.kurrent.competingatom+json", "json"),
];

export const MESSAGES_TYPES: readonly MessagesType[] = [
	...COMPETING_TYPES,
	mediaType("application/vnd.varve.messages+ndjson", "batch"),
	mediaType("application/x-ndjson", "ndjson"),
	mediaType("text/event-stream", "event-stream"),
];

export const MESSAGE_FEEDS: Readonly<
	Record<"atom" | "json", (feed: Feed, embed: Embed) => string>
> = { atom: encodeFeedAtom, json: encodeFeedJson };
