/** What the authors of projections may do, each time one of their projections starts. */
import type { Access } from "../../access/access.ts";
import { ANYONE_AS_ADMIN, type Principal, principalOf } from "../../access/principal.ts";
import { neededFor } from "../../access/rights.ts";
import type { Users } from "../../accounts/users/users.ts";
import { Refusal } from "../../errors.ts";
import type { Author } from "../../projections/definition.ts";
import type { AuthorRights, Rights } from "../../projections/rights.ts";

export class RightsOfAuthors implements Rights {
	readonly #access: Access;
	readonly #users: Pick<Users, "get">;
	readonly #isInsecure: boolean;

	/** @param isInsecure whether the server lets clients without credentials do everything */
	constructor(access: Access, users: Pick<Users, "get">, isInsecure: boolean) {
		this.#access = access;
		this.#users = users;
		this.#isInsecure = isInsecure;
	}

	async of(author: Author): Promise<AuthorRights> {
		const principal = await this.#principalOf(author);
		return {
			reads: this.#access.scansFor(principal),
			permitWrite: async (stream) =>
				this.#access.permit(principal, neededFor({ right: "write" }, { stream })),
		};
	}

	async #principalOf({ login, via, groups, scope }: Author): Promise<Principal> {
		const gone = new Refusal("projection-author-gone", {
			login: login || "a client without a name",
		});
		if (login === "") {
			if (this.#isInsecure) return ANYONE_AS_ADMIN;
			throw gone;
		}
		const narrowed = scope && { scope: { ...scope, consumerGroups: undefined } };
		// Nobody but the issuer knows the groups of its users: those of the day of the query count.
		if (via === "oidc") return principalOf({ name: login, groups, via: "oidc", ...narrowed });
		const user = await this.#users.get(login);
		if (user === undefined || user.isDisabled) throw gone;
		return principalOf({ name: login, groups: user.groups, via: "password", ...narrowed });
	}
}
