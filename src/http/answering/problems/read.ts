/** Problems of a read. */
import { lacksDollar } from "../../../event.ts";
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-stream-name"
	| "invalid-event-number"
	| "invalid-count"
	| "invalid-position"
	| "invalid-filter"
	| "stream-not-found"
	| "event-not-found"
	| "stream-deleted"
	| "history-replaced"
	| "tile-not-found"
	| "page-too-large";

export const READ_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-stream-name": {
		status: 400,
		title: "Invalid stream name",
		detail: (f) => `Invalid stream name '${f.stream}': ${f.reason}.`,
	},
	"invalid-event-number": {
		status: 400,
		title: "Invalid event number",
		detail: (f) =>
			`'${f.value}' is not valid event number. ` +
			"It takes a whole number from 0: /streams/order-42/0.",
	},
	"invalid-count": {
		status: 400,
		title: "Invalid count",
		detail: (f) =>
			`'${f.value}' is not valid count. Should be positive integer, at most ${f.countMax}. ` +
			"It ends the URL of a page: /streams/order-42/0/forward/20.",
	},
	"invalid-position": {
		status: 400,
		title: "Invalid position",
		detail: (f) =>
			`Invalid position argument: ${f.value}. ` +
			"A position is 32 hexadecimal digits, as in the links of a feed. " +
			`The URL of a page is /streams/$all/${positionOf(f.value)}/forward/20.`,
	},
	"invalid-filter": {
		status: 400,
		title: "Invalid filter",
		detail: (f) =>
			`${f.reason}${f.reason.endsWith(".") ? "" : "."} ` +
			"Example: /streams/$all/filtered?context=streamid&type=prefix&data=order-",
	},
	"stream-not-found": {
		status: 404,
		title: "Stream not found",
		detail: (f) => `Stream '${f.stream}' has no events.${nameAdvice(f.stream)}`,
	},
	"event-not-found": {
		status: 404,
		title: "Event not found",
		detail: (f) => `Stream '${f.stream}' has no event ${f.eventNumber}.`,
	},
	"stream-deleted": {
		status: 410,
		reason: (f) => (f.attempt === "read" ? "Deleted" : "Stream deleted"),
		title: "Stream deleted",
		detail: (f) =>
			f.forEver
				? `Stream '${f.stream}' was deleted for ever.`
				: `Stream '${f.stream}' was deleted, so it does not exist as was expected (-4). ` +
					"An append that expects any version (-2) or no stream (-1) brings it back.",
	},
	"history-replaced": {
		status: 410,
		title: "History replaced",
		detail: (f) =>
			`This URL belongs to another history of the store. The present one has number ${f.incarnation}. ` +
			"Start again from the stream's own URL.",
	},
	"tile-not-found": {
		status: 404,
		title: "No such tile",
		detail: (f) => `The log has no tile ${f.tile} yet.`,
	},
	"page-too-large": {
		status: 400,
		title: "Page too large",
		detail: (f) =>
			`The events of this page have ${f.bytes} bytes or more. The limit is ${f.pageBytesMax}. ` +
			"Ask for fewer events.",
	},
};

/** The position of the number that the client sent, if it is one; else the first. */
function positionOf(value: string): string {
	const half = /^\d{1,15}$/.test(value)
		? Number(value).toString(16).padStart(16, "0")
		: "0".repeat(16);
	return half + half;
}

function nameAdvice(stream: string): string {
	if (!lacksDollar(stream)) return "";
	return (
		" The streams that the server keeps have names that start with $, such as $ce-order. " +
		"In a shell, put them in single quotes: '$ce-order'."
	);
}
