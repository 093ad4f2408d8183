/**
 * Every route of the API, on one screen: method, path, the right it takes, whether it is hot, its
 * handler, and the stream of its requests if no segment of the path is its name. Both lanes of the
 * front door are made from this table.
 *
 * A path's segments are matched as they are written, and each is percent-decoded once, so `%2F` can
 * be part of a stream's name. Of several paths that match, the first in the table answers, with all
 * of its methods: the rows of one path stand together. HEAD goes where GET goes.
 */

import { ALL } from "../event.ts";
import { hasAsOf } from "../pages/as-of/query.ts";
import type { Answer } from "./answering/answer.ts";
import type { Exchange } from "./answering/exchange.ts";
import {
	answerToken,
	answerTokenCreation,
	answerTokenRevocation,
	answerTokenRotation,
	answerTokens,
} from "./handlers/accounts/tokens.ts";
import {
	answerCurrentUser,
	answerPasswordChange,
	answerPasswordReset,
	answerUser,
	answerUserCreation,
	answerUserDeletion,
	answerUsers,
	answerUserUpdate,
	setDisabled,
} from "./handlers/accounts/users.ts";
import { answerAppend, answerIncoming } from "./handlers/append.ts";
import { answerRedact } from "./handlers/erasure/redact.ts";
import {
	answerScavengeCurrent,
	answerScavengeLast,
	answerScavengeStart,
	answerScavengeStop,
} from "./handlers/erasure/scavenge.ts";
import { answerEvent } from "./handlers/event.ts";
import { answerAuthorize } from "./handlers/gateway/authorize.ts";
import { answerGossip } from "./handlers/gossip.ts";
import { answerMoment } from "./handlers/moment.ts";
import { answerExport } from "./handlers/moving/export.ts";
import { answerImport, answerImportState } from "./handlers/moving/import.ts";
import { answerMetrics } from "./handlers/numbers/metrics.ts";
import { answerNoStats, answerRecent, answerStats } from "./handlers/numbers/stats.ts";
import { answerOpenApi } from "./handlers/openapi.ts";
import {
	answerBackups,
	answerLines,
	answerOptions,
	answerState,
} from "./handlers/operations/state.ts";
import {
	answerVerificationStart,
	answerVerificationStop,
	answerVerifications,
} from "./handlers/operations/verification.ts";
import { answerStreamAsOf } from "./handlers/pages/as-of.ts";
import { answerFiltered } from "./handlers/pages/filtered.ts";
import { answerPage } from "./handlers/pages/page.ts";
import { answerFile, answerForm, answerLogin, answerWeb } from "./handlers/screens.ts";
import { answerSearch } from "./handlers/search.ts";
import { answerService } from "./handlers/service.ts";
import {
	answerInfo,
	answerLive,
	answerPing,
	answerReady,
	answerSubsystems,
} from "./handlers/status.ts";
import { answerChanges } from "./handlers/streaming/changes.ts";
import { answerDelete } from "./handlers/streams/delete.ts";
import { answerList } from "./handlers/streams/list.ts";
import {
	answerMetadata,
	answerMetadataAppend,
	answerMetadataPage,
} from "./handlers/streams/metadata.ts";
import { answerSlash } from "./handlers/streams/slash.ts";
import {
	answerAck,
	answerNack,
	answerRelease,
	answerRenew,
} from "./handlers/subscriptions/answers.ts";
import {
	answerCreate,
	answerRestart,
	answerSubscriptionDelete,
	answerUpdate,
} from "./handlers/subscriptions/configure.ts";
import { answerMessages } from "./handlers/subscriptions/messages.ts";
import { answerReplayParked, parkedPage } from "./handlers/subscriptions/parked.ts";
import {
	answerStreamSubscriptions,
	answerSubscriptionInfo,
	answerSubscriptions,
} from "./handlers/subscriptions/statistics.ts";
import { answerKey, answerSignedHead, answerTile } from "./handlers/tree.ts";
import type { Route, RouteHandler, RouteRow, Target } from "./route.ts";
import { PUSH_ROUTES } from "./routes/push.ts";

export type { Method, Route, RouteHandler, SegmentName, Target } from "./route.ts";

type Direction = "forward" | "backward";

/** The stream of one run of scavenge. */
const SCAVENGE = "$scavenges-:id";
const HEAD = { from: "head", direction: "backward", count: "20" } as const;

// biome-ignore format: a table is read by its columns
const TABLE: readonly RouteRow[] = [
	["GET", "/", "read", "cold", answerService, "$streams"],
	["GET", "/openapi.json", "anyone", "cold", answerOpenApi],
	["GET", "/ping", "anyone", "cold", answerPing],
	["GET", "/info", "anyone", "cold", answerInfo],
	["GET", "/info/options", "operate", "cold", answerOptions],
	["GET", "/gossip", "anyone", "cold", answerGossip],
	["GET", "/authorize", "ask", "hot", answerAuthorize],
	// The handler asks for the right to read each stream that the query names.
	["GET", "/log/changes", "anyone", "cold", answerChanges],
	["GET", "/log/checkpoint", "prove", "cold", answerSignedHead],
	["GET", "/log/key", "anyone", "cold", answerKey],
	["GET", "/log/tile/*tile", "prove", "cold", answerTile],
	["GET", "/health/live", "anyone", "cold", answerLive],
	["GET", "/health/ready", "anyone", "cold", answerReady],
	["GET", "/metrics", "monitor", "cold", answerMetrics],
	["GET", "/stats", "monitor", "cold", answerStats],
	["GET", "/stats/recent", "monitor", "cold", answerRecent],
	// The contract has these two beside the statistics, and before the route that takes any name.
	["GET", "/stats/replication", "monitor", "cold", answerNoStats],
	["GET", "/stats/tcp", "monitor", "cold", answerNoStats],
	["GET", "/stats/*path", "monitor", "cold", answerStats],
	["GET", "/sys/subsystems", "operate", "cold", answerSubsystems],
	["POST", "/admin/scavenge", "operate", "cold", answerScavengeStart],
	["GET", "/admin/scavenge/current", "operate", "cold", answerScavengeCurrent],
	["DELETE", "/admin/scavenge/current", "operate", "cold", stop("current")],
	["GET", "/admin/scavenge/last", "operate", "cold", answerScavengeLast],
	["DELETE", "/admin/scavenge/:id", "operate", "cold", answerScavengeStop],
	["GET", "/admin", "operate", "cold", answerState],
	["GET", "/admin/backups", "operate", "cold", answerBackups],
	["GET", "/admin/log", "operate", "cold", answerLines],
	["POST", "/admin/verification", "operate", "cold", answerVerificationStart],
	["GET", "/admin/verification", "operate", "cold", answerVerifications],
	["DELETE", "/admin/verification", "operate", "cold", answerVerificationStop],
	["GET", "/admin/export", "export", "cold", answerExport],
	["GET", "/admin/import", "import", "cold", answerImportState],
	["POST", "/admin/import", "import", "cold", answerImport],

	["GET", "/users", "administer", "cold", answerUsers],
	["POST", "/users", "administer", "cold", answerUserCreation],
	["GET", "/users/", "administer", "cold", answerUsers],
	["POST", "/users/", "administer", "cold", answerUserCreation],
	// Before the route that would take it for a login.
	["GET", "/users/$current", "authenticated", "cold", answerCurrentUser],
	["GET", "/users/%24current", "authenticated", "cold", answerCurrentUser],
	["GET", "/users/:id", "administer", "cold", answerUser],
	["PUT", "/users/:id", "administer", "cold", answerUserUpdate],
	["DELETE", "/users/:id", "administer", "cold", answerUserDeletion],
	["POST", "/users/:id/command/enable", "administer", "cold", setDisabled(false)],
	["POST", "/users/:id/command/disable", "administer", "cold", setDisabled(true)],
	["POST", "/users/:id/command/reset-password", "administer", "cold", answerPasswordReset],
	["POST", "/users/:id/command/change-password", "authenticated", "cold", answerPasswordChange],
	["GET", "/tokens", "authenticated", "cold", answerTokens],
	["POST", "/tokens", "authenticated", "cold", answerTokenCreation],
	["GET", "/tokens/:id", "authenticated", "cold", answerToken],
	["DELETE", "/tokens/:id", "authenticated", "cold", answerTokenRevocation],
	["POST", "/tokens/:id/command/rotate", "authenticated", "cold", answerTokenRotation],

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
	["POST", "/subscriptions/:stream/:group/replayParked", "operate", "cold", answerReplayParked],
	["POST", "/subscriptions/:stream/:group/ack", "consume", "cold", answerAck],
	["POST", "/subscriptions/:stream/:group/ack/:id", "consume", "cold", answerAck],
	["POST", "/subscriptions/:stream/:group/nack", "consume", "cold", answerNack],
	["POST", "/subscriptions/:stream/:group/nack/:id", "consume", "cold", answerNack],
	["POST", "/subscriptions/:stream/:group/renew", "consume", "cold", answerRenew],
	["POST", "/subscriptions/:stream/:group/renew/:id", "consume", "cold", answerRenew],
	["POST", "/subscriptions/:stream/:group/release", "consume", "cold", answerRelease],
	["POST", "/subscriptions/:stream/:group/release/:id", "consume", "cold", answerRelease],
	// Behind all words that it would take for a count.
	["GET", "/subscriptions/:stream/:group/:count", "consume", "cold", answerMessages],

	...PUSH_ROUTES,

	// Where users of EventStore look for its admin UI.
	["GET", "/web", "anyone", "cold", answerWeb],
	["GET", "/web/index.html", "anyone", "cold", answerWeb],
	// Before the route that would take it for the name of a file.
	["POST", "/ui/operations", "operate", "cold", answerForm],
	["POST", "/ui/subscriptions", "operate", "cold", answerForm],
	["POST", "/ui/webhooks", "authenticated", "cold", answerForm],
	["GET", "/login", "anyone", "cold", answerLogin],
	["POST", "/login", "anyone", "cold", answerLogin],
	["GET", "/login/oidc", "anyone", "cold", answerLogin],
	["GET", "/login/callback", "anyone", "cold", answerLogin],
	["POST", "/logout", "anyone", "cold", answerLogin],
	["GET", "/ui/*file", "anyone", "cold", answerFile],

	["GET", "/search", "search", "cold", answerSearch],
	["GET", "/streams", "read", "cold", answerList, "$streams"],
	["GET", "/streams/:stream", "read", "hot", head],
	["POST", "/streams/:stream", "write", "hot", answerAppend],
	["DELETE", "/streams/:stream", "delete", "cold", answerDelete],
	["POST", "/streams/:stream/", "anyone", "cold", answerSlash],
	["DELETE", "/streams/:stream/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/", "anyone", "cold", answerSlash],
	["POST", "/streams/:stream/metadata/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/metadata/", "anyone", "cold", answerSlash],
	["GET", "/streams/:stream/metadata", "read-metadata", "cold", metadataAt],
	["POST", "/streams/:stream/metadata", "write-metadata", "cold", answerMetadataAppend],
	["GET", "/streams/:stream/metadata/:from", "read-metadata", "cold", metadataAt],
	["GET", "/streams/:stream/metadata/:from/:count", "read-metadata", "cold", metadataPage("backward")],
	["GET", "/streams/:stream/metadata/:from/forward/:count", "read-metadata", "cold", metadataPage("forward")],
	["GET", "/streams/:stream/metadata/:from/backward/:count", "read-metadata", "cold", metadataPage("backward")],
	// The contract's routes overlap here: a GET is a page whose number is `incoming`, and refused as
	// one.
	["GET", "/streams/:stream/incoming/:id", "read", "cold", pageNamedIncoming],
	["POST", "/streams/:stream/incoming/:id", "write", "cold", answerIncoming],
	// `$all` as it is written, in each of its two spellings.
	["GET", "/streams/$all/filtered", "read", "cold", filteredHead, ALL],
	["GET", "/streams/%24all/filtered", "read", "cold", filteredHead, ALL],
	["GET", "/streams/:stream/:from", "read", "cold", event],
	// Before the route that would take `at` for a number.
	["GET", "/streams/:stream/at/:time", "read", "cold", answerMoment],
	// Before the route that would take `data` for a count.
	["DELETE", "/streams/:stream/:from/data", "redact", "cold", answerRedact],
	["GET", "/streams/:stream/:from/:count", "read", "cold", page("backward")],
	["GET", "/streams/:stream/:from/forward/:count", "read", "hot", page("forward")],
	["GET", "/streams/:stream/:from/backward/:count", "read", "hot", page("backward")],
	["GET", "/streams/$all/filtered/:from/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/%24all/filtered/:from/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/$all/filtered/:from/forward/:count", "read", "cold", filteredPage("forward"), ALL],
	["GET", "/streams/%24all/filtered/:from/forward/:count", "read", "cold", filteredPage("forward"), ALL],
	["GET", "/streams/$all/filtered/:from/backward/:count", "read", "cold", filteredPage("backward"), ALL],
	["GET", "/streams/%24all/filtered/:from/backward/:count", "read", "cold", filteredPage("backward"), ALL],
	// A page of one run of scavenge, under the name of the list of runs (contract 10.1). It stands
	// behind the routes of pages, whose direction it would take for a number.
	["GET", "/streams/$scavenges/:id/:from/:count", "read", "cold", page("backward"), SCAVENGE],
	["GET", "/streams/%24scavenges/:id/:from/:count", "read", "cold", page("backward"), SCAVENGE],
];

export const ROUTES: readonly Route[] = TABLE.map(([method, path, right, heat, handle, stream]) => {
	return { method, path, right, stream, isHot: heat === "hot", handle };
});

function head(exchange: Exchange, { stream, query }: Target): ReturnType<RouteHandler> {
	if (hasAsOf(query)) return answerStreamAsOf(exchange, { stream, query });
	return answerPage(exchange, { ...HEAD, isOwnUrl: true, stream, query });
}

function page(direction: Direction): RouteHandler {
	return (exchange, { stream, from, count, query }) =>
		answerPage(exchange, { stream, from, direction, count, query });
}

function event(exchange: Exchange, { stream, from, query }: Target): ReturnType<RouteHandler> {
	return answerEvent(exchange, { stream, at: from, query });
}

function metadataAt(exchange: Exchange, { stream, from, query }: Target): Promise<Answer> {
	return answerMetadata(exchange, { stream, at: from || "head", query });
}

function metadataPage(direction: Direction): RouteHandler {
	return (exchange, { stream, from, count, query }) =>
		answerMetadataPage(exchange, { stream, from, direction, count, query });
}

function filteredHead(exchange: Exchange, { query }: Target): ReturnType<RouteHandler> {
	return answerFiltered(exchange, { ...HEAD, query });
}

function filteredPage(direction: Direction): RouteHandler {
	return (exchange, { from, count, query }) =>
		answerFiltered(exchange, { from, direction, count, query });
}

function pageNamedIncoming(
	exchange: Exchange,
	{ stream, id, query }: Target,
): ReturnType<RouteHandler> {
	const range = { from: "incoming", direction: "backward", count: id } as const;
	return answerPage(exchange, { ...range, stream, query });
}

function stop(id: string): RouteHandler {
	return (exchange, { query }) => answerScavengeStop(exchange, { id, query });
}
