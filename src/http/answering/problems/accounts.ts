/** Problems of users and tokens. */
import type { Problem } from "./problem.ts";

type Words =
	| "invalid-user"
	| "invalid-token"
	| "user-not-found"
	| "user-exists"
	| "last-admin"
	| "token-not-found"
	| "too-many-accounts";

/** Clients of the contract read these two of a body that says what became of a change of a user. */
const failed = (loginName: string, error: string) => ({ loginName, success: false, error });

export const ACCOUNT_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"invalid-user": {
		status: 400,
		title: "Invalid user",
		detail: (f) => `${f.field} cannot be that: ${f.reason}. Nothing was changed.`,
	},
	"invalid-token": {
		status: 400,
		title: "Invalid token",
		detail: (f) => `${f.field} cannot be that: ${f.reason}. Nothing was changed.`,
	},
	"user-not-found": {
		status: 404,
		title: "No such user",
		detail: (f) => `There is no user '${f.loginName}'.`,
		shown: (f) => failed(f.loginName, "NotFound"),
	},
	"user-exists": {
		status: 409,
		title: "User exists",
		detail: (f) => `There is a user '${f.loginName}' with another password. Nothing was changed.`,
		shown: (f) => failed(f.loginName, "Conflict"),
	},
	"last-admin": {
		status: 409,
		title: "Last admin",
		detail: (f) =>
			`'${f.loginName}' is the only admin who can log in. Make another one first. Nothing was changed.`,
		shown: (f) => failed(f.loginName, "Conflict"),
	},
	"token-not-found": {
		status: 404,
		title: "No such token",
		detail: (f) => `There is no token '${f.id}'. It may have been revoked.`,
	},
	"too-many-accounts": {
		status: 409,
		title: "Too many accounts",
		detail: (f) => `A store has at most ${f.max} ${f.kind}. Delete some before you make others.`,
	},
};
