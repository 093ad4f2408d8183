/**
 * Whom the claims of a token name. The issuer says who somebody is; what its groups are worth here,
 * the operator says: no group of the issuer is a role of this store by its name alone.
 */
import { EVERYONE } from "../../access/principal.ts";
import { nameFault } from "../../event.ts";
import { isMembers, isTexts, type Members } from "../json.ts";
import { loginFault } from "../users/user.ts";

export type ClaimNames = {
	readonly nameClaim: string;
	readonly groupsClaim: string;
	/** Our names of groups by those of the issuer. */
	readonly groups: ReadonlyMap<string, string>;
};

export type Claimed = { readonly name: string; readonly groups: readonly string[] };

const GROUPS_MAX = 1000;
const GROUP_BYTES_MAX = 256;

/** @returns undefined if they name nobody who could be a user */
export function claimedBy(claims: Members, names: ClaimNames): Claimed | undefined {
	const name = claimAt(claims, names.nameClaim);
	if (typeof name !== "string" || loginFault(name) !== undefined) return undefined;
	const found = claimAt(claims, names.groupsClaim) ?? [];
	const theirs = typeof found === "string" ? [found] : found;
	if (!isTexts(theirs) || theirs.length > GROUPS_MAX) return undefined;
	return { name, groups: theirs.flatMap((group) => groupHere(group, names.groups) ?? []) };
}

function groupHere(theirs: string, names: ReadonlyMap<string, string>): string | undefined {
	const ours = names.get(theirs);
	if (ours !== undefined) return ours;
	const isRole = theirs.startsWith("$") || theirs === EVERYONE;
	return isRole || nameFault(theirs, GROUP_BYTES_MAX) !== undefined ? undefined : theirs;
}

/** A claim of that name, or, behind the dots, of an object within: `realm_access.roles`. */
function claimAt(claims: Members, path: string): unknown {
	if (Object.hasOwn(claims, path)) return claims[path];
	let value: unknown = claims;
	for (const part of path.split(".")) {
		if (!isMembers(value) || !Object.hasOwn(value, part)) return undefined;
		value = value[part];
	}
	return value;
}
