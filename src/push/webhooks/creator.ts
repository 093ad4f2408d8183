/** Whose rights a webhook reads with: those that its creator has now. */
import { ANONYMOUS, ANYONE_AS_ADMIN, type Principal, principalOf } from "../../access/principal.ts";
import type { Accounts } from "../../accounts/accounts.ts";
import { hasExpired } from "../../accounts/tokens/tokens.ts";
import type { Creator } from "./webhook.ts";

/**
 * Who a principal is to its webhooks. One whom an issuer names is unknown when it is not there, so
 * it makes none.
 */
export function creatorOf({ via, name, token, scope }: Principal): Creator | undefined {
	if (via === "oidc") return undefined;
	return { login: name, token, scope };
}

/** Where users are looked up, and who those without a name are. */
export type Readers = {
	readonly accounts: Pick<Accounts, "users" | "tokens">;
	/** Whether clients without credentials are let in, and whether they are admins. */
	readonly isOpen: boolean;
	readonly isEveryoneAdmin: boolean;
};

/** @returns undefined if the user or the token is no more */
export async function readerOf(
	{ login, token: id, scope }: Creator,
	{ accounts: { users, tokens }, isOpen, isEveryoneAdmin }: Readers,
): Promise<Principal | undefined> {
	if (login === "") {
		if (isEveryoneAdmin) return ANYONE_AS_ADMIN;
		return isOpen ? ANONYMOUS : undefined;
	}
	const user = await users.get(login);
	if (user === undefined || user.isDisabled) return undefined;
	if (id !== undefined) {
		const token = await tokens.get(id);
		if (token === undefined || token.user !== login || hasExpired(token)) return undefined;
	}
	const narrowed = scope === undefined ? {} : { scope };
	return principalOf({ name: login, groups: user.groups, via: "password", ...narrowed });
}
