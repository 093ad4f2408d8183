/** Problems of reader positions, and of consumer groups with partitions. */
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-reader-position"
	| "too-many-reader-positions"
	| "reader-position-not-found"
	| "reader-position-not-yours"
	| "reader-position-elsewhere"
	| "reader-position-ahead"
	| "reader-position-of-another-log"
	| "resource-changed"
	| "invalid-group"
	| "too-many-groups"
	| "too-many-members"
	| "group-not-found"
	| "group-fixed"
	| "lease-lost"
	| "partitions-lost";

export const READER_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-reader-position": {
		status: 400,
		title: "Invalid reader position",
		detail: (f) => f.reason,
	},
	"too-many-reader-positions": {
		status: 409,
		title: "Too many reader positions",
		detail: (f) =>
			`The server keeps ${f.positionsMax} reader positions, and makes no more. ` +
			"Delete those that nobody needs, or give them a time to live.",
	},
	"reader-position-not-found": {
		status: 404,
		title: "Reader position not found",
		detail: (f) => `There is no position '${f.name}', or it was not renewed in time.`,
	},
	"reader-position-not-yours": {
		status: 403,
		title: "Reader position of somebody else",
		detail: (f) =>
			`Position '${f.name}' is that of the user '${f.owner}'. Only that user and operators may ` +
			"change or delete it.",
	},
	"reader-position-elsewhere": {
		status: 409,
		title: "Reader position elsewhere",
		detail: (f) =>
			`Position '${f.name}' is one in stream '${f.stream}', or of a reader with another filter. ` +
			"Use another name, or delete it first.",
	},
	"reader-position-ahead": {
		status: 409,
		title: "Reader position beyond the end",
		detail: (f) =>
			(f.last < 0
				? `Stream '${f.stream}' has no events`
				: `Stream '${f.stream}' ends at ${f.last}`) +
			`: nobody can have handled ${f.at}. It is perhaps a number of another stream or server.`,
	},
	"reader-position-of-another-log": {
		status: 409,
		title: "Reader position of another history",
		detail: (f) =>
			`The place is one in the log ${f.log}, and this server has ${f.current}. If a restore has ` +
			"replaced that history, later events may be others: start again from nothing.",
	},
	"resource-changed": {
		status: 412,
		title: "Changed by somebody else",
		detail: (f) =>
			`The ${f.resource} does not meet ${f.precondition}: ` +
			(f.current === "" ? "there is none." : `its ETag is ${f.current}.`) +
			" Read it, and decide again.",
	},
	"invalid-group": {
		status: 400,
		title: "Invalid group",
		detail: (f) => f.reason,
	},
	"too-many-groups": {
		status: 409,
		title: "Too many groups",
		detail: (f) =>
			`The server has ${f.groupsMax} groups, and makes no more. Delete those that nobody needs.`,
	},
	"too-many-members": {
		status: 409,
		title: "Too many members",
		detail: (f) => `Group '${f.group}' has ${f.membersMax} members, and takes no more.`,
	},
	"group-not-found": {
		status: 404,
		title: "Group not found",
		detail: (f) => `There is no group '${f.group}'. A PUT of /groups/{group} makes one.`,
	},
	"group-fixed": {
		status: 409,
		title: "The group cannot change that",
		detail: (f) =>
			`The ${f.setting} of group '${f.group}' is fixed: with another one, its checkpoints would ` +
			"mean nothing. Delete the group, and make it again, or make another.",
	},
	"lease-lost": {
		status: 409,
		title: "Lease lost",
		detail: (f) =>
			`Group '${f.group}' has no member '${f.member}': its lease is over, or the server has started ` +
			"since. What it had may be with others. Stop, and join again.",
	},
	"partitions-lost": {
		status: 409,
		title: "Partitions lost",
		detail: (f) =>
			`The partitions ${f.partitions.join(", ")} are not with this member in the generation that it ` +
			"names: others may have them. What the request said of other partitions counts.",
	},
};
