/** How subscriptions stand (contract 7.7). */
import { Refusal } from "../../../errors.ts";
import type { SubscriptionName } from "../../../subscriptions/names.ts";
import { type Standing, standingOf } from "../../../subscriptions/standing.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { parkedUri, subscriptionUrl } from "../../urls.ts";
import { answerStructured, type Structure } from "../accounts/structured.ts";
import { baseFor, type NamedTarget, nameOf, structuredType } from "./request.ts";

/** A part of a list has at most so many streams. */
const COUNT_MAX = 1000;

/** GET /subscriptions[?offset=&count=]: the subscriptions of all streams, or of some of them. */
export async function answerSubscriptions(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const type = structuredType(exchange, query);
	const part = partIn(new URLSearchParams(query));
	const base = baseFor(exchange);
	const names = await namesFor(exchange);
	const streams = [...new Set(names.map(({ stream }) => stream))];
	const shown = part ? streams.slice(part.offset, part.offset + part.count) : streams;
	const asked = new Set<string>(shown);
	const those = names.filter(({ stream }) => asked.has(stream));
	const subscriptions = await summariesOf(exchange, base, those);
	if (!part) return answerStructured(type, { root: LIST, value: subscriptions });
	const links = pageLinks(`${base}/subscriptions`, part, streams.length);
	const value = { links, ...part, total: streams.length, subscriptions };
	return answerStructured(type, { root: "PagedSubscriptionInfo", value });
}

/** GET /subscriptions/{stream} */
export async function answerStreamSubscriptions(
	exchange: Exchange,
	{ stream, query }: { stream: string; query: string },
): Promise<Answer> {
	const type = structuredType(exchange, query);
	const names = await namesFor(exchange);
	const those = names.filter((name) => name.stream === stream);
	if (those.length === 0) throw new Refusal("subscription-not-found", { stream, group: "" });
	const value = await summariesOf(exchange, baseFor(exchange), those);
	return answerStructured(type, { root: LIST, value });
}

/** GET …/info */
export async function answerSubscriptionInfo(
	exchange: Exchange,
	target: NamedTarget,
): Promise<Answer> {
	const type = structuredType(exchange, target.query);
	const { access, subscriptions } = exchange.context;
	if (!(await access.mayKnow(exchange.principal, target.stream))) {
		throw new Refusal("unauthorized", { cause: "denied" });
	}
	const subscription = await subscriptions.get(nameOf(target));
	const standing = await standingOf(exchange.context.log, subscription);
	const value = detailOf(baseFor(exchange), standing);
	return answerStructured(type, { root: "SubscriptionInfo", value });
}

const LIST = "ArrayOfSubscriptionSummary";

/** The subscriptions of streams that the client may know of. */
async function namesFor({ context, principal }: Exchange): Promise<SubscriptionName[]> {
	const { access, subscriptions } = context;
	const known: SubscriptionName[] = [];
	for (const name of await subscriptions.names()) {
		if (await access.mayKnow(principal, name.stream)) known.push(name);
	}
	return known;
}

async function summariesOf(
	{ context }: Exchange,
	base: string,
	names: readonly SubscriptionName[],
): Promise<Structure[]> {
	const summaries: Structure[] = [];
	for (const name of names) {
		// One that was deleted meanwhile is not there any more.
		const subscription = await context.subscriptions.find(name);
		if (!subscription) continue;
		summaries.push(summaryOf(base, await standingOf(context.log, subscription)));
	}
	return summaries;
}

function summaryOf(base: string, { name, ...standing }: Standing): { [member: string]: Structure } {
	const url = subscriptionUrl(base, name);
	const { checkpoint, lastKnown } = standing;
	return {
		links: [{ href: `${url}/info`, rel: "detail" }],
		eventStreamId: name.stream,
		groupName: name.group,
		parkedMessageUri: parkedUri(base, name),
		getMessagesUri: `${url}/1`,
		status: standing.status,
		averageItemsPerSecond: standing.perSecond,
		totalItemsProcessed: standing.settled,
		lastProcessedEventNumber: standing.lastProcessed,
		...(checkpoint === undefined ? {} : { lastCheckpointedEventPosition: String(checkpoint) }),
		lastKnownEventNumber: lastKnown,
		lastKnownEventPosition: String(lastKnown),
		connectionCount: standing.connections.length,
		totalInFlightMessages: standing.inFlight,
	};
}

function detailOf(base: string, standing: Standing): Structure {
	const { name, settings, connections } = standing;
	const url = subscriptionUrl(base, name);
	const { filter, ...shown } = settings;
	return {
		...summaryOf(base, standing),
		links: [
			{ href: `${url}/info`, rel: "detail" },
			{ href: `${url}/replayParked`, rel: "replayParked" },
		],
		config: { ...shown, preferRoundRobin: settings.namedConsumerStrategy === "RoundRobin", filter },
		countSinceLastMeasurement: standing.countSinceLastMeasurement,
		readBufferCount: standing.waiting,
		liveBufferCount: 0,
		retryBufferCount: standing.retrying,
		outstandingMessagesCount: standing.inFlight,
		connections: connections.map((one) => ({
			from: one.consumer,
			username: one.login,
			averageItemsPerSecond: one.perSecond,
			totalItemsProcessed: one.settled,
			countSinceLastMeasurement: one.countSinceLastMeasurement,
			extraStatistics: latencyStatistics(one.latenciesMs),
			connectionName: one.consumer,
			inFlightMessages: one.inFlight,
			availableSlots: settings.maxInFlight - standing.inFlight,
		})),
		parkedMessageCount: standing.parked,
		lagEvents: standing.lagEvents,
		retriedMessages: standing.retried,
	};
}

/** The contract's words, with milliseconds from delivery to answer. */
const SHARES = [
	["Fastest", 0],
	["Quintile 1", 0.2],
	["Quintile 2", 0.4],
	["Quintile 3", 0.6],
	["Quintile 4", 0.8],
	["Quintile 5", 1],
	["90%", 0.9],
	["95%", 0.95],
	["99%", 0.99],
	["99.5%", 0.995],
	["99.9%", 0.999],
	["Highest", 1],
] as const;

/** @param sorted ascending */
function latencyStatistics(sorted: readonly number[]): Structure[] {
	if (sorted.length === 0) return [];
	const at = (share: number) => {
		return Math.round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number);
	};
	const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
	return [
		{ key: "Mean", value: Math.round(mean) },
		{ key: "Median", value: at(0.5) },
		...SHARES.map(([key, share]) => ({ key, value: at(share) })),
	];
}

type Part = { readonly offset: number; readonly count: number };

/** @throws Refusal `invalid-subscription`, in the contract's words */
function partIn(parameters: URLSearchParams): Part | undefined {
	const offset = parameters.get("offset");
	const count = parameters.get("count");
	if (offset === null && count === null) return undefined;
	const from = /^\d{1,9}$/.test(offset ?? "0") ? Number(offset ?? 0) : -1;
	if (from < 0) throw invalid(`Offset "${offset?.slice(0, 64)}" must be a non-negative integer`);
	const length = /^\d{1,9}$/.test(count ?? "") ? Number(count) : 0;
	if (length < 1) throw invalid(`Count "${count?.slice(0, 64) ?? ""}" must be a positive integer`);
	return { offset: from, count: Math.min(length, COUNT_MAX) };
}

function pageLinks(url: string, { offset, count }: Part, total: number): Structure[] {
	const link = (rel: string, at: number) => ({ href: `${url}?offset=${at}&count=${count}`, rel });
	return [
		link("self", offset),
		link("first", 0),
		...(offset > 0 ? [link("previous", Math.max(0, offset - count))] : []),
		...(offset + count < total ? [link("next", offset + count)] : []),
	];
}

function invalid(reason: string): Refusal {
	return new Refusal("invalid-subscription", { reason });
}
