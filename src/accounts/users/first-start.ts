/**
 * The users of a store that has none yet. Nothing is written to its log until the first change of a
 * user, so an empty store stays empty; the password that the server makes is kept in a file.
 */
import { randomInt } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ADMINS, OPERATORS } from "../../access/principal.ts";
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { passwordFault } from "../passwords/rules.ts";
import { decodeUser, USER_STREAMS, USER_STREAMS_END } from "./user.ts";
import type { InitialUser } from "./users.ts";

export type FirstStart = {
	readonly users: readonly InitialUser[];
	/** The password that was made, and the file that has it, if the store needs one and has none. */
	readonly made?: { readonly password: string; readonly file: string };
	/** Why there is no password, if there is none. */
	readonly fault?: string;
};

type FirstSettings = {
	readonly adminPassword: string | undefined;
	readonly insecureDefaults: boolean;
};

export const PASSWORD_FILE = "admin-password";
/** What everybody knows who has ever read a manual of EventStore. */
const KNOWN_PASSWORD = "changeit";
/** 100 bits; without letters that look like others. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const PARTS = 4;
const PART_LENGTH = 5;
const FILE_BYTES_MAX = 4096;
const OWNER_ALONE = 0o600;

/** The users that settings alone name. */
export function defaultUsers({ adminPassword, insecureDefaults }: FirstSettings): InitialUser[] {
	const password = adminPassword ?? (insecureDefaults ? KNOWN_PASSWORD : undefined);
	const users = password === undefined ? [] : [adminWith(password)];
	if (!insecureDefaults) return users;
	const groups = [OPERATORS];
	const fullName = "Event Store Operations";
	return [...users, { login: "ops", fullName, groups, password: KNOWN_PASSWORD }];
}

/**
 * The users of a store that has none: those of the settings, or else `admin`, with the password of
 * the file in the data directory, which is made if it is not there.
 */
export async function firstStart(
	log: Pick<Log, "names" | "read">,
	directory: string,
	settings: FirstSettings,
): Promise<FirstStart> {
	const file = join(directory, PASSWORD_FILE);
	try {
		if (await hasUsers(log)) return { users: [] };
		const users = defaultUsers(settings);
		if (users.length > 0) return { users };
		const known = readPassword(file);
		if (known !== undefined) return fitting(known, file);
		const password = newPassword();
		writePassword(file, password);
		return { users: [adminWith(password)], made: { password, file } };
	} catch (error) {
		return { users: [], fault: (error as Error).message };
	}
}

async function hasUsers(log: Pick<Log, "names" | "read">): Promise<boolean> {
	for (let from = USER_STREAMS; ; ) {
		const [stream] = await log.names({ from, before: USER_STREAMS_END, limit: 1 });
		if (stream === undefined) return false;
		if (await isUser(log, stream)) return true;
		from = `${stream}\0`;
	}
}

async function isUser(log: Pick<Log, "read">, stream: StreamName): Promise<boolean> {
	const newest = { from: "head", limit: 1, direction: "backward", content: true } as const;
	try {
		const [entry] = (await log.read({ stream, ...newest })).entries;
		return entry !== undefined && decodeUser(entry.event) !== undefined;
	} catch (error) {
		if (isRefusal(error, "stream-deleted")) return false;
		throw error;
	}
}

function fitting(password: string, file: string): FirstStart {
	const reason = passwordFault(password);
	if (reason === undefined) return { users: [adminWith(password)] };
	return { users: [], fault: `the password in ${file} cannot be one: ${reason}` };
}

function adminWith(password: string): InitialUser {
	const fullName = "Event Store Administrator";
	return { login: "admin", fullName, groups: [ADMINS], password };
}

/** @returns undefined if there is no file */
function readPassword(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8")
			.slice(0, FILE_BYTES_MAX)
			.replace(/\r?\n$/, "");
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

/** Removes the file of a password that is not in use any more. */
export function forgetMadePassword(directory: string): void {
	rmSync(join(directory, PASSWORD_FILE), { force: true });
}

/** The file is new: nobody has it open, nor has given it other rights. */
function writePassword(file: string, password: string): void {
	const descriptor = openSync(file, "wx", OWNER_ALONE);
	try {
		writeSync(descriptor, `${password}\n`);
		fsyncSync(descriptor);
	} finally {
		closeSync(descriptor);
	}
}

export function newPassword(): string {
	const letter = () => ALPHABET.charAt(randomInt(ALPHABET.length));
	const part = () => Array.from({ length: PART_LENGTH }, letter).join("");
	return Array.from({ length: PARTS }, part).join("-");
}
