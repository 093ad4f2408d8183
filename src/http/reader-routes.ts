/** The rows of the table of routes for readers that the server keeps something of. */
import {
	answerPosition,
	answerPositionDelete,
	answerPositionSave,
	answerPositions,
} from "./handlers/readers/positions.ts";
import type { RouteRow } from "./route.ts";

// The handlers ask for the right to read the stream of a position or a group: only they know it.
// biome-ignore format: a table is read by its columns
export const READER_ROUTES: readonly RouteRow[] = [
	["GET", "/positions", "authenticated", "cold", answerPositions],
	["GET", "/positions/:id", "authenticated", "cold", answerPosition],
	["PUT", "/positions/:id", "authenticated", "cold", answerPositionSave],
	["DELETE", "/positions/:id", "authenticated", "cold", answerPositionDelete],
];
