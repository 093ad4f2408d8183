/** The verification of the log while the server runs: start, progress and results, stop. */
import { Refusal } from "../../../errors.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { jsonWriter } from "./state.ts";

/** The share of time that is not felt by others. */
export const THROTTLE_USUAL = 25;

/**
 * POST /admin/verification
 * @throws Refusal `malformed-query`, `verification-running`, `shutting-down`
 */
export function answerVerificationStart(exchange: Exchange, { query }: { query: string }): Answer {
	const write = jsonWriter(exchange, query, 202);
	const percent = percentOf(new URLSearchParams(query).get("throttlePercent"));
	const verificationId = exchange.context.upkeep.verifications.start(percent);
	return { ...write({ verificationId }), about: verificationId };
}

/** GET /admin/verification */
export function answerVerifications(exchange: Exchange, { query }: { query: string }): Answer {
	const { running = null, runs } = exchange.context.upkeep.verifications.state();
	return jsonWriter(exchange, query)({ running, runs });
}

/**
 * DELETE /admin/verification
 * @throws Refusal `verification-not-found`
 */
export async function answerVerificationStop(
	exchange: Exchange,
	{ query }: { query: string },
): Promise<Answer> {
	const write = jsonWriter(exchange, query);
	const verificationId = await exchange.context.upkeep.verifications.stop();
	return { ...write({ verificationId }), about: verificationId };
}

function percentOf(value: string | null): number {
	if (value === null) return THROTTLE_USUAL;
	const percent = /^\d{1,3}$/.test(value) ? Number(value) : 0;
	if (percent >= 1 && percent <= 100) return percent;
	const reason = "it takes a number from 1 to 100.";
	const parameter = "throttlePercent";
	throw new Refusal("malformed-query", { parameter, value: value.slice(0, 64), reason });
}
