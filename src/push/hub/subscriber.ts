/**
 * A subscriber of the hub (WebSub, W3C Recommendation of 2018), as the log keeps it:
 *
 *     $push-hub    $HubSubscribed: all that is known of it; the newest counts
 *                  $HubEnded: it is no more, and why
 *
 * Callback and topic name a subscriber: another request for both renews its lease.
 */
import { createHash } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { RecordedEvent, StreamName } from "../../event.ts";
import { parseObject } from "../../subscriptions/json.ts";
import { parseSubscriptionName, type SubscriptionName } from "../../subscriptions/names.ts";
import type { Ended } from "../keeping/leftovers.ts";
import type { Said } from "../keeping/newest-by-name.ts";
import { type Creator, creatorIn } from "../webhooks/webhook.ts";

export type Subscriber = SubscriberFacts & {
	/** Made of callback, topic, and the time of the first request. */
	readonly id: string;
	/** Milliseconds since 1970. */
	readonly leaseUntil: number;
	/** Sealed; see `PushKey.seal`. Undefined if it gave none. */
	readonly secret: string | undefined;
	/** The first number that it gets. */
	readonly start: number;
};

export type SubscriberFacts = {
	/** The URL of the feed, as the subscriber knows it. */
	readonly topic: string;
	readonly stream: StreamName;
	readonly callback: string;
	readonly creator: Creator;
};

export const HUB = "$push-hub" as StreamName;
export const SUBSCRIBED = "$HubSubscribed";
export const ENDED = "$HubEnded";

const ID = /^[0-9a-f]{16}$/;

export function nameOf({ callback, topic }: Pick<Subscriber, "callback" | "topic">): string {
	return `${callback}\n${topic}`;
}

export function newId(facts: SubscriberFacts, nowMs: number): string {
	const text = `${nameOf(facts)}\n${nowMs}`;
	return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** Names it among all that are delivered, and in the streams that keep it. */
export function keyOf({ id }: Pick<Subscriber, "id">): string {
	return `${HUB_KEYS}${id}`;
}

export const HUB_KEYS = "hub-";

/** @throws Refusal `invalid-stream-name` if the names of its streams are too long */
export function subscriptionOf(subscriber: Pick<Subscriber, "id" | "stream">): SubscriptionName {
	return parseSubscriptionName(subscriber.stream, `$${keyOf(subscriber)}`);
}

function isSubscription(subscriber: Pick<Subscriber, "id" | "stream">): boolean {
	try {
		return subscriptionOf(subscriber) !== undefined;
	} catch (error) {
		if (isRefusal(error)) return false;
		throw error;
	}
}

export function encodeSubscriber(subscriber: Subscriber): Buffer {
	return Buffer.from(JSON.stringify(subscriber));
}

export function encodeEnd({ topic, callback, id, stream }: Subscriber, reason: string): Uint8Array {
	return Buffer.from(JSON.stringify({ topic, callback, id, stream, reason }));
}

/** What an event says has ended; undefined if it says nothing of the kind. */
export function endedIn({ type, data }: RecordedEvent): Ended | undefined {
	if (type !== ENDED) return undefined;
	const { id, stream } = parseObject(data) ?? {};
	if (typeof id !== "string" || !ID.test(id) || typeof stream !== "string") return undefined;
	const key = keyOf({ id });
	return { key, subscription: { stream: stream as StreamName, group: `$${key}` } };
}

/**
 * Takes in an event of the stream. What makes no sense is ignored: an admin may have written it.
 */
export function takeIn(
	all: Map<string, Subscriber>,
	{ type, data }: RecordedEvent,
): Said | undefined {
	const members = parseObject(data) ?? {};
	const { topic, callback, stream, id, leaseUntil, secret, start } = members;
	if (typeof topic !== "string" || typeof callback !== "string") return undefined;
	const name = nameOf({ topic, callback });
	if (type === ENDED) {
		all.delete(name);
		return { name, stands: false };
	}
	const creator = creatorIn(members.creator);
	if (type !== SUBSCRIBED || typeof stream !== "string" || creator === undefined) return undefined;
	if (typeof id !== "string" || !ID.test(id) || !URL.canParse(callback)) return undefined;
	if (!Number.isSafeInteger(leaseUntil) || !Number.isSafeInteger(start)) return undefined;
	if (secret !== undefined && typeof secret !== "string") return undefined;
	const facts = { topic, callback, stream: stream as StreamName, creator };
	if (!isSubscription({ id, stream: facts.stream })) return undefined;
	all.set(name, { ...facts, id, leaseUntil: Number(leaseUntil), start: Number(start), secret });
	return { name, stands: true };
}
