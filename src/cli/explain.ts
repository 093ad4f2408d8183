/**
 * Explains refusals and faults to the person who typed a command, in one line: what is wrong, and
 * what helps.
 */

import { transportFault } from "../../feeds/exchange/transport.ts";
import { ReadError } from "../../feeds/reader/error.ts";
import { describeDamage, isRefusal, type Refusal } from "../errors.ts";
import { escapeInvisible } from "../observe/visible.ts";

/** A failure that a verb describes itself, in words for the terminal. */
export class Failure extends Error {
	readonly exitCode: number;

	constructor(message: string, exitCode = 1) {
		super(message);
		this.name = "Failure";
		this.exitCode = exitCode;
	}
}

/** Whether the command line was wrong. */
export function isUsage(error: unknown): boolean {
	return isRefusal(error, "unknown-option") || isRefusal(error, "invalid-option");
}

/**
 * What to do about a stream's name that a shell took for a variable: `$ce-order` comes as `-order`.
 */
export function unquotedHint(error: unknown): string {
	if (!isRefusal(error, "unknown-option")) return "";
	const rest = /^-[^-].+/.exec(error.facts.option)?.[0];
	if (rest === undefined) return "";
	return `; if it was $ce${rest}, put the name in single quotes: '$ce${rest}'`;
}

export function explain(error: unknown): string {
	if (isRefusal(error)) return explainRefusal(error);
	if (!(error instanceof Error)) return String(error);
	if (error instanceof ReadError && error.at !== undefined) return explainDamage(error, error.at);
	// `fetch` hides the reason in the cause; a name with several addresses fails with several.
	if (error instanceof AggregateError && error.errors.length > 0) return explain(error.errors[0]);
	if (error.cause instanceof Error) return explain(error.cause);
	const words = FAULTS[(error as NodeJS.ErrnoException).code ?? ""]?.(error as Fault);
	return words ?? transportFault(error) ?? error.message;
}

/** @param remedy how the next run gets past the event `at` */
export function explainDamage(
	error: ReadError,
	at: number,
	remedy = `--from ${at + 1} continues after it`,
): string {
	return (
		`event ${at} is the first that cannot be read; ${remedy}; ` +
		`varve verify names all damaged events: ${error.message}`
	);
}

type Fault = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

const FAULTS: Readonly<Record<string, (fault: Fault) => string>> = {
	EADDRINUSE: (fault) =>
		`${place(fault)} is taken by another process; stop it, or choose another port with --port`,
	EADDRNOTAVAIL: (fault) => `${fault.address ?? "this address"} is not an address of this machine`,
	EACCES: (fault) =>
		fault.path === undefined && fault.syscall === "listen"
			? `this user may not listen on ${place(fault)}; ports below 1024 are reserved`
			: `${fault.path ?? "the file"}: permission denied`,
	EPERM: (fault) => `${fault.path ?? "the file"}: not permitted`,
	ENOENT: (fault) => `${fault.path ?? "the file"}: no such file or directory`,
	EISDIR: (fault) => `${fault.path ?? "the file"} is a directory`,
	ENOSPC: (fault) => `${fault.path ?? "the disk"}: no space left`,
	ENOTFOUND: (fault) =>
		`${(fault as { hostname?: string }).hostname ?? "the host"} is unknown; check --url`,
	ECONNREFUSED: (fault) => `nothing answers at ${place(fault)}; is the server running?`,
	ECONNRESET: () => "the server closed the connection",
};

function place({ address = "", port }: Fault): string {
	return `${address.includes(":") ? `[${address}]` : address}:${port ?? ""}`;
}

function explainRefusal(refusal: Refusal): string {
	if (isRefusal(refusal, "unknown-option")) {
		const { option, nearest } = refusal.facts;
		const what = option.startsWith("VARVE_") ? `variable ${option}` : option;
		if (nearest !== undefined) return `unknown ${what}; did you mean ${nearest}?`;
		const isShort = /^-[^-]$/.test(option);
		return `unknown ${what}${isShort ? "; options have full names, such as --url" : ""}`;
	}
	if (isRefusal(refusal, "invalid-option")) {
		const { option, value, reason } = refusal.facts;
		return `${option}${value === "" ? "" : ` ${value}`}: ${reason}`;
	}
	if (isRefusal(refusal, "data-directory-in-use"))
		return `${refusal.facts.path} is in use by another varve process; only one at a time can use it`;
	if (isRefusal(refusal, "data-directory-unusable"))
		return `${refusal.facts.path} cannot be used: ${refusal.facts.reason}`;
	if (isRefusal(refusal, "database-unusable"))
		return `${refusal.facts.store} cannot be used: ${refusal.facts.reason}`;
	if (isRefusal(refusal, "database-unreachable"))
		return `the database cannot be reached: ${refusal.facts.reason}`;
	if (isRefusal(refusal, "no-standby"))
		return "the database has no synchronous standby, and its newest events may be on the primary alone";
	if (isRefusal(refusal, "disk-full")) return `${refusal.facts.path}: no space left`;
	if (isRefusal(refusal, "backup-unusable"))
		return `${refusal.facts.path}: ${refusal.facts.reason}`;
	if (isRefusal(refusal, "log-damaged")) return describeDamage(refusal.facts);
	if (isRefusal(refusal, "log-locked"))
		return "another program, such as a database shell, holds a lock on the log; end it, and try again";
	if (isRefusal(refusal, "newer-schema")) {
		const { path, found, known } = refusal.facts;
		const schemas = `schema ${found}, this one knows ${known}`;
		return `${path} was written by a newer varve (${schemas}); upgrade`;
	}
	if (isRefusal(refusal, "history-rewound")) {
		const { path, signed, size } = refusal.facts;
		const what = `${path} holds another log than before: it signed for ${signed} events, and has ${size}`;
		const then =
			"after a restore, run varve incarnation --raise; otherwise find out what replaced it, and run varve verify";
		return `${what}${size < signed ? "" : " others"}; ${then}`;
	}
	return explainUser(refusal) ?? refusal.message;
}

function explainUser(refusal: Refusal): string | undefined {
	if (isRefusal(refusal, "user-not-found")) return noUser(refusal.facts.loginName);
	if (isRefusal(refusal, "user-exists"))
		return `there is a user ${escapeInvisible(refusal.facts.loginName)} with another password`;
	if (isRefusal(refusal, "last-admin"))
		return `${escapeInvisible(refusal.facts.loginName)} is the only admin who can log in; make another one first: varve user add NAME --groups '$admins'`;
	if (isRefusal(refusal, "invalid-user")) return `${refusal.facts.field}: ${refusal.facts.reason}`;
	return undefined;
}

function noUser(login: string): string {
	return `there is no user ${escapeInvisible(login)}; varve user list shows the users, and varve user add makes one`;
}
