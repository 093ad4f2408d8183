/** The routes of projections (contract 8.1), and those of ours besides. */

import {
	answerAbort,
	answerDisable,
	answerEnable,
	answerProjectionDelete,
	answerProjectionsRestart,
	answerReset,
} from "./handlers/projections/commands.ts";
import { creation } from "./handlers/projections/create.ts";
import { answerQuerySteps, answerReadEvents, answerSteps } from "./handlers/projections/debug.ts";
import {
	answerCandidateDelete,
	answerConfig,
	answerConfigUpdate,
	answerQuery,
	answerQueryUpdate,
} from "./handlers/projections/query.ts";
import { answerPartitions, lookingAt } from "./handlers/projections/states.ts";
import {
	answerProjection,
	answerProjections,
	answerStatistics,
	listing,
} from "./handlers/projections/statistics.ts";
import { answerForm } from "./handlers/screens.ts";
import type { RouteRow } from "./route.ts";

// biome-ignore format: a table is read by its columns
export const PROJECTION_ROUTES: readonly RouteRow[] = [
	["GET", "/projections", "authenticated", "cold", answerProjections],
	["GET", "/projections/any", "authenticated", "cold", listing(() => true)],
	["GET", "/projections/all-non-transient", "authenticated", "cold", listing(({ mode }) => mode !== "Transient")],
	["GET", "/projections/transient", "authenticated", "cold", listing(({ mode }) => mode === "Transient")],
	["POST", "/projections/transient", "authenticated", "cold", creation("Transient")],
	["GET", "/projections/onetime", "authenticated", "cold", listing(({ mode }) => mode === "OneTime")],
	["POST", "/projections/onetime", "authenticated", "cold", creation("OneTime")],
	["GET", "/projections/continuous", "authenticated", "cold", listing(({ mode }) => mode === "Continuous")],
	["POST", "/projections/continuous", "authenticated", "cold", creation("Continuous")],
	["POST", "/projections/read-events", "authenticated", "cold", answerReadEvents],
	["POST", "/projections/steps", "authenticated", "cold", answerQuerySteps],
	["POST", "/projections/restart", "operate", "cold", answerProjectionsRestart],
	["POST", "/ui/projections", "authenticated", "cold", answerForm],
	["GET", "/projection/:id", "authenticated", "cold", answerProjection],
	["DELETE", "/projection/:id", "operate", "cold", answerProjectionDelete],
	["GET", "/projection/:id/statistics", "authenticated", "cold", answerStatistics],
	["GET", "/projection/:id/query", "authenticated", "cold", answerQuery],
	["PUT", "/projection/:id/query", "authenticated", "cold", answerQueryUpdate],
	["DELETE", "/projection/:id/candidate", "operate", "cold", answerCandidateDelete],
	["GET", "/projection/:id/config", "operate", "cold", answerConfig],
	["PUT", "/projection/:id/config", "operate", "cold", answerConfigUpdate],
	["GET", "/projection/:id/state", "authenticated", "cold", lookingAt("state")],
	["GET", "/projection/:id/result", "authenticated", "cold", lookingAt("result")],
	["GET", "/projection/:id/partitions", "authenticated", "cold", answerPartitions],
	["GET", "/projection/:id/steps", "authenticated", "cold", answerSteps],
	["POST", "/projection/:id/command/enable", "authenticated", "cold", answerEnable],
	["POST", "/projection/:id/command/disable", "authenticated", "cold", answerDisable],
	["POST", "/projection/:id/command/abort", "authenticated", "cold", answerAbort],
	["POST", "/projection/:id/command/reset", "authenticated", "cold", answerReset],
];
