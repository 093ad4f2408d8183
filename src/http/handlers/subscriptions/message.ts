/** A message of a subscription, as its consumer gets it. */
import type { Entry } from "../../../../feeds/model.ts";
import { encodeEntryObject } from "../../../../feeds/ndjson/encode.ts";
import { composeEntry, NO_TIME, type Urls } from "../../../pages/entry.ts";
import { parkedStream } from "../../../subscriptions/names.ts";
import type { DeliveredEntry } from "../../../subscriptions/source.ts";
import type { Message } from "../../../subscriptions/steps/message.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";

/** How messages are shown to one consumer. */
export type Shower = {
	readonly urls: Urls;
	readonly subscription: Subscription;
	/** Says whether the consumer may read all that a message shows. */
	readonly mayRead: (delivered: DeliveredEntry) => boolean;
};

/** Names this delivery of a message, and no other. */
export function tokenOf({ generation }: Subscription, { attempt }: Message): string {
	return `${generation}.${attempt}`;
}

/** @param self the URL of the subscription */
export function entryOf(shower: Shower, self: string, delivered: DeliveredEntry): Entry {
	const { message } = delivered;
	const entry = shownEntry(shower, delivered);
	const answer = (verb: string) => {
		return `${self}/${verb}/${message.id}?token=${tokenOf(shower.subscription, message)}`;
	};
	return {
		...entry,
		links: [
			...entry.links,
			{ relation: "ack", uri: answer("ack") },
			{ relation: "nack", uri: answer("nack") },
		],
		retryCount: message.retryCount,
	};
}

/** A message as one JSON object on a line, without a line feed at its end. */
export function lineOf(shower: Shower, delivered: DeliveredEntry): string {
	const { message } = delivered;
	const token = tokenOf(shower.subscription, message);
	const entry = shownEntry(shower, delivered);
	// Line breaks within JSON may stand between its values, where spaces may.
	const event = entry.unresolved ? "null" : encodeEntryObject(entry).replace(/[\r\n]/g, " ");
	return (
		`{"id":"${message.id}","token":"${token}","retryCount":${message.retryCount},` +
		`"number":${message.number},"event":${event}}`
	);
}

/**
 * The entry of the event. A consumer that may not read the event learns that there is one, and can
 * park it for somebody who may.
 */
function shownEntry({ urls, subscription, mayRead }: Shower, delivered: DeliveredEntry): Entry {
	const { message, entry } = delivered;
	const { name } = subscription;
	const stream = message.origin === "source" ? name.stream : parkedStream(name);
	if (mayRead(delivered)) return composeEntry(urls, stream, entry);
	const at = { stream, version: message.number };
	const { link: _, ...bare } = entry;
	const nothing = { id: message.id, type: "", data: EMPTY, metadata: EMPTY, ...at };
	const hidden = { ...bare, event: { ...bare.event, ...nothing }, unresolved: at };
	return { ...composeEntry(urls, stream, hidden), updated: NO_TIME };
}

const EMPTY = new Uint8Array(0);
