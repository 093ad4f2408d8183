/** GET of the messages of a subscription (contract 7.4): a batch, or a stream of them. */
import {
	MESSAGE_FEEDS,
	MESSAGES_TYPES,
	type MessagesFormat,
	type MessagesType,
} from "../../../../feeds/formats/messages.ts";
import type { Entry, Feed } from "../../../../feeds/model.ts";
import { Refusal } from "../../../errors.ts";
import { NO_TIME } from "../../../pages/entry.ts";
import type { DeliveredEntry } from "../../../subscriptions/source.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import { clientGone, type Exchange, hasLeft, hold } from "../../answering/exchange.ts";
import { negotiateRepresentation, type Representation } from "../../request/negotiation.ts";
import { waitOf } from "../../request/waiting.ts";
import { subscriptionUrl } from "../../urls.ts";
import { entryOf, lineOf, type Shower, tokenOf } from "./message.ts";
import { consumed, consumerOf, type NamedTarget, permitConsumer } from "./request.ts";
import { shownBy } from "./shown.ts";
import { answerMessageStream } from "./streaming.ts";

/** `count` is "" for one message. */
export type MessagesTarget = NamedTarget & { readonly count: string };

const CONTRACT_MAX = 100;
/** In our own formats. */
const BATCH_MAX = 1000;
/** A wait may end early: so often a request looks again. */
const LOOKS_MAX = 100;
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept, Accept-Encoding"];

/** GET /subscriptions/{stream}/{group}/{count} */
export async function answerMessages(exchange: Exchange, target: MessagesTarget): Promise<Answer> {
	const { context, req } = exchange;
	const { publicUrl } = context.settings;
	const representation = negotiateRepresentation(req, target.query, MESSAGES_TYPES, publicUrl);
	const { type } = representation;
	const isFeed = type.format === "atom" || type.format === "json";
	const count = parseMessageCount(target.count, isFeed ? CONTRACT_MAX : BATCH_MAX);
	const consumer = consumerOf(exchange);
	const { ms: waitMs } = waitOf(req, target.query, context.settings.longPollSecondsMax);
	const subscription = await consumed(exchange, target);
	if (type.format === "ndjson" || type.format === "event-stream") {
		const request = { subscription, consumer, count, format: type.format };
		return answerMessageStream(exchange, request, representation);
	}
	const taken = await takeWaiting(exchange, { subscription, consumer, count, waitMs });
	const shower = await shownBy(exchange, subscription, representation.base, taken);
	if (!isFeed) {
		const lines = taken.map((each) => `${lineOf(shower, each)}\n`).join("");
		return textAnswer(200, type.contentType, lines, NO_STORE);
	}
	return answerFeed({ subscription, count, shower, representation }, type.format, taken);
}

type Asked = {
	readonly subscription: Subscription;
	readonly consumer: string;
	readonly count: number;
	readonly waitMs: number;
};

/** Takes what there is, or waits for the first that comes. */
async function takeWaiting(
	exchange: Exchange,
	{ subscription, consumer, count, waitMs }: Asked,
): Promise<readonly DeliveredEntry[]> {
	const { settings, longPolls } = exchange.context;
	const untilMs = performance.now() + waitMs;
	let gone: AbortSignal | undefined;
	// HEAD takes nothing: its client would never learn what it has.
	if (exchange.req.method === "HEAD") return [];
	for (let looks = 0; ; looks++) {
		// A consumer that has left would keep messages from the others until their time is over.
		if (waitMs > 0 && hasLeft(exchange)) return [];
		const taken = await subscription.take(consumer, count, settings.pageBytesMax);
		const left = untilMs - performance.now();
		const isOver = left <= 0 || looks === LOOKS_MAX || subscription.isClosed;
		if (taken.length > 0 || isOver) return taken;
		hold(exchange, waitMs);
		gone ??= clientGone(exchange);
		await subscription.waitForNews(left, gone, longPolls);
		// The ACL of the stream may have changed meanwhile.
		await permitConsumer(exchange, subscription);
	}
}

type FeedRequest = {
	readonly subscription: Subscription;
	readonly count: number;
	readonly shower: Shower;
	readonly representation: Representation<MessagesType<MessagesFormat>>;
};

function answerFeed(
	{ subscription, count, shower, representation }: FeedRequest,
	format: "atom" | "json",
	taken: readonly DeliveredEntry[],
): Answer {
	const { name } = subscription;
	const self = subscriptionUrl(representation.base, name);
	const entries = taken.map((each) => entryOf(shower, self, each)).reverse();
	const ids = taken.map(({ message }) => message.id).join(",");
	const tokens = taken.map(({ message }) => tokenOf(subscription, message)).join(",");
	const all = (verb: string) => `${self}/${verb}?ids=${ids}&token=${tokens}`;
	const feed: Feed = {
		id: self,
		title: `Messages for '${name.stream}/${name.group}'`,
		updated: updatedOf(entries),
		author: "EventStore",
		headOfStream: false,
		archive: false,
		links: [
			...(taken.length === 0 ? [] : [{ relation: "ackAll", uri: all("ack") }]),
			...(taken.length === 0 ? [] : [{ relation: "nackAll", uri: all("nack") }]),
			{ relation: "previous", uri: `${self}/${count}` },
			{ relation: "self", uri: self },
		],
		entries,
	};
	const { type, embed } = representation;
	return textAnswer(200, type.contentType, MESSAGE_FEEDS[format](feed, embed), NO_STORE);
}

/** The newest delivery comes first. */
function updatedOf([newest]: readonly Entry[]): string {
	return newest === undefined || newest.unresolved ? NO_TIME : newest.updated;
}

/** @throws Refusal `invalid-subscription`, in the contract's words */
function parseMessageCount(text: string, most: number): number {
	if (text === "") return 1;
	const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
	if (count >= 1 && count <= most) return count;
	const reason = `Message count must be an integer between 1 and ${most} 'count' ='${count}'`;
	throw new Refusal("invalid-subscription", { reason });
}
