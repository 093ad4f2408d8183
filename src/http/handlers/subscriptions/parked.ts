/** Parked messages: delivered again, and looked at (contract 7.6). */
import { FEED_TYPES, type FeedType } from "../../../../feeds/formats/feed.ts";
import { COMPETING_TYPES } from "../../../../feeds/formats/messages.ts";
import { Refusal } from "../../../errors.ts";
import { parkedStream } from "../../../subscriptions/names.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { answerPage } from "../pages/page.ts";
import { type NamedTarget, nameOf, structuredType, success } from "./request.ts";

export type ParkedTarget = NamedTarget & { readonly from: string; readonly count: string };

/** POST …/replayParked: all of them, or those with numbers below `stopAt` in the parked stream. */
export async function answerReplayParked(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const stopAt = stopIn(target.query);
	const subscription = await exchange.context.subscriptions.get(nameOf(target));
	await subscription.replay(stopAt);
	return success(type, 200);
}

/**
 * GET of a page of parked messages: a page of the parked stream, under media types of its own.
 * @returns the handler, which refuses `subscription-not-found`, and as a page
 */
export function parkedPage(direction: "forward" | "backward") {
	return async (exchange: Exchange, target: ParkedTarget): Promise<Answer> => {
		const { name } = await exchange.context.subscriptions.get(nameOf(target));
		const { from, count, query } = target;
		const page = { stream: parkedStream(name), from, direction, count, query };
		return answerPage(exchange, { ...page, types: PARKED_TYPES });
	};
}

/** The types of pages, under the contract's names for messages. */
const PARKED_TYPES: readonly FeedType[] = [...COMPETING_TYPES, ...FEED_TYPES];

/** @throws Refusal `malformed-query`, in the contract's words */
function stopIn(query: string): number | undefined {
	const value = new URLSearchParams(query).get("stopAt");
	if (value === null) return undefined;
	const stopAt = /^\d{1,15}$/.test(value) ? Number(value) : -1;
	if (stopAt >= 0) return stopAt;
	const reason = "stopAt should be a properly formed integer";
	throw new Refusal("malformed-query", { parameter: "stopAt", value: value.slice(0, 64), reason });
}
