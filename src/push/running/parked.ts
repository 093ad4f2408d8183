/** The parked messages of a webhook: looked at, delivered again, or given up. */
import { isRefusal, Refusal } from "../../errors.ts";
import { parseObject } from "../../subscriptions/json.ts";
import { hideParked, readParkedRange } from "../../subscriptions/keeping/parked-stream.ts";
import { parkedStream } from "../../subscriptions/names.ts";
import { keyOf, subscriptionOf, type Webhook } from "../webhooks/webhook.ts";
import type { Places } from "./standing.ts";

export type ParkedMessage = {
	/** In the parked stream: a replay stops before such a number. */
	readonly number: number;
	/** Of the webhook's stream. */
	readonly at: number | undefined;
	/** The event; its type and its place are unknown if it cannot be read any more. */
	readonly stream: string;
	readonly version: number;
	readonly type: string;
	/** RFC 3339. */
	readonly parked: string;
	/** Why its last attempt failed; "" if that was not kept. */
	readonly reason: string;
};

const REASON_CHARACTERS_MAX = 500;

/** The oldest first. */
export async function parkedMessages(
	places: Places,
	webhook: Webhook,
	part: { readonly from: number; readonly count: number },
): Promise<readonly ParkedMessage[]> {
	const stream = parkedStream(subscriptionOf(webhook));
	const { first, before } = await readParkedRange(places.log, subscriptionOf(webhook));
	const from = Math.max(first, part.from);
	if (from >= before) return [];
	const range = { stream, from, limit: part.count, direction: "forward", content: true } as const;
	const slice = await places.log.read({ ...range, resolve: true });
	return slice.entries.map(({ version, event, link, unresolved }) => {
		const facts = parseObject((link ?? event).metadata) ?? {};
		const at = Number.isSafeInteger(facts.subscriptionEventNumber)
			? (facts.subscriptionEventNumber as number)
			: undefined;
		const place = unresolved ?? { stream: event.stream, version: event.version };
		return {
			number: version,
			at,
			stream: place.stream,
			version: place.version,
			type: unresolved ? "" : event.type,
			parked: typeof facts.added === "string" ? facts.added.slice(0, 40) : "",
			reason: typeof facts.reason === "string" ? facts.reason.slice(0, REASON_CHARACTERS_MAX) : "",
		};
	});
}

/**
 * Delivers parked messages again, those below a number.
 * @throws Refusal `webhook-busy` if it is not active
 */
export async function replayParked(
	{ deliveries }: Places,
	webhook: Webhook,
	stopAt: number | undefined,
): Promise<void> {
	const delivery = await deliveries.get(keyOf(webhook));
	if (!delivery) {
		const reason = "it does not deliver now; resume it first";
		throw new Refusal("webhook-busy", { name: webhook.name, reason });
	}
	await delivery.subscription.replay(stopAt);
	delivery.pump();
}

/**
 * Gives parked messages up, those below a number.
 * @throws Refusal `webhook-busy` while parked messages are delivered again
 */
export async function discardParked(
	{ deliveries, log }: Places,
	webhook: Webhook,
	stopAt: number | undefined,
): Promise<void> {
	const delivery = await deliveries.known(keyOf(webhook))?.catch((error: unknown) => {
		if (isRefusal(error)) return undefined;
		throw error;
	});
	if (delivery?.subscription.isReplaying) {
		const reason = "its parked messages are being delivered again; wait for the end of that";
		throw new Refusal("webhook-busy", { name: webhook.name, reason });
	}
	const name = subscriptionOf(webhook);
	const { before, first } = await readParkedRange(log, name);
	const upTo = Math.min(before, stopAt ?? before);
	if (upTo > first) await hideParked(log, name, { truncateBefore: upTo, discarded: [] });
}
