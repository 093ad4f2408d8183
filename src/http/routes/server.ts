/** The routes of the server itself: what it is, how it is, and how it is run. */
import {
	answerScavengeCurrent,
	answerScavengeLast,
	answerScavengeStart,
	answerScavengeStop,
} from "../handlers/erasure/scavenge.ts";
import { answerAuthorize } from "../handlers/gateway/authorize.ts";
import { answerGossip } from "../handlers/gossip.ts";
import { answerExport } from "../handlers/moving/export.ts";
import { answerImport, answerImportState } from "../handlers/moving/import.ts";
import { answerMetrics } from "../handlers/numbers/metrics.ts";
import { answerNoStats, answerRecent, answerStats } from "../handlers/numbers/stats.ts";
import { answerOpenApi } from "../handlers/openapi.ts";
import { answerSql, answerSqlLink } from "../handlers/operations/sql.ts";
import {
	answerBackups,
	answerLines,
	answerOptions,
	answerState,
} from "../handlers/operations/state.ts";
import {
	answerVerificationStart,
	answerVerificationStop,
	answerVerifications,
} from "../handlers/operations/verification.ts";
import { answerService } from "../handlers/service.ts";
import {
	answerInfo,
	answerLeader,
	answerLive,
	answerPing,
	answerReady,
	answerSubsystems,
} from "../handlers/status.ts";
import { answerChanges } from "../handlers/streaming/changes.ts";
import { answerKey, answerSignedHead, answerTile } from "../handlers/tree.ts";
import type { RouteHandler, RouteRow } from "./route.ts";

// biome-ignore format: a table is read by its columns
export const SERVER_ROUTES: readonly RouteRow[] = [
	["GET", "/", "read", "cold", answerService, "$streams"],
	["GET", "/openapi.json", "anyone", "cold", answerOpenApi],
	["GET", "/ping", "anyone", "cold", answerPing],
	["GET", "/info", "anyone", "cold", answerInfo],
	["GET", "/info/options", "operate", "cold", answerOptions],
	["GET", "/gossip", "anyone", "cold", answerGossip],
	["GET", "/authorize", "ask", "hot", answerAuthorize],
	// The handler asks for the right to read each stream that the query names.
	["GET", "/log/changes", "ask", "cold", answerChanges],
	["GET", "/log/checkpoint", "prove", "cold", answerSignedHead],
	["GET", "/log/key", "anyone", "cold", answerKey],
	["GET", "/log/tile/*tile", "prove", "cold", answerTile],
	["GET", "/health/live", "anyone", "cold", answerLive],
	["GET", "/health/ready", "anyone", "cold", answerReady],
	["GET", "/health/leader", "anyone", "cold", answerLeader],
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
	["GET", "/admin/sql", "export", "cold", answerSqlLink],
	["POST", "/admin/sql", "export", "cold", answerSql],
	["GET", "/admin/export", "export", "cold", answerExport],
	["GET", "/admin/import", "import", "cold", answerImportState],
	["POST", "/admin/import", "import", "cold", answerImport],
];

function stop(id: string): RouteHandler {
	return (exchange, { query }) => answerScavengeStop(exchange, { id, query });
}
