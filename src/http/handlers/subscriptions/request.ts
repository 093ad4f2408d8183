/** The requests of subscriptions share these: the names in their URLs, and their consumer. */
import { randomUUID } from "node:crypto";
import { neededFor } from "../../../access/rights.ts";
import { Refusal } from "../../../errors.ts";
import { parseSubscriptionName, type SubscriptionName } from "../../../subscriptions/names.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { answerStructured, STRUCTURED_TYPES, type StructuredType } from "../accounts/structured.ts";

/** A subscription as its URL names it, percent-decoded, nothing checked. */
export type NamedTarget = {
	readonly stream: string;
	readonly group: string;
	readonly query: string;
};

const CONSUMER = /^[!-~]{1,128}$/;

export function nameOf({ stream, group }: NamedTarget): SubscriptionName {
	return parseSubscriptionName(stream, group);
}

/**
 * The subscription, for one of its consumers.
 * @throws Refusal `subscription-not-found`, `unauthorized` if a token is for other groups
 */
export async function consumed(exchange: Exchange, target: NamedTarget): Promise<Subscription> {
	return exchange.context.subscriptions.get(consumedName(exchange, target));
}

/** As `consumed`; undefined if there is no such subscription. */
export async function findConsumed(
	exchange: Exchange,
	target: NamedTarget,
): Promise<Subscription | undefined> {
	return exchange.context.subscriptions.find(consumedName(exchange, target));
}

function consumedName({ principal }: Exchange, target: NamedTarget): SubscriptionName {
	const name = nameOf(target);
	const groups = principal.scope?.consumerGroups;
	if (groups === undefined || groups.includes(name.group)) return name;
	throw new Refusal("unauthorized", { cause: "denied" });
}

/** @throws Refusal `unauthorized` if the client may not be its consumer, or not any more */
export async function permitConsumer(
	{ context, principal }: Exchange,
	{ name: { stream } }: Subscription,
): Promise<void> {
	await context.access.permit(principal, neededFor({ right: "consume" }, { stream }));
}

export function baseFor({ context, req }: Exchange): string {
	return baseOf(req, context.settings.publicUrl);
}

/** @throws Refusal `not-acceptable`, before the handler changes anything */
export function structuredType({ req }: Exchange, query: string): StructuredType {
	return negotiateType(req, query, STRUCTURED_TYPES);
}

/** The contract's answer to a change that was made. */
export function success(
	type: StructuredType,
	status: number,
	headers: readonly string[] = [],
): Answer {
	const value = { correlationId: randomUUID(), reason: "", result: "Success" };
	return answerStructured(type, { status, root: "Result", value }, headers);
}

/** The numbers of connections, for consumers that have no name. */
const connections = new WeakMap<object, number>();
let connectionsSeen = 0;

/**
 * Names the consumer: by the name that it gives itself, or by its connection.
 * @throws Refusal `malformed-header`
 */
export function consumerOf({ req: { headers, socket } }: Exchange): string {
	const name = headers["varve-consumer"];
	if (name === undefined) {
		const number = connections.get(socket) ?? ++connectionsSeen;
		connections.set(socket, number);
		return `connection ${number}`;
	}
	if (typeof name === "string" && CONSUMER.test(name)) return name;
	const reason = "It takes 1 to 128 characters of ASCII without spaces.";
	const value = String(name).slice(0, 128);
	throw new Refusal("malformed-header", { header: "Varve-Consumer", value, reason });
}
