/** The rows of the table of routes for readers that the server keeps something of. */
import {
	answerGroup,
	answerGroupDefine,
	answerGroupDelete,
	answerGroupReset,
	answerGroups,
} from "../handlers/readers/groups.ts";
import {
	answerJoin,
	answerLeave,
	answerMember,
	answerRenewal,
} from "../handlers/readers/members.ts";
import {
	answerPosition,
	answerPositionDelete,
	answerPositionSave,
	answerPositions,
} from "../handlers/readers/positions.ts";
import { answerForm } from "../handlers/screens.ts";
import type { RouteRow } from "./route.ts";

// The handlers ask for the right to read the stream of a position or a group: only they know it.
// biome-ignore format: a table is read by its columns
export const READER_ROUTES: readonly RouteRow[] = [
	["GET", "/positions", "authenticated", "cold", answerPositions],
	["GET", "/positions/:id", "authenticated", "cold", answerPosition],
	["PUT", "/positions/:id", "authenticated", "cold", answerPositionSave],
	["DELETE", "/positions/:id", "authenticated", "cold", answerPositionDelete],

	["GET", "/groups", "authenticated", "cold", answerGroups],
	["GET", "/groups/:group", "authenticated", "cold", answerGroup],
	["PUT", "/groups/:group", "operate", "cold", answerGroupDefine],
	["DELETE", "/groups/:group", "operate", "cold", answerGroupDelete],
	["POST", "/groups/:group/reset", "operate", "cold", answerGroupReset],
	["POST", "/groups/:group/members", "authenticated", "cold", answerJoin],
	["GET", "/groups/:group/members/:id", "authenticated", "cold", answerMember],
	["POST", "/groups/:group/members/:id", "authenticated", "cold", answerRenewal],
	["DELETE", "/groups/:group/members/:id", "authenticated", "cold", answerLeave],
	// The forms of their pages; each asks for its own right, as the request for programs does.
	["POST", "/ui/readers", "authenticated", "cold", answerForm],
];
