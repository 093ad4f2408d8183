/** Decides which of the messages that it takes a consumer may see. */
import { decidingOn } from "../../../access/reads.ts";
import { neededFor } from "../../../access/rights.ts";
import type { StreamName } from "../../../event.ts";
import type { DeliveredEntry } from "../../../subscriptions/source.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { urlsAt } from "../../urls.ts";
import type { Shower } from "./message.ts";

/** Looks up which of the streams of these messages the consumer may read. */
export async function shownBy(
	{ context, principal }: Exchange,
	subscription: Subscription,
	base: string,
	taken: readonly DeliveredEntry[],
): Promise<Shower> {
	const { name } = subscription;
	const readable = new Map<StreamName, boolean>();
	for (const stream of taken.flatMap((each) => streamsOf(name.stream, each))) {
		if (readable.has(stream)) continue;
		const needed = neededFor({ right: "read" }, { stream });
		readable.set(stream, await context.access.may(principal, needed));
	}
	return {
		urls: urlsAt(base, context.log),
		subscription,
		mayRead: (each) =>
			streamsOf(name.stream, each).every((stream) => readable.get(stream) === true),
	};
}

/**
 * The streams of what a message shows: of its event, and, as on a page of the subscription's
 * stream, of a link that leads there. What was parked is there by a link of the server.
 */
function streamsOf(of: StreamName, { message, entry }: DeliveredEntry): readonly StreamName[] {
	if (message.origin !== "source") return [entry.event.stream];
	const { entry: own, targets } = decidingOn(of, entry);
	return [entry.event.stream, ...(own === undefined ? [] : [own]), ...targets];
}
