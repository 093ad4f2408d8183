/**
 * The messages of a subscription (contract 7.4): a batch, or a stream of them. A POST acknowledges
 * the batch before, in the same request.
 */
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
import { type Answer, bytesAnswer, textAnswer } from "../../answering/answer.ts";
import { clientGone, type Exchange, hasLeft, hold } from "../../answering/exchange.ts";
import { negotiateRepresentation, type Representation } from "../../request/negotiation.ts";
import { waitOf } from "../../request/waiting.ts";
import { subscriptionUrl } from "../../urls.ts";
import { answerFor, readHandled } from "./answers.ts";
import { LINE, linesOf } from "./lines.ts";
import { entryOf, type Shower, tokenOf } from "./message.ts";
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
export function answerMessages(exchange: Exchange, target: MessagesTarget): Promise<Answer> {
	return answerAsked(exchange, target, askedBy(exchange, target));
}

/** POST /subscriptions/{stream}/{group}/{count}: acknowledges those that the body names, first. */
export async function answerNext(exchange: Exchange, target: MessagesTarget): Promise<Answer> {
	const asked = askedBy(exchange, target);
	const handled = await readHandled(exchange);
	answerFor(await consumed(exchange, target), { is: "ack" }, handled);
	return answerAsked(exchange, target, asked);
}

type Asked = {
	readonly consumer: string;
	readonly count: number;
	readonly waitMs: number;
	readonly representation: Representation<MessagesType>;
};

/** @throws Refusal if the request is none: nothing is taken or acknowledged before */
function askedBy(exchange: Exchange, { count, query }: MessagesTarget): Asked {
	const { context, req } = exchange;
	const { publicUrl, longPollSecondsMax } = context.settings;
	const representation = negotiateRepresentation(req, query, MESSAGES_TYPES, publicUrl);
	return {
		representation,
		count: parseMessageCount(count, isFeed(representation.type) ? CONTRACT_MAX : BATCH_MAX),
		consumer: consumerOf(exchange),
		waitMs: waitOf(req, query, longPollSecondsMax).ms,
	};
}

async function answerAsked(
	exchange: Exchange,
	target: MessagesTarget,
	asked: Asked,
): Promise<Answer> {
	const { representation, count } = asked;
	const { type, base } = representation;
	const subscription = await consumed(exchange, target);
	if (type.format === "ndjson" || type.format === "event-stream") {
		const request = { subscription, consumer: asked.consumer, count, format: type.format };
		return answerMessageStream(exchange, request, representation);
	}
	const taken = await takeWaiting(exchange, subscription, asked);
	const shower = await shownBy(exchange, subscription, base, taken);
	if (isFeed(type)) {
		return answerFeed({ subscription, count, shower, representation }, type.format, taken);
	}
	return bytesAnswer(200, type.contentType, linesOf(shower, taken, LINE), NO_STORE);
}

type FeedType = MessagesType & { readonly format: "atom" | "json" };

function isFeed(type: MessagesType): type is FeedType {
	return type.format === "atom" || type.format === "json";
}

/** Takes what there is, or waits for the first that comes. */
async function takeWaiting(
	exchange: Exchange,
	subscription: Subscription,
	{ consumer, count, waitMs }: Asked,
): Promise<readonly DeliveredEntry[]> {
	const { settings, longPolls } = exchange.context;
	const untilMs = performance.now() + waitMs;
	let gone: AbortSignal | undefined;
	// HEAD takes nothing: its client would never learn what it has.
	if (exchange.req.method === "HEAD") return [];
	for (let looks = 0; ; looks++) {
		// A consumer that has left would keep messages from the others until their time is over.
		if (waitMs > 0 && hasLeft(exchange)) return [];
		const { name: login } = exchange.principal;
		const taken = await subscription.take(consumer, count, settings.pageBytesMax, login);
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
