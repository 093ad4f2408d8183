/**
 * The scavenge routes of contract 10.1: start, stop, the current run, the last run.
 */
import { ADMIN_TYPES } from "../../../../feeds/formats/message.ts";
import type { ScavengeOptions } from "../../../commands/scavenge/scavenger.ts";
import { Refusal } from "../../../errors.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { answerMessage, type MessageFields } from "../../answering/message.ts";
import { negotiateType } from "../../request/negotiation.ts";
import { scavengePath } from "../../urls.ts";

const NO_ID = "00000000-0000-0000-0000-000000000000";
const INTEGER = /^[+-]?\d{1,9}$/;

/** POST /admin/scavenge */
export async function answerScavengeStart(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const write = writerFor(exchange, query);
	const options = parseOptions(new URLSearchParams(query));
	const scavengeId = await exchange.context.scavenger.start(options);
	return { ...write("ScavengeResultDto", { scavengeId }), about: scavengeId };
}

/** DELETE /admin/scavenge/{id}; the id may be `current` */
export async function answerScavengeStop(
	exchange: Exchange,
	{ id, query }: { id: string; query: string },
): Promise<Answer> {
	const write = writerFor(exchange, query);
	const scavengeId = await exchange.context.scavenger.stop(id);
	return { ...write("ScavengeResultDto", { scavengeId }), about: scavengeId };
}

/** GET /admin/scavenge/current */
export function answerScavengeCurrent(exchange: Exchange, { query }: { query: string }): Answer {
	const id = exchange.context.scavenger.current();
	const current = { scavengeId: id ?? "", scavengeLink: linkTo(id) };
	return writerFor(exchange, query)("ScavengeGetCurrentResultDto", current);
}

/** GET /admin/scavenge/last */
export function answerScavengeLast(exchange: Exchange, { query }: { query: string }): Answer {
	const { id, result } = exchange.context.scavenger.last() ?? { id: undefined };
	// The contract has no word for a run that was stopped together with its server.
	const ended = result === "Interrupted" ? "Stopped" : (result ?? "InProgress");
	return writerFor(exchange, query)("ScavengeGetLastResultDto", {
		scavengeId: id ?? NO_ID,
		scavengeLink: linkTo(id),
		scavengeResult: id === undefined ? "Unknown" : ended,
	});
}

function linkTo(id: string | undefined): string {
	return id === undefined ? "" : scavengePath(id);
}

type WriteMessage = (root: string, fields: MessageFields) => Answer;

/** @throws Refusal `not-acceptable`, before the handler changes anything */
function writerFor({ req }: Exchange, query: string): WriteMessage {
	const type = negotiateType(req, query, ADMIN_TYPES);
	return (root, fields) => answerMessage(type, root, fields);
}

/** @throws Refusal `malformed-query`, in the contract's words */
function parseOptions(query: URLSearchParams): ScavengeOptions {
	const number = (name: string, fallback: number, fits: (n: number) => boolean, reason: string) => {
		const value = query.get(name);
		if (value === null) return fallback;
		if (!INTEGER.test(value) || !fits(Number(value))) throw malformed(name, value, reason);
		return Number(value);
	};
	const startFromChunk = number(
		"startFromChunk",
		0,
		(n) => n >= 0,
		"startFromChunk must be a positive integer",
	);
	const threads = number("threads", 1, (n) => n >= 1, "threads must be a 1 or above");
	const threshold = number("threshold", 0, () => true, "threshold must be an integer");
	const throttlePercent = number(
		"throttlePercent",
		100,
		(n) => n >= 1 && n <= 100,
		"throttlePercent must be between 1 and 100 inclusive",
	);
	if (threads > 1 && throttlePercent < 100) {
		const reason = "throttlePercent must be 100 for a multi-threaded scavenge";
		throw malformed("throttlePercent", String(throttlePercent), reason);
	}
	const syncOnly = query.get("syncOnly") ?? "false";
	if (!/^(?:true|false)$/i.test(syncOnly)) {
		throw malformed("syncOnly", syncOnly, "syncOnly must be a boolean");
	}
	return { throttlePercent, noted: { startFromChunk, threads, threshold } };
}

function malformed(parameter: string, value: string, reason: string): Refusal {
	return new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
