/**
 * Who sends a request: a user, a machine with a token, or nobody that the server knows.
 *
 * What a principal may do follows from its name, its groups and its scope, by `policy.ts`.
 */

export type Principal = Identity & Rights;

type Identity = {
	/** "" for anonymous. */
	readonly name: string;
	/** Sorted; without `$all`, of which everyone is. */
	readonly groups: readonly string[];
	readonly via: Via;
	/** For the audit: the id of the token of this store that it showed; undefined if none. */
	readonly token: string | undefined;
	/**
	 * Whether all that it stands on is as it was: the user, the token, the session. Answers that go
	 * on for hours ask again and again. Undefined for a principal that never ends.
	 */
	readonly holds: (() => boolean) | undefined;
};

type Rights = {
	/** Whether it may do everything: a member of `$admins`, or the user `admin`. */
	readonly isAdmin: boolean;
	/** Whether it may run the server: a member of `$ops`, or an admin. */
	readonly isOperator: boolean;
	/** Undefined narrows nothing. */
	readonly scope: Scope | undefined;
	/**
	 * The same for all principals with these groups and this scope. `Access.classOf` adds the name,
	 * if an ACL names it.
	 */
	readonly rights: string;
};

/** How the server knows the principal. */
export type Via =
	| "anonymous"
	| "password"
	| "token"
	| "oidc"
	| "session"
	| "certificate"
	/** The server itself. */
	| "system";

/** What is left of its user's rights to a token. */
export type Scope = {
	readonly mayRead: boolean;
	readonly mayWrite: boolean;
	/** The streams whose names start with one of these; undefined for all streams. */
	readonly prefixes: readonly string[] | undefined;
	/** The consumer groups that it may read and acknowledge; undefined for all. */
	readonly consumerGroups: readonly string[] | undefined;
};

export const ADMINS = "$admins";
export const OPERATORS = "$ops";
/** In an ACL: everyone, anonymous included. */
export const EVERYONE = "$all";
/** The user who is an admin whatever its groups are. */
const ADMIN = "admin";

export const ANONYMOUS: Principal = principalOf({ name: "", groups: [], via: "anonymous" });
/** A client without credentials, if `--insecure` makes an admin of it. */
export const ANYONE_AS_ADMIN: Principal = principalOf({
	name: "",
	groups: [ADMINS],
	via: "anonymous",
});
export const SYSTEM: Principal = principalOf({ name: "", groups: [ADMINS], via: "system" });

type Known = Pick<Principal, "name" | "groups" | "via"> &
	Partial<Pick<Principal, "scope" | "token" | "holds">>;

/** @param known as the authenticator found it: whose credential it was, and of which groups */
export function principalOf({ name, groups, via, scope, token, holds }: Known): Principal {
	const sorted = [...new Set(groups)].filter((group) => group !== EVERYONE).sort();
	// An issuer may let its users choose what they are called.
	const isAdmin = (name === ADMIN && via !== "oidc") || sorted.includes(ADMINS);
	return {
		name,
		groups: sorted,
		isAdmin,
		isOperator: isAdmin || sorted.includes(OPERATORS),
		scope,
		via,
		token,
		holds,
		rights: rightsOf(via, isAdmin, sorted, scope),
	};
}

/** Text, in which no two sets of rights are alike. */
function rightsOf(
	via: Via,
	isAdmin: boolean,
	groups: readonly string[],
	scope: Scope | undefined,
): string {
	if (isAdmin && scope === undefined) return "admin";
	if (via === "anonymous") return "anonymous";
	if (scope === undefined) return JSON.stringify([isAdmin, groups]);
	const { mayRead, mayWrite, prefixes, consumerGroups } = scope;
	return JSON.stringify([isAdmin, groups, mayRead, mayWrite, prefixes, consumerGroups]);
}
