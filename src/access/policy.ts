/**
 * May a principal do this? The one function that says so, of facts alone.
 *
 * Contract 9.5 and 9.6. An admin may do everything that anyone may do at all. A scope takes from
 * the rights of its principal, an admin's too, and never adds to them.
 */
import type { Acl, Operation } from "./acl.ts";
import { EVERYONE, type Principal } from "./principal.ts";
import type { Right } from "./rights.ts";

/** Of each right: the operation of the ACL that decides, or who has it on any stream. */
const DECIDED_BY: Readonly<Record<Right, Operation | Holder>> = {
	anyone: "everyone",
	authenticated: "authenticated",
	ask: "everyone",
	read: "$r",
	write: "$w",
	delete: "$d",
	"read-metadata": "$mr",
	"write-metadata": "$mw",
	search: "everyone",
	redact: "operators",
	// The tiles tell of every event that it exists, and the numbers of the server what it holds: both
	// are for whoever may read `$all`, and the numbers for every user besides (contract 9.5).
	prove: "$r",
	monitor: "$r",
	export: "admins",
	import: "admins",
	operate: "operators",
	administer: "admins",
};

type Holder = "everyone" | "authenticated" | "operators" | "admins";

/** The rights that change nothing: all that a scope with `mayRead` alone leaves. */
const READING: ReadonlySet<Right> = new Set<Right>([
	"anyone",
	"authenticated",
	"read",
	"read-metadata",
	"search",
	"prove",
	"monitor",
	"export",
]);

/** The rights that no scope takes. */
const OF_ANY_SCOPE: ReadonlySet<Right> = new Set<Right>(["anyone", "authenticated", "ask"]);

/**
 * @param stream undefined for a right that is not one on a stream
 * @param acl who may do what on the stream, as `effectiveAcl` has it; not read for other rights
 */
export function mayPrincipal(
	principal: Principal,
	right: Right,
	stream: string | undefined,
	acl: Acl,
): boolean {
	if (!isInScope(principal, right, stream)) return false;
	if (principal.isAdmin) return true;
	const by = DECIDED_BY[right];
	switch (by) {
		case "everyone":
			return true;
		case "authenticated":
			return principal.via !== "anonymous";
		case "operators":
			return principal.isOperator;
		case "admins":
			return false;
		default:
			if (right === "monitor" && principal.via !== "anonymous") return true;
			return isAmong(principal, acl[by]);
	}
}

/** Whether the ACL of a stream decides on a right. */
export function isByAcl(right: Right): boolean {
	return BY_ACL.has(right);
}

const BY_ACL: ReadonlySet<string> = new Set(
	Object.entries(DECIDED_BY).flatMap(([right, by]) => (by.startsWith("$") ? [right] : [])),
);

function isAmong({ name, groups }: Principal, roles: readonly string[]): boolean {
	// Roles that begin with $ are groups, whatever somebody is called.
	const user = name.startsWith("$") ? "" : name;
	for (const role of roles) {
		if (role === EVERYONE || (user !== "" && role === user) || groups.includes(role)) return true;
	}
	return false;
}

function isInScope({ scope }: Principal, right: Right, stream: string | undefined): boolean {
	if (scope === undefined || OF_ANY_SCOPE.has(right)) return true;
	// Whoever changes users can make one without a scope.
	if (right === "administer") return false;
	if (READING.has(right) ? !scope.mayRead : !scope.mayWrite) return false;
	const { prefixes } = scope;
	if (prefixes === undefined || right === "search") return true;
	return stream !== undefined && prefixes.some((prefix) => stream.startsWith(prefix));
}
