/**
 * A user, and the events that make one (contract 9.1):
 *
 *     $user-<login>    $UserCreated, $UserUpdated: all that is known of the user; the newest counts
 *     $users           $User: the login of each user that was ever created, for people who look
 *
 * A user whose newest event cannot be read as one is nobody, and cannot log in.
 */
import { ADMINS, EVERYONE, OPERATORS } from "../../access/principal.ts";
import { nameFault, type RecordedEvent, type StreamName, type Version } from "../../event.ts";
import { isTexts, type Members, membersOf } from "../json.ts";
import { isHash, legacyHash } from "../passwords/hash.ts";

export type User = UserFacts & {
	readonly login: string;
	readonly isDisabled: boolean;
	/** See `passwords/hash.ts`; "" if no password fits. */
	readonly hash: string;
	/** Of the newest event of the user; -1 for one of the first start, who is in no log yet. */
	readonly version: Version;
	/** Milliseconds since 1970. */
	readonly updated: number;
};

/** What those who run the store say of a user. */
export type UserFacts = {
	readonly fullName: string;
	readonly groups: readonly string[];
};

export const USER_STREAMS = "$user-";
/** The first name behind all that begin with that. */
export const USER_STREAMS_END = "$user.";
export const USERS = "$users" as StreamName;
export const PASSWORD_NOTIFICATIONS = "$users-password-notifications" as StreamName;

export const USER_CREATED = "$UserCreated";
export const USER_UPDATED = "$UserUpdated";

const LOGIN_BYTES_MAX = 256;
const FULL_NAME_BYTES_MAX = 1024;
const GROUPS_MAX = 100;

export function streamOf(login: string): StreamName {
	return `${USER_STREAMS}${login}` as StreamName;
}

/**
 * Says why a text cannot be a login; undefined if it can. HTTP ends a login at its first colon (RFC
 * 7617), and what begins with `$` names a role.
 */
export function loginFault(login: string): string | undefined {
	const fault = nameFault(login, LOGIN_BYTES_MAX);
	if (fault !== undefined) return fault;
	if (login.includes(":")) return "it holds a colon, where HTTP ends a login";
	if (login.startsWith("$")) return "it begins with $, as roles do";
	if (login !== login.trim()) return "it begins or ends with a space";
	if (login === "." || login === "..") return "every URL library takes it for a step in the path";
	if (login !== login.normalize("NFC")) return "it is not in the normal form C of Unicode";
	return undefined;
}

/** Says why facts cannot be those of a user, and of which field; undefined if they can. */
export function factsFault({ fullName, groups }: UserFacts): [string, string] | undefined {
	const nameReason = fullName === "" ? undefined : nameFault(fullName, FULL_NAME_BYTES_MAX);
	if (nameReason !== undefined) return ["fullName", nameReason];
	if (groups.length > GROUPS_MAX) return ["groups", `it has more than ${GROUPS_MAX}`];
	if (new Set(groups).size < groups.length) return ["groups", "it names a group twice"];
	for (const group of groups) {
		const reason = groupFault(group);
		if (reason !== undefined) return ["groups", reason];
	}
	return undefined;
}

function groupFault(group: string): string | undefined {
	if (group === EVERYONE) return "everyone is of $all without being named";
	if (group.startsWith("$") && group !== ADMINS && group !== OPERATORS) {
		return `of the groups that begin with $, there are only ${ADMINS} and ${OPERATORS}`;
	}
	return nameFault(group, LOGIN_BYTES_MAX);
}

/** The data of an event that holds all of a user. */
export function encodeUser({ login, fullName, groups, isDisabled, hash }: User): Buffer {
	const data = { loginName: login, fullName, salt: "", hash, disabled: isDisabled, groups };
	return Buffer.from(JSON.stringify(data));
}

/** The user that an event makes; undefined if it makes none. */
export function decodeUser({ type, data, ...event }: RecordedEvent): User | undefined {
	if (type !== USER_CREATED && type !== USER_UPDATED) return undefined;
	const known = membersOf(data);
	const login = event.stream.slice(USER_STREAMS.length);
	if (known === undefined || known.loginName !== login || loginFault(login) !== undefined) {
		return undefined;
	}
	const { fullName, groups, disabled } = known;
	const facts = { fullName: fullName ?? "", groups: groups ?? [] };
	if (!areFacts(facts) || factsFault(facts) !== undefined) return undefined;
	if (disabled !== undefined && typeof disabled !== "boolean") return undefined;
	const { version, created } = event;
	const hash = hashIn(known);
	return { ...facts, login, isDisabled: disabled === true, hash, version, updated: created };
}

function hashIn({ salt, hash }: Members): string {
	if (typeof hash !== "string") return "";
	const text = typeof salt === "string" && salt !== "" ? legacyHash(salt, hash) : hash;
	return isHash(text) ? text : "";
}

function areFacts(facts: { fullName: unknown; groups: unknown }): facts is UserFacts {
	return typeof facts.fullName === "string" && isTexts(facts.groups);
}
