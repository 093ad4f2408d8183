/**
 * The messages of a subscription as a stream that runs on: as lines of JSON, or as server-sent
 * events. Its consumer answers by POST, and never has more than `count` messages unanswered.
 */
import { encodeRetry, HEARTBEAT } from "../../../../feeds/event-source/encode.ts";
import { neededFor } from "../../../access/rights.ts";
import { NOT_KEPT } from "../../../cache/policy.ts";
import type { DeliveredEntry } from "../../../subscriptions/source.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import type { Answer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import { NOT_COLLECTED } from "../../answering/leave.ts";
import type { Representation } from "../../request/negotiation.ts";
import { lineOf } from "./message.ts";
import { shownBy } from "./shown.ts";

export type StreamRequest = {
	readonly subscription: Subscription;
	readonly consumer: string;
	/** How many messages its consumer may have at a time. */
	readonly count: number;
	readonly format: "ndjson" | "event-stream";
};

const RETRY_MS = 2000;

/** @throws Refusal `overloaded`, `shutting-down` */
export async function answerMessageStream(
	exchange: Exchange,
	request: StreamRequest,
	{ base, type }: Representation,
): Promise<Answer> {
	const gone = clientGone(exchange);
	if (exchange.req.method !== "HEAD") exchange.context.liveReaders.enter(gone);
	const chunks = deliver(exchange, request, base, gone);
	const headers = ["Content-Type", type.contentType, ...NOT_KEPT, ...NOT_COLLECTED];
	return { status: 200, headers, chunks };
}

async function* deliver(
	exchange: Exchange,
	{ subscription, consumer, count, format }: StreamRequest,
	base: string,
	gone: AbortSignal,
): AsyncGenerator<string> {
	const { liveReaders, settings } = exchange.context;
	const isEvents = format === "event-stream";
	if (isEvents) yield encodeRetry(RETRY_MS);
	while (!gone.aborted && !liveReaders.isClosed() && !subscription.isClosed) {
		// Whoever may not read the stream any more is told so when it comes back.
		if (!(await mayConsume(exchange, subscription))) return;
		const most = count - subscription.heldBy(consumer);
		const taken = await subscription.take(consumer, most, settings.pageBytesMax);
		if (taken.length > 0) {
			yield await texts(exchange, subscription, base, taken, isEvents);
			continue;
		}
		await subscription.waitForNews(settings.heartbeatMs, gone, liveReaders);
		yield isEvents ? HEARTBEAT : "\n";
	}
}

async function texts(
	exchange: Exchange,
	subscription: Subscription,
	base: string,
	taken: readonly DeliveredEntry[],
	isEvents: boolean,
): Promise<string> {
	const shower = await shownBy(exchange, subscription, base, taken);
	const lines = taken.map((each) => lineOf(shower, each));
	return lines.map((line) => (isEvents ? `data: ${line}\n\n` : `${line}\n`)).join("");
}

async function mayConsume(
	{ context: { access }, principal }: Exchange,
	{ name: { stream } }: Subscription,
): Promise<boolean> {
	return access.may(principal, neededFor({ right: "consume" }, { stream }));
}
