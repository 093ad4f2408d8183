/** Problems of what the server sends by itself: webhooks, and its hub. */
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-webhook"
	| "too-many-webhooks"
	| "invalid-hub-request"
	| "subscriber-not-found"
	| "webhook-not-found"
	| "webhook-changed"
	| "webhook-busy";

export const PUSH_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-webhook": {
		status: 400,
		title: "Invalid webhook",
		detail: (f) => `The ${f.field} of the webhook is not valid: ${f.reason}.`,
	},
	"too-many-webhooks": {
		status: 409,
		title: "Too many webhooks",
		detail: (f) =>
			`The server has ${f.webhooksMax} webhooks, and makes no more. Delete those that nobody needs.`,
	},
	"invalid-hub-request": {
		status: 400,
		title: "Invalid request to the hub",
		detail: (f) => `The hub cannot carry this out: of ${f.parameter}, ${f.reason}.`,
	},
	"subscriber-not-found": {
		status: 404,
		title: "Subscriber not found",
		detail: (f) =>
			`The hub has no subscriber '${f.id}': it may have ended. GET /hub lists those that there are.`,
	},
	"webhook-not-found": {
		status: 404,
		title: "Webhook not found",
		detail: (f) =>
			`There is no webhook '${f.name}' that you may see. A PUT of /webhooks/{name} makes one.`,
	},
	"webhook-changed": {
		status: 412,
		title: "Webhook changed",
		detail: (f) =>
			f.version < 0
				? `There is no webhook '${f.name}' yet.`
				: `The webhook '${f.name}' is there, with the ETag "${f.version}". Nothing was changed.`,
		headers: (f) => (f.version < 0 ? [] : ["ETag", `"${f.version}"`]),
	},
	"webhook-busy": {
		status: 409,
		title: "Webhook is busy",
		detail: (f) => `The webhook '${f.name}' cannot do this now: ${f.reason}.`,
	},
};
