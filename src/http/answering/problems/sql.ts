/** Problems of a question in SQL. */
import type { Problem } from "./problem.ts";

type Words = "invalid-sql" | "sql-too-slow" | "sql-too-large" | "sql-busy";

export const SQL_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-sql": {
		status: 400,
		title: "Invalid SQL",
		detail: (f) =>
			`The statement cannot be answered: ${f.reason.replace(/[.?]$/, "")}. The tables are events, ` +
			"streams, categories and types.",
	},
	"sql-too-slow": {
		status: 422,
		title: "Question took too long",
		detail: (f) =>
			`The statement was ended after ${f.timeMs} ms. Ask of one stream (WHERE in_stream = '…'), of ` +
			"fewer numbers (from_number, to_number), or give it more time with timeMs.",
	},
	"sql-too-large": {
		status: 422,
		title: "Question took too much memory",
		detail: (f) =>
			`The statement was ended because it needed more than ${f.memoryBytesMax} bytes. Sort and group ` +
			"fewer rows, or leave data and metadata out of them.",
	},
	"sql-busy": {
		status: 503,
		title: "Other questions are running",
		detail: (f) =>
			`The server answers ${f.atOnceMax} questions in SQL at once. Send it again when one has ended.`,
		headers: (f) => ["Retry-After", String(f.retryAfterSeconds)],
	},
};
