/** The routes of what the server sends by itself: rows of the table in `routes.ts`. */
import {
	answerDenial,
	answerHub,
	answerSubscriber,
	answerSubscribers,
} from "../handlers/push/hub.ts";
import { answerKeySet } from "../handlers/push/key-set.ts";
import {
	answerAttempts,
	answerParked,
	answerRotation,
	answerTest,
	answerWebhook,
	answerWebhookDelete,
	answerWebhookPut,
	answerWebhooks,
	ofParked,
	setPaused,
} from "../handlers/push/webhooks.ts";
import type { RouteRow } from "./route.ts";

// The handlers decide who sees which webhook: operators all, others those they made.
// biome-ignore format: a table is read by its columns
export const PUSH_ROUTES: readonly RouteRow[] = [
	["GET", "/webhooks", "authenticated", "cold", answerWebhooks],
	["GET", "/webhooks/:id", "authenticated", "cold", answerWebhook],
	["PUT", "/webhooks/:id", "authenticated", "cold", answerWebhookPut],
	["DELETE", "/webhooks/:id", "authenticated", "cold", answerWebhookDelete],
	["GET", "/webhooks/:id/attempts", "authenticated", "cold", answerAttempts],
	["GET", "/webhooks/:id/parked", "authenticated", "cold", answerParked],
	["POST", "/webhooks/:id/command/pause", "authenticated", "cold", setPaused(true)],
	["POST", "/webhooks/:id/command/resume", "authenticated", "cold", setPaused(false)],
	["POST", "/webhooks/:id/command/rotate-secret", "authenticated", "cold", answerRotation],
	["POST", "/webhooks/:id/command/test", "authenticated", "cold", answerTest],
	["POST", "/webhooks/:id/command/replay-parked", "authenticated", "cold", ofParked("replay")],
	["POST", "/webhooks/:id/command/discard-parked", "authenticated", "cold", ofParked("discard")],
	// The handler asks for the right to read the stream that the request names.
	["POST", "/hub", "ask", "cold", answerHub],
	["GET", "/hub", "operate", "cold", answerSubscribers],
	["GET", "/hub/:id", "operate", "cold", answerSubscriber],
	["DELETE", "/hub/:id", "operate", "cold", answerDenial],
	["GET", "/.well-known/varve-webhooks/:id/jwks.json", "anyone", "cold", answerKeySet],
];
