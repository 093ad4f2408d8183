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
import { LINE, linesOf, SERVER_SENT_EVENT } from "./lines.ts";
import { shownBy } from "./shown.ts";

export type StreamRequest = {
	readonly subscription: Subscription;
	readonly consumer: string;
	/** How many messages its consumer may have at a time. */
	readonly count: number;
	readonly format: "ndjson" | "event-stream";
};

const RETRY_MS = 2000;
const NOTHING: readonly DeliveredEntry[] = [];

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
): AsyncGenerator<string | Uint8Array> {
	const { liveReaders, settings } = exchange.context;
	const { heartbeatMs } = settings;
	const { name: login } = exchange.principal;
	const isEvents = format === "event-stream";
	if (isEvents) yield encodeRetry(RETRY_MS);
	let saidMs = performance.now();
	while (!gone.aborted && !liveReaders.isClosed() && !subscription.isClosed) {
		// Whoever may not read the stream any more is told so when it comes back.
		if (!(await mayConsume(exchange, subscription))) return;
		const most = count - subscription.heldBy(consumer);
		const { pageBytesMax } = settings;
		const taken = most > 0 ? await subscription.take(consumer, most, pageBytesMax, login) : NOTHING;
		if (taken.length > 0) {
			const shower = await shownBy(exchange, subscription, base, taken);
			yield linesOf(shower, taken, isEvents ? SERVER_SENT_EVENT : LINE);
			saidMs = performance.now();
			continue;
		}
		const waitMs = Math.max(0, saidMs + heartbeatMs - performance.now());
		// News are nothing to a consumer that has enough.
		if (most > 0) await subscription.waitForNews(waitMs, gone, liveReaders);
		else await subscription.waitForRoom(consumer, waitMs, gone);
		if (performance.now() < saidMs + heartbeatMs) continue;
		yield isEvents ? HEARTBEAT : "\n";
		saidMs = performance.now();
	}
}

async function mayConsume(
	{ context: { access }, principal }: Exchange,
	{ name: { stream } }: Subscription,
): Promise<boolean> {
	return access.may(principal, neededFor({ right: "consume" }, { stream }));
}
