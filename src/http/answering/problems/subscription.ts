/** Problems of a subscription. */
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-subscription"
	| "invalid-message-id"
	| "too-many-subscriptions"
	| "subscription-exists"
	| "subscription-not-found"
	| "stale-delivery";

export const SUBSCRIPTION_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-subscription": {
		status: 400,
		title: "Invalid subscription",
		detail: (f) => f.reason,
	},
	"invalid-message-id": {
		status: 400,
		reason: () => "messageid should be a properly formed guid",
		title: "Invalid message id",
		detail: (f) => `'${f.value}' is not the id of a message, which is a UUID.`,
	},
	"too-many-subscriptions": {
		status: 409,
		title: "Too many subscriptions",
		detail: (f) =>
			`The server has ${f.subscriptionsMax} subscriptions, and makes no more. ` +
			"Delete those that nobody needs.",
	},
	"subscription-exists": {
		status: 409,
		title: "Subscription exists",
		detail: (f) =>
			`Group '${f.group}' already exists. To change its settings, send them with POST.`,
		shown: (f) => ({ ...f, result: "AlreadyExists", reason: `Group '${f.group}' already exists.` }),
	},
	"subscription-not-found": {
		status: 404,
		title: "Subscription not found",
		detail: (f) =>
			`Group '${f.group}' does not exist. A PUT of ` +
			"/subscriptions/{stream}/{group} makes a subscription.",
		shown: (f) => ({
			...f,
			result: "DoesNotExist",
			reason: `Group '${f.group}' does not exist.`,
		}),
	},
	"stale-delivery": {
		status: 409,
		title: "Stale delivery",
		detail: () =>
			"These messages are not with this consumer any more: their time was over, they were called " +
			"back, or the subscription was loaded anew. They come again, to this consumer or another. " +
			"What the request said of other messages counts.",
	},
};
