/** Consumers answer for their messages: ack and nack (contract 7.5), renew and release. */
import { Refusal } from "../../../errors.ts";
import { parseUuid } from "../../../event.ts";
import type { ConsumerAnswer, Name } from "../../../subscriptions/steps/step.ts";
import type { Subscription } from "../../../subscriptions/subscription.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { readBody } from "../../request/body.ts";
import { idsIn, type NamedIds } from "./ids-body.ts";
import { findConsumed, type NamedTarget } from "./request.ts";

/** `id` is "" if the query or the body names the messages. */
export type AnswerTarget = NamedTarget & { readonly id: string };

/** A stream of messages hands out so many, and a batch no more. */
const IDS_MAX = 1000;
const BODY_BYTES_MAX = 256 * 1024;
const RELEASE_SECONDS_MAX = 24 * 60 * 60;
const ACTIONS = ["park", "retry", "skip", "stop"] as const;

/** POST …/ack */
export function answerAck(exchange: Exchange, target: AnswerTarget): Promise<Answer> {
	return carryOut(exchange, target, () => ({ is: "ack" }));
}

/** POST …/nack: without an action that is known, the messages come again. */
export function answerNack(exchange: Exchange, target: AnswerTarget): Promise<Answer> {
	return carryOut(exchange, target, (parameters) => {
		const action = parameters.get("action")?.toLowerCase();
		return { is: ACTIONS.find((each) => each === action) ?? "retry" };
	});
}

/** POST …/renew: the consumer needs more time. */
export function answerRenew(exchange: Exchange, target: AnswerTarget): Promise<Answer> {
	return carryOut(exchange, target, () => ({ is: "renew" }));
}

/** POST …/release?after=30: the messages come again, in so many seconds, and that is no retry. */
export function answerRelease(exchange: Exchange, target: AnswerTarget): Promise<Answer> {
	return carryOut(exchange, target, (parameters) => {
		const value = parameters.get("after") ?? "0";
		const seconds = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
		if (seconds <= RELEASE_SECONDS_MAX) return { is: "release", afterMs: seconds * 1000 };
		const reason = `it takes a whole number of seconds, at most ${RELEASE_SECONDS_MAX}.`;
		throw new Refusal("malformed-query", {
			parameter: "after",
			value: value.slice(0, 64),
			reason,
		});
	});
}

/**
 * A group that is not there, or an id that nobody waits for, is no fault (contract 7.5): the answer
 * that a consumer repeats must not fail.
 */
async function carryOut(
	exchange: Exchange,
	target: AnswerTarget,
	answerIn: (parameters: URLSearchParams) => ConsumerAnswer,
): Promise<Answer> {
	// Clients append `?action=…` to a link that has a query already.
	const parameters = new URLSearchParams(target.query.replaceAll("?", "&"));
	const answer = answerIn(parameters);
	const body = await readBody(exchange.req, BODY_BYTES_MAX);
	const named = checked(namedIn(target, parameters) ?? idsIn(body));
	if (named.ids.length === 0) throw malformedIds("it names no message.");
	const subscription = await findConsumed(exchange, target);
	if (subscription) {
		answerFor(subscription, answer, named);
		// Whoever looks for a parked message then finds it.
		if (answer.is === "park") await subscription.parkedWritten();
	}
	return { status: 202, reason: "", headers: ["Cache-Control", "no-store", "Content-Length", "0"] };
}

/** The messages that the body of a request for the next ones names; none if it is empty. */
export async function readHandled({ req }: Exchange): Promise<NamedIds> {
	const body = await readBody(req, BODY_BYTES_MAX);
	return body.length === 0 ? { ids: [], tokens: [] } : checked(idsIn(body));
}

/** @throws Refusal `stale-delivery` if some mean no delivery of now; the others are answered */
export function answerFor(
	subscription: Subscription,
	answer: ConsumerAnswer,
	{ ids, tokens }: NamedIds,
): void {
	if (ids.length === 0) return;
	const names = ids.map((id, at): Name => {
		const token = tokens[at];
		return { id, attempt: token === undefined ? undefined : attemptOf(subscription, token) };
	});
	const stale = subscription.answer(answer, names);
	if (stale.length === 0) return;
	const { stream, group } = subscription.name;
	throw new Refusal("stale-delivery", { stream, group, ids: stale.map(({ id }) => id) });
}

/** @param token in the link of a message, its id stands behind it */
function attemptOf({ generation }: Subscription, token: string): number {
	const start = `${generation}.`;
	return token.startsWith(start) ? Number(token.slice(start.length).split("/", 1)[0]) : -1;
}

function namedIn({ id }: AnswerTarget, parameters: URLSearchParams): NamedIds | undefined {
	const tokens = listOf(parameters.get("token"));
	if (id !== "") return { ids: [id], tokens };
	const ids = parameters.get("ids");
	return ids === null ? undefined : { ids: listOf(ids), tokens };
}

function listOf(value: string | null): readonly string[] {
	return (value ?? "").split(",").filter((each) => each !== "");
}

/** @throws Refusal `malformed-query`, `invalid-message-id` */
function checked({ ids, tokens }: NamedIds): NamedIds {
	if (ids.length > IDS_MAX) throw malformedIds(`it takes at most ${IDS_MAX} ids.`);
	return { ids: ids.map(checkId), tokens };
}

/** @throws Refusal `invalid-message-id` */
function checkId(text: string): string {
	const id = parseUuid(text);
	if (id !== undefined) return id;
	throw new Refusal("invalid-message-id", { value: text.slice(0, 64) });
}

function malformedIds(reason: string): Refusal {
	return new Refusal("malformed-query", { parameter: "ids", value: "", reason });
}
