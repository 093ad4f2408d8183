/** A test delivery: one attempt, whose outcome its asker sees. */
import { Refusal } from "../../errors.ts";
import type { Around } from "../delivering/around.ts";
import type { Deliveries } from "../delivering/deliveries.ts";
import type { Attempt } from "../keeping/attempts.ts";
import type { Sender } from "../messages/message.ts";
import { packTest } from "../messages/test-message.ts";
import { post } from "../sending/post.ts";
import { keyOf, type Webhook } from "../webhooks/webhook.ts";

/** Its asker waits for it. */
const TIMEOUT_MS_MAX = 10_000;

export async function testDelivery(
	webhook: Webhook,
	sender: Sender,
	{ slots, ways, numbers }: Around,
	deliveries: Deliveries,
): Promise<Attempt> {
	// It waits in no line, so nobody is to be told of a free slot.
	if (!slots.take({ pump: () => undefined })) {
		throw new Refusal("overloaded", { queue: "attempts", limit: slots.max, retryAfterSeconds: 1 });
	}
	try {
		const { url, timeoutMs } = webhook.settings;
		const packed = packTest(webhook, sender);
		const atMs = Date.now();
		const began = performance.now();
		const posted = {
			url,
			headers: packed.fields(Math.floor(atMs / 1000)),
			body: packed.body,
			timeoutMs: Math.min(timeoutMs, TIMEOUT_MS_MAX),
		};
		const outcome = await post(posted, ways, new AbortController().signal);
		const durationMs = Math.round(performance.now() - began);
		numbers.count(outcome.word, durationMs);
		const { retryAfterMs: _, ...told } = outcome;
		const place = { first: -1, last: -1, tries: 1, followed: "tested", isTest: true as const };
		const attempt = { ...told, ...place, id: packed.id, atMs, durationMs };
		(await deliveries.attemptsOf(keyOf(webhook))).note(attempt);
		return attempt;
	} finally {
		slots.give();
	}
}
