/** Users, tokens and rights as a visitor may see and change them on a screen. */
import { neededFor, type Right } from "../../../access/rights.ts";
import type { Token } from "../../../accounts/tokens/token.ts";
import type { User } from "../../../accounts/users/user.ts";
import { Refusal } from "../../../errors.ts";
import type { People, ShownToken, ShownUser, TokenChanges, UserChanges } from "../../../screens.ts";
import { performRecorded, recordingFor } from "./recording.ts";
import { doerOf, type Visitor } from "./visitor.ts";

export function peopleFor(visitor: Visitor): People {
	const { accounts, access } = visitor.context;
	return {
		async users() {
			await need(visitor, "administer");
			return (await accounts.users.all()).map(shownUser);
		},
		async tokens() {
			await need(visitor, "authenticated");
			const all = (await accounts.tokens.all()).filter((token) => mayChange(visitor, token));
			return all.map((token) => shownToken(token, accounts.tokens.lastUsed(token.id)));
		},
		async whoMay(stream) {
			await need(visitor, "read-metadata", stream);
			return access.explain(stream);
		},
		ofUsers: userChangesFor(visitor),
		ofTokens: tokenChangesFor(visitor),
	};
}

function userChangesFor(visitor: Visitor): UserChanges {
	const { accounts, addressOf } = visitor.context;
	const { userChanges } = accounts;
	const record = recordingFor(visitor.context.audit, doerOf(visitor));
	const change = async (what: string, login: string, perform: () => Promise<void>) => {
		await need(visitor, "administer");
		await performRecorded(perform, (_done, failed) => record(what, login, failed), true);
	};
	const address = () => addressOf(visitor.req);
	return {
		async create(user) {
			await need(visitor, "administer");
			await performRecorded(
				() => userChanges.create(user, address()),
				async (isRepeat, failed) => {
					if (!isRepeat) await record("user-created", user.login, failed);
				},
				true,
			);
		},
		update: (login, facts) => change("user-changed", login, () => userChanges.update(login, facts)),
		setDisabled: (login, isDisabled) =>
			change(isDisabled ? "user-disabled" : "user-enabled", login, () =>
				userChanges.setDisabled(login, isDisabled),
			),
		resetPassword: (login, password) =>
			change("password-reset", login, () =>
				userChanges.resetPassword({ login, password, address: address() }),
			),
		remove: (login) => change("user-deleted", login, () => accounts.removeUser(login)),
	};
}

function tokenChangesFor(visitor: Visitor): TokenChanges {
	const { accounts, audit } = visitor.context;
	const record = recordingFor(audit, doerOf(visitor));
	return {
		async create({ name, user, prefixes, expires, mayWrite }) {
			await need(visitor, "authenticated");
			const scope = { mayRead: true, mayWrite, prefixes, consumerGroups: undefined };
			const facts = { name, user, scope, expires };
			if (!mayChange(visitor, facts)) throw new Refusal("unauthorized", { cause: "denied" });
			const { token, text } = await accounts.tokenChanges.create(facts);
			await record("token-created", token.id);
			return text;
		},
		async revoke(id) {
			await need(visitor, "authenticated");
			const token = await accounts.tokens.get(id);
			if (token === undefined || !mayChange(visitor, token)) {
				throw new Refusal("token-not-found", { id: id.slice(0, 64) });
			}
			await accounts.tokenChanges.revoke(id);
			await record("token-revoked", id);
		},
	};
}

async function need({ context, principal }: Visitor, right: Right, stream = ""): Promise<void> {
	await context.access.permit(principal, neededFor({ right }, { stream }));
}

/** As the tokens API has it: a token changes no token. */
function mayChange({ principal }: Visitor, { user }: Pick<Token, "user">): boolean {
	const { isAdmin, name, via } = principal;
	return via !== "token" && (isAdmin || (via !== "oidc" && name !== "" && name === user));
}

function shownUser({ login, fullName, groups, isDisabled, updated, version }: User): ShownUser {
	return { login, fullName, groups, isDisabled, updated: version < 0 ? undefined : updated };
}

function shownToken({ id, name, user, scope, expires, made }: Token, used?: number): ShownToken {
	const { mayRead, mayWrite, prefixes } = scope;
	return { id, name, user, rights: rightsOf(mayRead, mayWrite), prefixes, expires, made, used };
}

function rightsOf(mayRead: boolean, mayWrite: boolean): string {
	return [...(mayRead ? ["read"] : []), ...(mayWrite ? ["write"] : [])].join(", ");
}
