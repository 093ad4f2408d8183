/** Problems of a projection. */
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-projection"
	| "too-many-projections"
	| "projection-exists"
	| "projection-not-found"
	| "projection-busy"
	| "projection-author-gone"
	| "replay-faulted"
	| "replay-too-long";

export const PROJECTION_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-projection": {
		status: 400,
		title: "Invalid projection",
		detail: (f) => f.reason,
	},
	"too-many-projections": {
		status: 409,
		title: "Too many projections",
		detail: (f) =>
			`The server has ${f.projectionsMax} projections, and makes no more. ` +
			"Delete those that nobody needs.",
	},
	"projection-exists": {
		status: 409,
		title: "Projection exists",
		detail: (f) =>
			`Duplicate projection names : ${f.projection}. To change its query, PUT it to ` +
			"/projection/{name}/query.",
	},
	"projection-not-found": {
		status: 404,
		title: "Projection not found",
		detail: (f) =>
			`There is no projection named ${f.projection.slice(0, 128)}. ` +
			"GET /projections/any lists those that there are.",
	},
	"projection-busy": {
		status: 409,
		reason: () => "Failed",
		title: "Not possible now",
		detail: (f) => f.reason,
	},
	"projection-author-gone": {
		status: 409,
		title: "The author is gone",
		detail: (f) =>
			`Whoever wrote the query, ${f.login}, cannot log in any more. ` +
			"Somebody else has to send the query again.",
	},
	"replay-faulted": {
		status: 409,
		title: "The query faults before that moment",
		detail: (f) => `The query has no state then, because it faults before: ${f.reason}`,
	},
	"replay-too-long": {
		status: 409,
		title: "Too much to replay",
		detail: (f) =>
			`To say how the projection was then takes more than ${f.eventsMax} events, or more than ` +
			`${f.seconds} seconds. Ask for a partition that is a stream, or for an earlier moment.`,
	},
};
