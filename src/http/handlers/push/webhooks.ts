/** The webhooks API: list, make, look, change, delete, and what one does with one webhook. */
import { isRefusal, Refusal } from "../../../errors.ts";
import { standingOf } from "../../../push/running/standing.ts";
import type { Put } from "../../../push/webhooks/deeds.ts";
import { tagOf, type Webhook } from "../../../push/webhooks/webhook.ts";
import type { Answer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";
import { tagCondition } from "../../conditions/tags.ts";
import { baseOf } from "../../request/base.ts";
import { webhookUrl } from "../../urls.ts";
import { attemptJson, type ShownWebhook, webhookJson } from "./document.ts";
import {
	answerJson,
	countIn,
	numberIn,
	partIn,
	readJson,
	readJsonIfAny,
	refuseOtherTypes,
	shownTo,
	type WebhookTarget,
} from "./request.ts";

/** GET /webhooks[?offset=&count=] */
export async function answerWebhooks(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const base = baseFor(exchange);
	const { total, standings } = await shownTo(exchange).list(partIn(target.query));
	const webhooks = standings.map((standing) => webhookJson(base, standing));
	return answerJson({ total, webhooks });
}

/** GET /webhooks/{name} */
export async function answerWebhook(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const standing = await shownTo(exchange).standing(target.id);
	return answerJson(webhookJson(baseFor(exchange), standing), 200, tagFields(standing.webhook));
}

/** PUT /webhooks/{name}: makes it, or replaces its settings. */
export async function answerWebhookPut(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const condition = tagCondition(exchange.req);
	const put = await shownTo(exchange).put(target.id, await readJson(exchange), condition);
	return answerPut(exchange, put, put.secret ? 201 : 200);
}

/** DELETE /webhooks/{name} */
export async function answerWebhookDelete(
	exchange: Exchange,
	target: WebhookTarget,
): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	await shownTo(exchange).remove(target.id, tagCondition(exchange.req));
	return answerJson({ name: target.id, deleted: true });
}

/** POST /webhooks/{name}/command/pause and …/resume */
export function setPaused(isPaused: boolean) {
	return async (exchange: Exchange, target: WebhookTarget): Promise<Answer> => {
		refuseOtherTypes(exchange, target.query);
		await shownTo(exchange).setPaused(target.id, isPaused);
		return answerWebhook(exchange, target);
	};
}

/** POST /webhooks/{name}/command/rotate-secret: the answer alone has the new secret. */
export async function answerRotation(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const { keepSeconds } = (await readJsonIfAny(exchange)) ?? {};
	if (keepSeconds !== undefined && typeof keepSeconds !== "number") {
		throw new Refusal("invalid-webhook", { field: "keepSeconds", reason: "it must be a number" });
	}
	return answerPut(exchange, await shownTo(exchange).rotate(target.id, keepSeconds), 200);
}

/** POST /webhooks/{name}/command/test: one attempt with a message of no event. */
export async function answerTest(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	return answerJson(attemptJson(await shownTo(exchange).test(target.id)));
}

/** GET /webhooks/{name}/attempts */
export async function answerAttempts(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const attempts = await shownTo(exchange).attempts(target.id);
	return answerJson({ attempts: attempts.map(attemptJson) });
}

/** GET /webhooks/{name}/parked[?from=&count=] */
export async function answerParked(exchange: Exchange, target: WebhookTarget): Promise<Answer> {
	refuseOtherTypes(exchange, target.query);
	const from = numberIn(target.query, "from") ?? 0;
	const part = { from, count: countIn(target.query) };
	const parked = await shownTo(exchange).parked(target.id, part);
	return answerJson({ parked });
}

/** POST /webhooks/{name}/command/replay-parked and …/discard-parked [?stopAt=] */
export function ofParked(deed: "replay" | "discard") {
	return async (exchange: Exchange, target: WebhookTarget): Promise<Answer> => {
		refuseOtherTypes(exchange, target.query);
		const stopAt = numberIn(target.query, "stopAt");
		await shownTo(exchange)[deed](target.id, stopAt);
		return answerWebhook(exchange, target);
	};
}

async function answerPut(exchange: Exchange, put: Put, status: number): Promise<Answer> {
	const base = baseFor(exchange);
	const { webhook, secret } = put;
	// The secret is shown this once, whatever becomes of the webhook, or of the reads for the rest.
	const { places } = exchange.context.pushes;
	const standing = await standingOf(places, webhook).catch(bareIfRefused(webhook));
	const headers = status === 201 ? ["Location", webhookUrl(base, webhook.name)] : [];
	return answerJson(webhookJson(base, standing, secret), status, [
		...tagFields(webhook),
		...headers,
	]);
}

function bareIfRefused(webhook: Webhook) {
	return (error: unknown): ShownWebhook => {
		if (isRefusal(error)) return { webhook };
		throw error;
	};
}

function tagFields(webhook: Webhook): string[] {
	return ["ETag", tagOf(webhook)];
}

function baseFor({ req, context }: Exchange): string {
	return baseOf(req, context.settings.publicUrl);
}
