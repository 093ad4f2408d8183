/** The public keys of a webhook, for its receivers. Whoever knows the URL may have them. */
import { Refusal } from "../../../errors.ts";
import { keySet } from "../../../push/signing/signatures.ts";
import { secretsOf } from "../../../push/webhooks/webhook.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import type { Exchange } from "../../answering/exchange.ts";

/** Receivers keep it; a rotation leaves the key of before valid for longer than that. */
const MAX_AGE = ["Cache-Control", "public, max-age=300"];

/** GET /.well-known/varve-webhooks/{uid}/jwks.json */
export async function answerKeySet(
	{ context, req }: Exchange,
	{ id }: { readonly id: string },
): Promise<Answer> {
	const { webhooks, key } = context.pushes;
	const found = await webhooks.findByUid(id);
	if (!found) throw new Refusal("route-not-found", { path: (req.url ?? "").slice(0, 256) });
	const text = JSON.stringify(keySet(key, secretsOf(found, Date.now())));
	return textAnswer(200, "application/jwk-set+json", text, MAX_AGE);
}
