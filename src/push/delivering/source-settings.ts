/** The settings of the subscription behind a push, which gives up nothing by itself. */
import { DEFAULTS, type Settings } from "../../subscriptions/settings.ts";
import type { PushSource } from "./subject.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Messages that are read ahead; more than those of all attempts that may be under way. */
const BUFFER = 200;

/** Verdicts on attempts decide what becomes of a message. */
export function settingsOf({ order, filter, resolveLinktos }: PushSource): Settings {
	return {
		...DEFAULTS,
		filter,
		resolveLinktos,
		namedConsumerStrategy: order === "none" ? "RoundRobin" : "OrderedByKey",
		orderedBy: order === "none" ? "stream" : order,
		messageTimeoutMilliseconds: DAY_MS,
		maxRetryCount: 2 ** 31 - 1,
		bufferSize: BUFFER,
		readBatchSize: BUFFER >> 1,
		maxInFlight: BUFFER,
	};
}
