/** The options of an issuer of tokens (OpenID Connect), whose users this server lets in. */

import type { Option } from "../../options.ts";
import { invalidOption } from "../../options.ts";

export type OidcSettings = {
	readonly oidcIssuer: string | undefined;
	readonly oidcAudience: string | undefined;
	readonly oidcNameClaim: string;
	readonly oidcGroupsClaim: string;
	readonly oidcGroups: string | undefined;
	readonly oidcClientId: string | undefined;
	readonly oidcClientSecret: string | undefined;
	readonly oidcScope: string;
};

const CLAIM = { test: /^[\x21-\x7e]{1,256}$/, reason: "it must be the name of a claim" };

export const OIDC_OPTIONS = [
	{
		name: "oidcIssuer",
		flag: "oidc-issuer",
		kind: "url",
		default: undefined,
		help: "Issuer of tokens (OpenID Connect) whose users to let in. Needs --oidc-audience.",
	},
	{
		name: "oidcAudience",
		flag: "oidc-audience",
		kind: "text",
		default: undefined,
		placeholder: "NAME",
		help: "Audience that an access token of the issuer must name: this store, as the issuer knows it.",
	},
	{
		name: "oidcNameClaim",
		flag: "oidc-name-claim",
		kind: "text",
		default: "sub",
		pattern: CLAIM,
		help: "Claim that holds the user's name. The issuer must never give one name to two users.",
	},
	{
		name: "oidcGroupsClaim",
		flag: "oidc-groups-claim",
		kind: "text",
		default: "groups",
		pattern: CLAIM,
		help: "Claim that holds the user's groups, such as groups or realm_access.roles.",
	},
	{
		name: "oidcGroups",
		flag: "oidc-groups",
		kind: "text",
		default: undefined,
		placeholder: "THEIRS=OURS,…",
		pattern: {
			test: { test: (text) => parseGroupNames(text) !== undefined },
			reason: "it must be a list such as store-admins=$admins, staff=readers",
		},
		help: "Groups of the issuer under other names here. Only these can be $admins or $ops.",
	},
	{
		name: "oidcClientId",
		flag: "oidc-client-id",
		kind: "text",
		default: undefined,
		placeholder: "ID",
		help: "This server as a client of the issuer, for logins with a browser.",
	},
	{
		name: "oidcClientSecret",
		flag: "oidc-client-secret",
		kind: "text",
		default: undefined,
		placeholder: "SECRET",
		isOffCommandLine: true,
		shown: () => "***",
		help: "Secret of that client, if it has one.",
	},
	{
		name: "oidcScope",
		flag: "oidc-scope",
		kind: "text",
		default: "openid profile email",
		pattern: { test: /^openid( [\x21-\x7e]+)*$/, reason: "it must be openid, and other scopes" },
		help: "What a login with a browser asks the issuer for. Some issuers have a scope for groups.",
	},
] as const satisfies readonly Option[];

/** Our names by those of the issuer; undefined if the text is no such list. */
export function parseGroupNames(text: string): ReadonlyMap<string, string> | undefined {
	const names = new Map<string, string>();
	for (const item of text.split(",")) {
		const [theirs = "", ours = "", ...more] = item.split("=").map((part) => part.trim());
		const isRole = ours.startsWith("$") && ours !== "$admins" && ours !== "$ops";
		if (theirs === "" || ours === "" || more.length > 0 || isRole) return undefined;
		names.set(theirs, ours);
	}
	return names;
}

/** The issuer that settings name, for `src/accounts/`; undefined if they name none. */
export function oidcOf({ oidcIssuer, oidcAudience = "", ...settings }: OidcSettings) {
	if (oidcIssuer === undefined) return undefined;
	const { oidcClientId: id, oidcClientSecret: secret, oidcScope: scope } = settings;
	return {
		issuer: oidcIssuer,
		audience: oidcAudience,
		nameClaim: settings.oidcNameClaim,
		groupsClaim: settings.oidcGroupsClaim,
		groups: parseGroupNames(settings.oidcGroups ?? "") ?? new Map<string, string>(),
		client: id === undefined ? undefined : { id, secret, scope },
	};
}

/**
 * What one of them says nothing without another, or opens the store.
 * @throws Refusal `invalid-option`
 */
export function checkOidc({ oidcIssuer, oidcAudience, oidcClientId }: OidcSettings): void {
	if (oidcIssuer === undefined) {
		const alone = oidcAudience === undefined ? undefined : "--oidc-audience";
		const flag = oidcClientId === undefined ? alone : "--oidc-client-id";
		if (flag !== undefined) throw invalidOption(flag, "", "it needs --oidc-issuer");
		return;
	}
	if (oidcAudience === undefined) {
		const reason = "it needs --oidc-audience: tokens for other services are no tokens for this one";
		throw invalidOption("--oidc-issuer", oidcIssuer, reason);
	}
	if (isSafe(oidcIssuer)) return;
	throw invalidOption("--oidc-issuer", oidcIssuer, "it must be https: its keys decide who gets in");
}

function isSafe(url: string): boolean {
	const { protocol, hostname } = new URL(url);
	return protocol === "https:" || /^(?:localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
}
