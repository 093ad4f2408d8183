/** Who asks in the tests of access: each role sends its name as a bearer token. */
import type { Authenticator } from "../../src/access/authenticator.ts";
import { ANONYMOUS, type Principal, principalOf, type Scope } from "../../src/access/principal.ts";
import type { Settings } from "../../src/config.ts";
import { type Ask, batch } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";

const READ_ONLY: Scope = {
	mayRead: true,
	mayWrite: false,
	prefixes: undefined,
	consumerGroups: undefined,
};
const OPEN_ONLY: Scope = { ...READ_ONLY, mayWrite: true, prefixes: ["open-"] };

const user = (name: string, ...groups: string[]) => principalOf({ name, groups, via: "password" });

export const ROLES = {
	anonymous: ANONYMOUS,
	/** A user without groups, and another one. */
	una: user("una"),
	ugo: user("ugo"),
	/** Members of a group. */
	mel: user("mel", "team"),
	max: user("max", "team"),
	operator: user("oz", "$ops"),
	admin: user("ada", "$admins"),
	/** Tokens: of the admin, for reading; of una, for some streams. */
	reader: principalOf({ name: "ada", groups: ["$admins"], via: "token", scope: READ_ONLY }),
	prefixed: principalOf({ name: "una", groups: [], via: "token", scope: OPEN_ONLY }),
} as const satisfies Readonly<Record<string, Principal>>;
export type Role = keyof typeof ROLES;

export const BY_ROLE: Authenticator = {
	principalOf({ headers: { authorization = "Bearer anonymous" } }) {
		return ROLES[authorization.replace("Bearer ", "") as Role];
	},
};

/** Servers that let anonymous clients in, and make no admin of them. */
export function startWithRoles(overrides: Partial<Settings> = {}): Promise<Servers> {
	return startServers({ insecure: false, ...overrides }, undefined, BY_ROLE);
}

export function as(role: Role, ask: Ask): Ask {
	if (role === "anonymous") return ask;
	return { ...ask, headers: { ...ask.headers, Authorization: `Bearer ${role}` } };
}

export type Written = {
	readonly stream: string;
	readonly type: string;
	readonly data: unknown;
	readonly metadata?: unknown;
};

let ids = 0;

/** Writes as the admin. */
export async function write(servers: Servers, ...events: readonly Written[]): Promise<void> {
	for (const { stream, type, data, metadata } of events) {
		const eventId = `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}`;
		const event = { eventId, eventType: type, data, metadata };
		const reply = await servers.ask(as("admin", batch(stream, [event])));
		expect([stream, reply.status]).toEqual([stream, 201]);
	}
}

export function setAcl(servers: Servers, stream: string, acl: object): Promise<void> {
	return write(servers, { stream: `$$${stream}`, type: "$metadata", data: { $acl: acl } });
}

/** An ACL that gives every operation to these. */
export function allTo(...roles: readonly string[]): object {
	return { $r: roles, $w: roles, $d: roles, $mr: roles, $mw: roles };
}
