/** A webhook, a subscriber of the hub, and their attempts as JSON. */
import type { HubStanding } from "../../../push/hub/shown.ts";
import type { Attempt } from "../../../push/keeping/attempts.ts";
import type { Standing } from "../../../push/running/standing.ts";
import type { Secret } from "../../../push/webhooks/deeds.ts";
import { keySetUrl } from "../../urls.ts";

/** A webhook, and how it stands, if that is known. */
export type ShownWebhook = Partial<Standing> & Pick<Standing, "webhook">;

/** @param secret if the answer is the one that shows it */
export function webhookJson(base: string, standing: ShownWebhook, secret?: Secret): object {
	const { webhook, lastAttempt, ...progress } = standing;
	const { name, settings, creator, state, changed, start, uid } = webhook;
	const { generation, previousUntil } = webhook.secret;
	const isTurning = previousUntil > Date.now();
	return {
		name,
		...settings,
		start,
		state: state.is,
		reason: state.reason === "" ? undefined : state.reason,
		createdBy: creator.login === "" ? undefined : creator.login,
		changed: new Date(changed).toISOString(),
		secretGeneration: generation,
		previousSecretUntil: isTurning ? new Date(previousUntil).toISOString() : undefined,
		jwksUri: keySetUrl(base, uid),
		...secret,
		...progress,
		lastAttempt: lastAttempt && attemptJson(lastAttempt),
	};
}

/** It parks nothing: what it does not take is given up in the end. */
export function subscriberJson({
	subscriber,
	lastAttempt,
	parked: _,
	...standing
}: HubStanding): object {
	const { creator, leaseUntil, ...known } = subscriber;
	return {
		...known,
		createdBy: creator.login === "" ? undefined : creator.login,
		leaseUntil: new Date(leaseUntil).toISOString(),
		...standing,
		lastAttempt: lastAttempt && attemptJson(lastAttempt),
	};
}

export function attemptJson({ atMs, word, tried: _, ...attempt }: Attempt): object {
	return { at: new Date(atMs).toISOString(), outcome: word, ...attempt };
}
