/** What the requests of subscriptions have in common: their names, who asks, and plain results. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { valueElement } from "../../../../feeds/atom/value.ts";
import { STRUCTURED_TYPES } from "../../../../feeds/formats/message.ts";
import { Refusal } from "../../../errors.ts";
import { parseSubscriptionName, type SubscriptionName } from "../../../subscriptions/names.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { baseOf } from "../../request/base.ts";
import { negotiateType } from "../../request/negotiation.ts";

/** A subscription as its URL names it, percent-decoded, nothing checked. */
export type NamedTarget = {
	readonly stream: string;
	readonly group: string;
	readonly query: string;
};

const CONSUMER = /^[!-~]{1,128}$/;
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];

/** @throws Refusal `subscription-not-found`, and those of a name */
export function subscriptionOf(
	{ context }: Exchange,
	{ stream, group }: NamedTarget,
): Promise<Subscription> {
	return context.subscriptions.get(parseSubscriptionName(stream, group));
}

export function nameOf({ stream, group }: NamedTarget): SubscriptionName {
	return parseSubscriptionName(stream, group);
}

export function baseFor({ context, req }: Exchange): string {
	return baseOf(req, context.settings.publicUrl);
}

/** The numbers of connections, for consumers that have no name. */
const connections = new WeakMap<object, number>();
let connectionsSeen = 0;

/**
 * Who asks: the name that the consumer gives itself, or its connection.
 * @throws Refusal `malformed-header`
 */
export function consumerOf({ headers, socket }: IncomingMessage): string {
	const name = headers["varve-consumer"];
	if (name === undefined) {
		const number = connections.get(socket) ?? ++connectionsSeen;
		connections.set(socket, number);
		return `connection ${number}`;
	}
	if (typeof name === "string" && CONSUMER.test(name)) return name;
	const reason = "It takes 1 to 128 characters of ASCII without spaces.";
	throw new Refusal("malformed-header", {
		header: "Varve-Consumer",
		value: String(name).slice(0, 128),
		reason,
	});
}

/** Writes a document in the format that the client asks for: JSON, or its XML. */
export type WriteDocument = (
	status: number,
	root: string,
	document: unknown,
	headers?: readonly string[],
) => Answer;

/** @throws Refusal `not-acceptable`, before the handler changes anything */
export function documentWriter({ req }: Exchange, query: string): WriteDocument {
	const { format, contentType } = negotiateType(req, query, STRUCTURED_TYPES);
	return (status, root, document, headers = []) => {
		const json = JSON.stringify(document);
		const text = format === "json" ? json : xmlOf(root, document);
		return textAnswer(status, contentType, text, [...headers, ...NO_STORE]);
	};
}

/** The contract's answer to a change that was made. */
export function success(write: WriteDocument, status: number, headers: readonly string[]): Answer {
	const result = { correlationId: randomUUID(), reason: "", result: "Success" };
	return write(status, "Result", result, headers);
}

/** A list has no name in JSON; in XML its items need an element around them. */
function xmlOf(root: string, document: unknown): string {
	const named = Array.isArray(document) ? { Item: document } : document;
	const json = Buffer.from(JSON.stringify(named));
	return `<?xml version="1.0" encoding="utf-8"?>${valueElement(root, json, true)}`;
}
