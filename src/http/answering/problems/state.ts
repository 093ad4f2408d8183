/**
 * Problems of the server's state or its disk: the same request can succeed later, or after a
 * repair.
 */
import type { Problem } from "./problem.ts";

type Words =
	| "verification-running"
	| "verification-not-found"
	| "overloaded"
	| "request-timeout"
	| "position-not-reached"
	| "disk-full"
	| "insufficient-storage"
	| "writer-stopped"
	| "log-damaged"
	| "log-locked"
	| "not-leader"
	| "database-unreachable"
	| "no-standby"
	| "shutting-down";

const retryAfter = (facts: { retryAfterSeconds: number }) => [
	"Retry-After",
	String(facts.retryAfterSeconds),
];

export const STATE_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"verification-running": {
		status: 409,
		title: "Verification is already running",
		detail: () => "A verification is running already. Only one runs at a time.",
	},
	"verification-not-found": {
		status: 404,
		title: "No verification is running",
		detail: () => "No verification is running.",
	},
	overloaded: {
		status: 503,
		reason: () => "Server Is Too Busy",
		title: "Server is too busy",
		detail: (f) => `The ${f.queue} queue is full. Its limit is ${f.limit}. Try again later.`,
		headers: retryAfter,
	},
	"request-timeout": {
		status: 503,
		title: "Request timed out",
		detail: (f) =>
			`The server did not answer within ${f.timeoutMs} ms. It may still carry out an append: send it ` +
			"again with the same event ids to learn its outcome.",
		headers: retryAfter,
	},
	"position-not-reached": {
		status: 503,
		title: "Position not reached",
		detail: (f) => `This server is at position ${f.last}. It did not reach ${f.position} in time.`,
		headers: retryAfter,
	},
	"disk-full": {
		status: 507,
		title: "Disk full",
		detail: () => "The server's disk is full. Nothing was written. Reads go on.",
		// Where the server keeps its files is for its operator.
		shown: () => ({}),
	},
	"insufficient-storage": {
		status: 507,
		title: "Insufficient storage",
		detail: (f) =>
			`The server's disk has ${f.freeBytes} bytes left. The server takes no such appends below ` +
			`${f.freeBytesMin} bytes. Nothing was written. Reads, deletes and scavenges go on. ` +
			"When there is room again, send the same request again.",
		headers: retryAfter,
	},
	"writer-stopped": {
		status: 503,
		title: "Writer stopped",
		detail: () =>
			"The server's disk failed, or its log is damaged. The server takes no appends until its " +
			"operator has repaired this and started it again. Reads go on. An append that was under way " +
			"may be there: after the restart, send it again with the same event ids to learn its outcome.",
		headers: retryAfter,
	},
	"log-damaged": {
		status: 500,
		title: "Log damaged",
		detail: (f) =>
			`The request needs a part of the log that cannot be read: ${f.part}. ` +
			"The server still answers requests that do not need it.",
	},
	"log-locked": {
		status: 503,
		title: "Log locked",
		detail: () =>
			"Another program holds a lock on the server's database. Nothing was written. The server goes " +
			"on by itself when the lock is released: send the request again then.",
		headers: retryAfter,
	},
	"not-leader": {
		status: 503,
		title: "Another server does this",
		detail: ({ leader }) =>
			"Only one of the servers over this log does this at a time" +
			(leader === undefined ? ", and none is known for now." : `: ${leader}.`) +
			" Send the request there.",
		headers: retryAfter,
	},
	"database-unreachable": {
		status: 503,
		title: "Database unreachable",
		detail: () =>
			"The server cannot reach its database, or may not use it for now. Nothing was written. Send " +
			"the request again later.",
		headers: retryAfter,
		// How the server reaches its database is for its operator.
		shown: ({ retryAfterSeconds }) => ({ retryAfterSeconds }),
	},
	"no-standby": {
		status: 503,
		title: "No standby",
		detail: () =>
			"The database has no synchronous standby for now. Nothing was written, and what no standby " +
			"has yet is not shown. Send the request again later.",
		headers: retryAfter,
	},
	"shutting-down": {
		status: 503,
		reason: () => "Server Is Not Ready",
		title: "Server is shutting down",
		detail: () => "The server is shutting down.",
		headers: retryAfter,
	},
};
