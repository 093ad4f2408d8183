/**
 * A token: what a machine shows instead of a name and a password. It stands for a user, and for no
 * more than its scope leaves of what that user may do.
 *
 *     $token-<id>    $TokenCreated, $TokenRotated: all that is known of the token; the last counts
 *                    $TokenRevoked: it ends
 */
import type { Scope } from "../../access/principal.ts";
import {
	nameFault,
	type RecordedEvent,
	STREAM_NAME_BYTES_MAX,
	type StreamName,
	type Version,
} from "../../event.ts";
import { isMembers, isTexts, type Members, membersOf } from "../json.ts";
import { loginFault } from "../users/user.ts";

export type Token = TokenFacts & {
	readonly id: string;
	/** SHA-256 of its text, in hexadecimal. */
	readonly hash: string;
	/** Of the newest event of the token; -1 if it has none yet. */
	readonly version: Version;
	/** When its text was made, in milliseconds since 1970. */
	readonly made: number;
};

/** What whoever makes a token says of it. */
export type TokenFacts = {
	readonly name: string;
	/** The login of the user that it stands for. */
	readonly user: string;
	readonly scope: Scope;
	/** Milliseconds since 1970; undefined if it never expires. */
	readonly expires: number | undefined;
};

export const TOKEN_STREAMS = "$token-";
/** The first name behind all that begin with that. */
export const TOKEN_STREAMS_END = "$token.";
export const TOKEN_CREATED = "$TokenCreated";
export const TOKEN_ROTATED = "$TokenRotated";
export const TOKEN_REVOKED = "$TokenRevoked";

const NAME_BYTES_MAX = 256;
const LISTED_MAX = 100;
const ID = /^[0-9A-Za-z]{12}$/;
const HASH = /^[0-9a-f]{64}$/;

export function streamOf(id: string): StreamName {
	return `${TOKEN_STREAMS}${id}` as StreamName;
}

/** Says why facts cannot be those of a token, and of which field; undefined if they can. */
export function factsFault({ name, user, scope }: TokenFacts): [string, string] | undefined {
	const nameReason = nameFault(name, NAME_BYTES_MAX);
	if (nameReason !== undefined) return ["name", nameReason];
	const userReason = loginFault(user);
	if (userReason !== undefined) return ["user", userReason];
	const { mayRead, mayWrite, prefixes, consumerGroups } = scope;
	if (!mayRead && !mayWrite) return ["rights", "it has neither read nor write"];
	const prefixReason = listFault(prefixes);
	if (prefixReason !== undefined) return ["streams", prefixReason];
	const groupReason = listFault(consumerGroups);
	return groupReason === undefined ? undefined : ["consumerGroups", groupReason];
}

function listFault(list: readonly string[] | undefined): string | undefined {
	if (list === undefined) return undefined;
	if (list.length > LISTED_MAX) return `it has more than ${LISTED_MAX}`;
	for (const one of list) {
		const reason = nameFault(one, STREAM_NAME_BYTES_MAX);
		if (reason !== undefined) return reason;
	}
	return undefined;
}

/** The data of an event that holds all of a token. */
export function encodeToken({ name, user, scope, expires, hash }: Token): Buffer {
	return Buffer.from(JSON.stringify({ name, user, scope, expires, hash }));
}

/** The token that an event makes; undefined if it makes none, or ends it. */
export function decodeToken({ type, data, ...event }: RecordedEvent): Token | undefined {
	if (type !== TOKEN_CREATED && type !== TOKEN_ROTATED) return undefined;
	const id = event.stream.slice(TOKEN_STREAMS.length);
	const { name, user, scope: written, expires, hash } = membersOf(data) ?? {};
	const scope = isMembers(written) ? scopeIn(written) : undefined;
	if (typeof name !== "string" || typeof user !== "string" || scope === undefined) return undefined;
	if (typeof hash !== "string" || !HASH.test(hash) || !ID.test(id)) return undefined;
	if (expires !== undefined && typeof expires !== "number") return undefined;
	const facts = { name, user, scope, expires };
	if (factsFault(facts) !== undefined) return undefined;
	return { ...facts, id, hash, version: event.version, made: event.created };
}

function scopeIn({ mayRead, mayWrite, prefixes, consumerGroups }: Members): Scope | undefined {
	if (typeof mayRead !== "boolean" || typeof mayWrite !== "boolean") return undefined;
	if (prefixes !== undefined && !isTexts(prefixes)) return undefined;
	if (consumerGroups !== undefined && !isTexts(consumerGroups)) return undefined;
	return { mayRead, mayWrite, prefixes, consumerGroups };
}
