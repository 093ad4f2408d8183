/** Whoever sends a request, as the author of a query. */
import type { Principal } from "../../access/principal.ts";
import type { Author } from "../../projections/definition.ts";

export function authorFor({ name, groups, via, scope }: Principal): Author {
	return {
		login: name,
		groups,
		via,
		scope: scope && {
			mayRead: scope.mayRead,
			mayWrite: scope.mayWrite,
			prefixes: scope.prefixes,
		},
	};
}

export function isAuthor(principal: Principal, { login, via }: Author): boolean {
	if (principal.name === "" || principal.name !== login) return false;
	// An issuer may let its users choose what they are called.
	return (principal.via === "oidc") === (via === "oidc");
}
