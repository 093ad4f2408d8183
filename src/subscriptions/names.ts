/** The streams that keep a subscription (contract 6.3): settings, checkpoint, parked messages. */
import { SUBSCRIPTION_PREFIX, SUBSCRIPTION_SETTINGS } from "../bookkeeping.ts";
import { Refusal } from "../errors.ts";
import { parseStreamName, type StreamName } from "../event.ts";

/** One event for each change of any subscription. */
export const SETTINGS_STREAM = SUBSCRIPTION_SETTINGS as StreamName;

/** A subscription's stream and group, which name it. */
export type SubscriptionName = { readonly stream: StreamName; readonly group: string };

export function checkpointStream({ stream, group }: SubscriptionName): StreamName {
	return `${SUBSCRIPTION_PREFIX}${stream}::${group}-checkpoint` as StreamName;
}

export function parkedStream({ stream, group }: SubscriptionName): StreamName {
	return `${SUBSCRIPTION_PREFIX}${stream}::${group}-parked` as StreamName;
}

/** One word for a subscription. No stream name holds a line break. */
export function keyOf({ stream, group }: SubscriptionName): string {
	return `${stream}\n${group}`;
}

/**
 * @param stream percent-decoded, nothing checked, as `group`
 * @throws Refusal `invalid-stream-name`, also if the names of its streams would be too long
 */
export function parseSubscriptionName(stream: string, group: string): SubscriptionName {
	const name = { stream: parseStreamName(stream), group };
	if (group === "") throw new Refusal("invalid-subscription", { reason: "The group has no name." });
	// Both have to be names that an event can be appended to, with their metadata streams.
	parseStreamName(`$$${checkpointStream(name)}`);
	return name;
}
