/** The routes of subscriptions (contract 7.1), and ours: rows of the table in `routes.ts`. */
import {
	answerAck,
	answerNack,
	answerRelease,
	answerRenew,
} from "../handlers/subscriptions/answers.ts";
import {
	answerCreate,
	answerReset,
	answerRestart,
	answerSubscriptionDelete,
	answerUpdate,
} from "../handlers/subscriptions/configure.ts";
import { answerMessages, answerNext } from "../handlers/subscriptions/messages.ts";
import { answerReplayParked, parkedPage } from "../handlers/subscriptions/parked.ts";
import { answerDiscard, answerParked } from "../handlers/subscriptions/parked-list.ts";
import {
	answerStreamSubscriptions,
	answerSubscriptionInfo,
	answerSubscriptions,
} from "../handlers/subscriptions/statistics.ts";
import type { RouteRow } from "./route.ts";

// biome-ignore format: a table is read by its columns
export const SUBSCRIPTION_ROUTES: readonly RouteRow[] = [
	["GET", "/subscriptions", "authenticated", "cold", answerSubscriptions],
	["POST", "/subscriptions/restart", "operate", "cold", answerRestart],
	["GET", "/subscriptions/viewparkedmessages/:stream/:group/:from/backward/:count", "authenticated", "cold", parkedPage("backward")],
	["GET", "/subscriptions/viewparkedmessages/:stream/:group/:from/forward/:count", "authenticated", "cold", parkedPage("forward")],
	["GET", "/subscriptions/:stream", "authenticated", "cold", answerStreamSubscriptions],
	["PUT", "/subscriptions/:stream/:group", "operate", "cold", answerCreate],
	["POST", "/subscriptions/:stream/:group", "operate", "cold", answerUpdate],
	["DELETE", "/subscriptions/:stream/:group", "operate", "cold", answerSubscriptionDelete],
	["GET", "/subscriptions/:stream/:group", "consume", "cold", answerMessages],
	["GET", "/subscriptions/:stream/:group/info", "authenticated", "cold", answerSubscriptionInfo],
	["GET", "/subscriptions/:stream/:group/parked", "authenticated", "cold", answerParked],
	["DELETE", "/subscriptions/:stream/:group/parked", "operate", "cold", answerDiscard],
	["DELETE", "/subscriptions/:stream/:group/parked/:from", "operate", "cold", answerDiscard],
	["POST", "/subscriptions/:stream/:group/replayParked", "operate", "cold", answerReplayParked],
	["POST", "/subscriptions/:stream/:group/reset", "operate", "cold", answerReset],
	["POST", "/subscriptions/:stream/:group/ack", "consume", "hot", answerAck],
	["POST", "/subscriptions/:stream/:group/ack/:id", "consume", "cold", answerAck],
	["POST", "/subscriptions/:stream/:group/nack", "consume", "cold", answerNack],
	["POST", "/subscriptions/:stream/:group/nack/:id", "consume", "cold", answerNack],
	["POST", "/subscriptions/:stream/:group/renew", "consume", "cold", answerRenew],
	["POST", "/subscriptions/:stream/:group/renew/:id", "consume", "cold", answerRenew],
	["POST", "/subscriptions/:stream/:group/release", "consume", "cold", answerRelease],
	["POST", "/subscriptions/:stream/:group/release/:id", "consume", "cold", answerRelease],
	// Behind all words that it would take for a count.
	["GET", "/subscriptions/:stream/:group/:count", "consume", "hot", answerMessages],
	["POST", "/subscriptions/:stream/:group/:count", "consume", "hot", answerNext],
];
