/** A message of a subscription, as its consumer gets it. */
import type { Entry } from "../../../../feeds/model.ts";
import type { StreamName } from "../../../event.ts";
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

/**
 * The links to answer end with the id of the message, as without a token: clients cut it off there.
 * @param self the URL of the subscription
 */
export function entryOf(shower: Shower, self: string, delivered: DeliveredEntry): Entry {
	const { message } = delivered;
	const entry = asLink(shownEntry(shower, delivered), delivered);
	const answer = (verb: string) => {
		const token = tokenOf(shower.subscription, message);
		return `${self}/${verb}/${message.id}?token=${token}/${message.id}`;
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

/**
 * Clients take a message for a link, which is named by its own id and not by that of the event, if
 * the link has metadata. Links of EventStore's index streams always have some. Those here are not
 * stored, and say what is true of them.
 */
function asLink(entry: Entry, { entry: { link } }: DeliveredEntry): Entry {
	const { event } = entry;
	if (link !== undefined || event.linkMetadata === undefined) return entry;
	const linkMetadata = Buffer.from(JSON.stringify({ $causedBy: event.eventId }));
	return { ...entry, event: { ...event, linkMetadata } };
}

/**
 * The entry of the event. A consumer that may not read the event learns that there is one, and can
 * park it for somebody who may.
 */
function shownEntry({ urls, subscription, mayRead }: Shower, delivered: DeliveredEntry): Entry {
	const { message, entry } = delivered;
	const stream = streamOf(subscription, message);
	if (mayRead(delivered)) return composeEntry(urls, stream, entry);
	const at = { stream, version: message.number };
	const { link: _, ...bare } = entry;
	const nothing = { id: message.id, type: "", data: EMPTY, metadata: EMPTY, ...at };
	const hidden = { ...bare, event: { ...bare.event, ...nothing }, unresolved: at };
	return { ...composeEntry(urls, stream, hidden), updated: NO_TIME };
}

/** The stream that a message is an entry of. */
export function streamOf({ name }: Subscription, { origin }: Message): StreamName {
	return origin === "source" ? name.stream : parkedStream(name);
}

const EMPTY = new Uint8Array(0);
