/**
 * Every refusal Varve can give, and the facts each one keeps.
 *
 * A refusal is an answer, not a failure: the server understood the request and rejects it, and
 * nothing has changed. The core throws a `Refusal` at the place that knows the facts; only
 * `http/answering/problems.ts` turns its word into a status. Every other thrown error is a fault
 * (disk, network) or a bug.
 */
/** The refusals of requests. */
export type RequestRefusals = {
	// The request cannot be read.
	"malformed-http": { reason: string };
	"headers-too-large": { headerBytesMax: number; headerFieldsMax: number };
	"request-too-slow": Record<never, never>;
	"malformed-url": { reason: string };
	"malformed-host": { host: string };
	"malformed-body": { reason: string; index?: number };
	"malformed-json": { reason: string; line: number; column: number; byteOffset: number };
	"malformed-header": { header: string; value: string; reason: string };
	"malformed-query": { parameter: string; value: string; reason: string };
	"misspelt-name": { kind: "header" | "query parameter"; name: string; meant: string };
	"route-not-found": { path: string };
	"method-not-allowed": { method: string; allowed: readonly string[] };
	"not-acceptable": { accept: string; available: readonly string[] };
	"unsupported-media-type": { contentType: string; available: readonly string[] };
	"body-too-large": { bodyBytesMax: number };
	"body-incomplete": { received: number };
	"form-not-ours": Record<never, never>;
	"host-not-ours": { host: string };
	"foreign-origin": { origin: string };
	"plain-credentials": { isForwarded: boolean };
	"bad-client-certificate": { reason: string };
	/** `credentials`: they are wrong; `denied`: they are good, and do not suffice. */
	unauthorized: { cause: "anonymous" | "anonymous-off" | "credentials" | "denied" };
	"logins-busy": { retryAfterSeconds: number };
	"logins-slowed": { retryAfterSeconds: number };
	"issuer-unreachable": { retryAfterSeconds: number };
	"login-unfinished": { reason: string };

	// The request asks for the impossible.
	"invalid-stream-name": { stream: string; reason: string };
	"invalid-event-number": { value: string };
	"invalid-count": { value: string; countMax: number };
	"invalid-position": { value: string };
	"invalid-filter": { reason: string };
	"missing-event-type": { stream: string; form?: "entry" };
	"invalid-event": { index: number; field: string; reason: string };
	"malformed-metadata": { index: number; rule: string; reason: string };
	"duplicate-event-id": { eventId: string; index: number };
	"event-too-large": { index: number; bytes: number; eventBytesMax: number };
	"too-many-events": { events: number; eventsMax: number };
	/** A line of an import cannot be an event of any log, or not at its place. */
	"invalid-line": { line: number; reason: string };
	"invalid-subscription": { reason: string };
	"invalid-message-id": { value: string };
	"too-many-subscriptions": { subscriptionsMax: number };
	"invalid-sql": { reason: string };
	"sql-too-slow": { timeMs: number };
	"sql-too-large": { memoryBytesMax: number };
	"sql-busy": { atOnceMax: number; retryAfterSeconds: number };
	// Of reader positions, and of consumer groups with partitions.
	"invalid-reader-position": { reason: string };
	"too-many-reader-positions": { positionsMax: number };
	"invalid-group": { reason: string };
	"too-many-groups": { groupsMax: number };
	"too-many-members": { group: string; membersMax: number };
	"invalid-projection": { reason: string; line?: number; column?: number };
	"too-many-projections": { projectionsMax: number };
	"invalid-webhook": { field: string; reason: string };
	"too-many-webhooks": { webhooksMax: number };
	"invalid-hub-request": { parameter: string; reason: string };
	"subscriber-not-found": { id: string };
	"stream-not-writable": { stream: string; attempt: "append" | "delete" };
	"event-not-redactable": { stream: string; eventNumber: number; reason: string };

	// Of accounts.
	"invalid-user": { field: string; reason: string };
	"invalid-token": { field: string; reason: string };
	"user-not-found": { loginName: string };
	"user-exists": { loginName: string };
	"last-admin": { loginName: string };
	"token-not-found": { id: string };
	"too-many-accounts": { kind: "users" | "tokens"; max: number };

	// The log is not in the state that the request needs.
	"wrong-expected-version": { stream: string; expected: number; current: number };
	/** Some ids of an append stand in the stream: not all of them, or in another order. */
	"events-known": { stream: string; known: readonly string[]; count: number; current: number };
	"precondition-failed": { stream: string; precondition: string; current: number };
	"stream-not-found": { stream: string };
	"event-not-found": { stream: string; eventNumber: number };
	"stream-deleted": { stream: string; attempt: "read" | "write"; forEver: boolean };
	/** The log does not begin as the log whose events are imported. */
	"import-conflict": { position: number; reason: string };
	"history-replaced": { incarnation: number };
	"tile-not-found": { tile: string };
	"subscription-exists": { stream: string; group: string };
	"subscription-not-found": { stream: string; group: string };
	/** A consumer answers a delivery that is not with it any more. */
	"stale-delivery": { stream: string; group: string; ids: readonly string[] };
	"reader-position-not-found": { name: string };
	/** Only its owner and operators may change it. */
	"reader-position-not-yours": { name: string; owner: string };
	/** It is the position of a reader that sees other events. */
	"reader-position-elsewhere": { name: string; stream: string };
	"reader-position-ahead": { name: string; stream: string; at: number; last: number };
	"reader-position-of-another-log": { name: string; log: string; current: string };
	/** A document is not in the state that a standard precondition asks for. */
	"resource-changed": { resource: string; precondition: string; current: string };
	"group-not-found": { group: string };
	/** Another stream, key or filter would give every event another place. */
	"group-fixed": { group: string; setting: string };
	/** A member is none any more: its lease is over. */
	"lease-lost": { group: string; member: string };
	/** Partitions are not with the member, in the generation that it names. */
	"partitions-lost": { group: string; member: string; partitions: readonly number[] };
	"projection-exists": { projection: string };
	"projection-not-found": { projection: string };
	/** A projection is not in the state that a command needs. */
	"projection-busy": { projection: string; state: string; reason: string };
	/** The author of a projection cannot log in any more. */
	"projection-author-gone": { login: string };
	/** The query faults on an event before the moment that is asked for. */
	"replay-faulted": { projection: string; reason: string; position?: number };
	/** It takes too many events to say how a projection was at a moment. */
	"replay-too-long": { projection: string; eventsMax: number; seconds: number };
	"webhook-not-found": { name: string };
	/** It has another version than the client says; -1 if it is not there. */
	"webhook-changed": { name: string; version: number };
	"webhook-busy": { name: string; reason: string };
	"scavenge-running": { scavengeId: string };
	"scavenge-not-found": { scavengeId: string };
	"verification-running": { verificationId: string };
	"verification-not-found": Record<never, never>;

	// The server cannot do it now.
	overloaded: { queue: string; limit: number; retryAfterSeconds: number };
	"request-timeout": { timeoutMs: number; retryAfterSeconds: number };
	"position-not-reached": { position: number; last: number; retryAfterSeconds: number };
	"page-too-large": { bytes: number; pageBytesMax: number };
	"disk-full": { path: string };
	"insufficient-storage": { freeBytes: number; freeBytesMin: number; retryAfterSeconds: number };
	"shutting-down": { retryAfterSeconds: number };
	"writer-stopped": { reason: string; retryAfterSeconds: number };
	"log-damaged": { part: string; reason: string };
	"log-locked": { retryAfterSeconds: number };
	"not-leader": { leader?: string; retryAfterSeconds: number };
	"database-unreachable": { reason: string; retryAfterSeconds: number };
	"no-standby": { retryAfterSeconds: number };
};

/** The refusals of a start or a command. */
export type StartRefusals = {
	"data-directory-in-use": { path: string };
	"data-directory-unusable": { path: string; reason: string };
	"unknown-option": { option: string; nearest?: string };
	"invalid-option": { option: string; value: string; reason: string };
	"backup-unusable": { path: string; reason: string };
	"database-unusable": { store: string; reason: string };
	"newer-schema": { path: string; found: number; known: number };
	"history-rewound": { path: string; signed: number; size: number };
};

export type Refusals = RequestRefusals & StartRefusals;
export type Word = keyof Refusals;

export class Refusal<W extends Word = Word> extends Error {
	readonly word: W;
	readonly facts: Refusals[W];

	constructor(word: W, facts: Refusals[W]) {
		super(`${word} ${JSON.stringify(facts)}`);
		this.name = "Refusal";
		this.word = word;
		this.facts = facts;
	}
}

/** Describes damage for the operator: on the server's stderr, and in the command line. */
export function describeDamage({ part, reason }: Refusals["log-damaged"]): string {
	return `the log is damaged: ${part} cannot be read: ${reason}; run varve verify to find all damage`;
}

/** Whether `error` is a refusal; if `word` is given, whether it is that one. */
export function isRefusal<W extends Word>(error: unknown, word?: W): error is Refusal<W> {
	return error instanceof Refusal && (word === undefined || error.word === word);
}
