/**
 * Tells failures apart: a server that cannot be reached, which is waited for; a commit of which
 * nobody knows whether it stands; a full disk and a lock, which are answered with a refusal; rows
 * that cannot be read; and everything else, which is a fault.
 */
import { Refusal } from "../../../errors.ts";
import type { Appended } from "../../commit.ts";

/** A fail-over takes seconds; a client that asks this often is no burden. */
const RETRY_SECONDS = 2;
/** A repeat tells what came of a commit, and there is a connection for it by then. */
const UNKNOWN_RETRY_SECONDS = 1;

/** A row that must be in the database is missing. */
export class MissingRows extends Error {
	override readonly name = "MissingRows";
}

/** Two facts in the database contradict each other. */
export class Contradiction extends Error {
	override readonly name = "Contradiction";
}

/** What one append of a group is answered. */
export type Answer = Appended | Refusal;

/** The connection ended, or the standby's part failed, when a commit was under way. */
export class Unknown extends Error {
	override readonly name = "Unknown";
	/** Whether the answer was lost: then a new connection finds what stands. */
	readonly isLost: boolean;
	/** What each append of the group would have been answered. */
	answers: readonly Answer[] = [];

	constructor(message: string, isLost: boolean) {
		super(message);
		this.isLost = isLost;
	}
}

/** @throws MissingRows if a look-up did not find a row or a value that must be there */
export function present<T>(found: T | null | undefined, what: string): T {
	if (found === undefined || found === null) throw new MissingRows(`${what} is missing`);
	return found;
}

/** The SQLSTATEs of a server that is not there for now, or not the one that takes writes. */
const UNREACHABLE: ReadonlySet<string> = new Set([
	// Shut down, crashed, starting, and a database that is dropped.
	...["57P01", "57P02", "57P03", "57P04", "57P05"],
	// Too many connections; a role that may not log in, or has another password; no such database.
	...["53300", "28000", "28P01", "3D000"],
	// An administrator, or a limit of the role, ended the statement.
	"57014",
	// A primary that became a standby.
	"25006",
	// A transaction that lay idle: this process was stopped meanwhile.
	"25P03",
	// Errors of sockets.
	...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT"],
	...["EHOSTUNREACH", "ENETUNREACH", "ENOENT", "EHOSTDOWN"],
]);

/** What the driver says of connections, without a code. */
const CONNECTION_LOST =
	/connection (?:terminated|error)|timeout exceeded when trying to connect|query read timeout|not queryable|client was closed|pool after calling end/i;

const UNREADABLE: ReadonlySet<string> = new Set(["XX001", "XX002", "58030"]);
const DISK_FULL = "53100";
const LOCK_NOT_AVAILABLE = "55P03";
const DEADLOCK = "40P01";

/** Whether nothing was done, because the server could not be asked. */
export function isUnreachable(error: unknown): boolean {
	if (error instanceof Unknown) return false;
	const code = codeOf(error);
	if (code !== undefined && (UNREACHABLE.has(code) || code.startsWith("08"))) return true;
	return code === undefined && CONNECTION_LOST.test(messageOf(error));
}

export function unreachable(error: unknown): Refusal<"database-unreachable"> {
	const reason = causeOf(error);
	return new Refusal("database-unreachable", { reason, retryAfterSeconds: RETRY_SECONDS });
}

/** What no synchronous standby has, or would have. */
export function noStandby(): Refusal<"no-standby"> {
	return new Refusal("no-standby", { retryAfterSeconds: RETRY_SECONDS });
}

/** Whether stored rows cannot be read. */
export function isUnreadable(error: unknown): boolean {
	if (error instanceof MissingRows || error instanceof Contradiction) return true;
	return UNREADABLE.has(codeOf(error) ?? "");
}

/**
 * The error to throw for a failed statement.
 * @param part of the log that was read or written
 */
export function refusalOr(error: unknown, part: string): unknown {
	if (error instanceof Refusal) return error;
	if (isUnreachable(error)) return unreachable(error);
	if (isUnreadable(error)) return new Refusal("log-damaged", { part, reason: causeOf(error) });
	const code = codeOf(error);
	if (code === DISK_FULL) return new Refusal("disk-full", { path: "the database's disk" });
	if (code === LOCK_NOT_AVAILABLE || code === DEADLOCK) {
		return new Refusal("log-locked", { retryAfterSeconds: RETRY_SECONDS });
	}
	return error;
}

/** An error in one line, as operators search for it. */
export function causeOf(error: unknown): string {
	const code = codeOf(error);
	const message = messageOf(error);
	return code === undefined || message.includes(code) ? message : `${code}: ${message}`;
}

export function messageOf(error: unknown): string {
	// If a name has several addresses, each has its own error.
	if (error instanceof AggregateError && error.errors.length > 0) {
		return messageOf(error.errors[0]);
	}
	return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string | undefined {
	const code = (error as { code?: unknown } | undefined)?.code;
	return typeof code === "string" ? code : undefined;
}

/**
 * What those are told whose writing failed.
 * @param sinceMs when it was asked for, by `performance.now()`
 */
export function failureOf(error: unknown, sinceMs = performance.now()): unknown {
	if (!(error instanceof Unknown)) return refusalOr(error, "what has to be known to write this");
	const timeoutMs = Math.ceil(performance.now() - sinceMs);
	return new Refusal("request-timeout", { timeoutMs, retryAfterSeconds: UNKNOWN_RETRY_SECONDS });
}
