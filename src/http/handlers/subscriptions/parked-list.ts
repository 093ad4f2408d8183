/** Parked messages as a list, without their content, and discarded for good. */
import { Refusal } from "../../../errors.ts";
import { targetOf } from "../../../indexes/links.ts";
import type { StreamEntry } from "../../../log/log.ts";
import { timeOf } from "../../../pages/moment.ts";
import { parseObject } from "../../../subscriptions/json.ts";
import type { Discarding } from "../../../subscriptions/keeping/parked-messages.ts";
import { parkedStream } from "../../../subscriptions/names.ts";
import { holds } from "../../../subscriptions/steps/spans.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { answerStructured, type Structure } from "../accounts/structured.ts";
import { type NamedTarget, nameOf, structuredType } from "./request.ts";

const COUNT_DEFAULT = 100;
const COUNT_MAX = 1000;
const DISCARD_PARAMETERS = new Set(["numbers", "stopAt", "format"]);
const NUMBER = /^\d{1,15}$/;

/** GET …/parked?from=&count=: what is parked, the oldest first, with why. */
export async function answerParked(exchange: Exchange, target: NamedTarget): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const parameters = new URLSearchParams(target.query);
	const from = numberIn(parameters, "from") ?? 0;
	const count = Math.min(numberIn(parameters, "count") ?? COUNT_DEFAULT, COUNT_MAX);
	const subscription = await exchange.context.subscriptions.get(nameOf(target));
	const value = (await parkedEntries(exchange, subscription, from, count)).map(shownOf);
	return answerStructured(type, { root: "ArrayOfParkedMessage", value });
}

/**
 * DELETE …/parked: all of them; with `?stopAt=` those below that number, with `?numbers=` those, as
 * with `…/parked/{number}` that one.
 */
export async function answerDiscard(
	exchange: Exchange,
	target: NamedTarget & { readonly from: string },
): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const discarding = discardingIn(target.from, new URLSearchParams(target.query));
	const subscription = await exchange.context.subscriptions.get(nameOf(target));
	const discarded = await subscription.discard(discarding);
	const value = { result: "Success", reason: "", discarded };
	return answerStructured(type, { root: "Result", value });
}

async function parkedEntries(
	{ context, principal }: Exchange,
	subscription: Subscription,
	from: number,
	count: number,
): Promise<readonly StreamEntry[]> {
	const stream = parkedStream(subscription.name);
	const parked = await subscription.whatIsParked();
	const reads = context.access.readsFor(principal);
	const entries: StreamEntry[] = [];
	for (let next = Math.max(from, parked.from); next < parked.before && entries.length < count; ) {
		const limit = Math.min(COUNT_DEFAULT, parked.before - next);
		const range = { stream, from: next, limit, direction: "forward" } as const;
		const slice = await reads.read({ ...range, content: true, resolve: false });
		entries.push(...slice.entries.filter(({ version }) => !holds(parked.gaps, version)));
		next += limit;
	}
	return entries.slice(0, count);
}

/** Whoever may write to the stream may have written anything. */
function shownOf({ version, event }: StreamEntry): Structure {
	const { stream, version: eventNumber } = targetOf(event.data) ?? {};
	const { reason } = parseObject(event.metadata) ?? {};
	return {
		number: version,
		eventStreamId: stream,
		eventNumber,
		parked: new Date(timeOf({ event, version })).toISOString(),
		reason: typeof reason === "string" ? reason : "",
	};
}

/** @throws Refusal `malformed-query` */
function discardingIn(number: string, parameters: URLSearchParams): Discarding {
	for (const name of parameters.keys()) {
		// A misspelt one would discard all.
		if (!DISCARD_PARAMETERS.has(name)) throw malformed(name, "", "no parameter has that name.");
	}
	if (number !== "") return { what: "some", numbers: [parsed("number", number)] };
	const list = parameters.get("numbers");
	const stopAt = numberIn(parameters, "stopAt");
	if (list !== null && stopAt !== undefined) {
		throw malformed("numbers", list, "it takes either numbers or stopAt, not both.");
	}
	if (stopAt !== undefined) return { what: "below", stopAt };
	if (list === null) return { what: "all" };
	const numbers = list.split(",").map((each) => parsed("numbers", each));
	if (numbers.length <= COUNT_MAX) return { what: "some", numbers };
	throw malformed("numbers", list, `it takes at most ${COUNT_MAX} numbers.`);
}

function numberIn(parameters: URLSearchParams, name: string): number | undefined {
	const value = parameters.get(name);
	return value === null ? undefined : parsed(name, value);
}

function parsed(parameter: string, value: string): number {
	if (NUMBER.test(value)) return Number(value);
	throw malformed(parameter, value, "it takes numbers of parked messages, such as 7.");
}

function malformed(parameter: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
