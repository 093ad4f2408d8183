/** Decides which of the messages that it takes a consumer may see. */
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
	const readable = new Map<StreamName, boolean>();
	for (const { entry } of taken) {
		const { stream } = entry.event;
		if (readable.has(stream)) continue;
		readable.set(stream, await context.access.may(principal, { right: "read", stream }));
	}
	return {
		urls: urlsAt(base, context.log),
		subscription,
		mayRead: (stream) => readable.get(stream) === true,
	};
}
