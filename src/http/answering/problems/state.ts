/**
 * What a request is refused with for the state the server or its disk is in: another time it could
 * be answered, or after a repair.
 */
import type { Problem } from "./problem.ts";

type Words =
	| "overloaded"
	| "request-timeout"
	| "position-not-reached"
	| "disk-full"
	| "writer-stopped"
	| "log-damaged"
	| "shutting-down";

const retryAfter = (facts: { retryAfterSeconds: number }) => [
	"Retry-After",
	String(facts.retryAfterSeconds),
];

export const STATE_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	overloaded: {
		status: 503,
		reason: () => "Server Is Too Busy",
		title: "Server is too busy",
		detail: (f) => `The ${f.queue} queue holds its limit of ${f.limit}. Try again later.`,
		headers: retryAfter,
	},
	"request-timeout": {
		status: 503,
		title: "Request timed out",
		detail: (f) =>
			`Not answered within ${f.timeoutMs} ms. An append may still be carried out: send it again ` +
			"with the same event ids to learn its outcome.",
		headers: retryAfter,
	},
	"position-not-reached": {
		status: 503,
		title: "Position not reached",
		detail: (f) => `This server is at position ${f.last}, and ${f.position} did not come in time.`,
		headers: retryAfter,
	},
	"disk-full": {
		status: 507,
		title: "Disk full",
		detail: () => "There is no room on the server's disk. Nothing was written; reads go on.",
		// Where the server keeps its files is for its operator.
		shown: () => ({}),
	},
	"writer-stopped": {
		status: 503,
		title: "Writer stopped",
		detail: () =>
			"The server's disk failed, or its log is damaged, so it takes no appends until its operator " +
			"has seen to that and started it again; reads go on. " +
			"An append that was under way may be there: send it again then, with the same event ids, " +
			"to learn its outcome.",
		headers: retryAfter,
	},
	"log-damaged": {
		status: 500,
		title: "Log damaged",
		detail: (f) =>
			`A part of the log that this needs cannot be read: ${f.part}. ` +
			"What does not need it is answered as ever.",
	},
	"shutting-down": {
		status: 503,
		reason: () => "Server Is Not Ready",
		title: "Server is shutting down",
		detail: () => "The server is shutting down.",
		headers: retryAfter,
	},
};
