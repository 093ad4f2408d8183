/**
 * The interface between the server and its admin UI: a screen is a resource as a page for people,
 * in HTML. `admin/` makes the screens, and sees of the server what stands here. The server runs and
 * builds without it.
 */
import type { Allowed } from "./access/explain.ts";
import type { Run as ScavengeRun } from "./commands/scavenge/journal.ts";
import type { ScavengeProgress } from "./commands/scavenge/scavenger.ts";
import type { OptionInForce } from "./config.ts";
import type { StreamName } from "./event.ts";
import type { Listing } from "./listing/list.ts";
import type { ListQuery } from "./listing/query.ts";
import type { Appended, Log } from "./log/log.ts";
import type { RoomState } from "./log/room/room.ts";
import type { TimedFigure } from "./observe/numbers/recent.ts";
import type { Level } from "./observe/operator-log.ts";
import type { RecentLine } from "./observe/recent-lines.ts";
import type { CacheState } from "./purging/purging.ts";
import type { Consumers } from "./screens/consumers.ts";
import type { IssuerLogin } from "./screens/issuer.ts";
import type { SearchQuery } from "./searching/query.ts";
import type { SearchStep } from "./searching/search.ts";
import type { BackupNote } from "./upkeep/backup-notes.ts";
import type { VerificationsState } from "./upkeep/verifications.ts";

export interface Screens {
	/** The screen of a resource; undefined if it has none, and programs' answer is the only one. */
	show(visit: Visit): Promise<Screen> | undefined;

	/** Does what a form says, which has been checked to come from a screen of this server. */
	submit(visit: Visit, form: URLSearchParams): Promise<Screen>;

	/** The screen of a refusal: what was wrong, and the ways on. */
	refused(visit: Visit, problem: ShownProblem): Promise<Screen>;

	/** A static file, whose name changes with its content; undefined if there is none. */
	file(name: string): StaticFile | undefined;
}

/** One request of a person's browser. */
export type Visit = Visited & {
	/** Undefined follows the system's preference. */
	readonly theme: "light" | "dark" | undefined;
	/** What a form of this visitor has to hold as `_token`. */
	readonly token: string;
	readonly account: Account;
	readonly people: People;
	readonly store: Store;
	/** How programs are told of an error; undefined for a fault of the server. */
	explain(error: unknown): ShownProblem | undefined;
};

/** What the browser asked for. */
export type Visited = {
	/** The path as the table of routes has it: `/streams/:stream`; "" if no route is its. */
	readonly path: string;
	readonly method: string;
	/** Path and query as they were sent; without a login's code. */
	readonly url: string;
	/** The named segments of the path, percent-decoded, nothing checked; "" for those it lacks. */
	readonly target: VisitTarget;
	readonly query: URLSearchParams;
	/** Where this server is seen: its origin, and the prefix of its paths. */
	readonly base: string;
};

export type VisitTarget = {
	readonly stream: string;
	readonly group: string;
	readonly from: string;
	readonly count: string;
	readonly id: string;
	readonly time: string;
};

export type Screen = {
	readonly status: number;
	/** "" for a redirect. */
	readonly html: string;
	/** Names and values in turn, besides those that each screen has. */
	readonly headers?: readonly string[];
};

/** The body of a problem document (RFC 9457). */
export type ShownProblem = {
	readonly type: string;
	readonly title: string;
	readonly status: number;
	readonly detail: string;
	readonly [fact: string]: unknown;
};

export type StaticFile = {
	readonly contentType: string;
	readonly body: Buffer;
	/** With its quotes. */
	readonly eTag: string;
};

/** Who the visitor is. */
export interface Account {
	/** "" for nobody. */
	readonly login: string;
	readonly groups: readonly string[];
	readonly isAdmin: boolean;
	/** Whether the visitor can log out: what the browser sends by itself, it sends again. */
	readonly hasSession: boolean;
	/** Undefined if nobody can log in that way. */
	readonly issuer: IssuerLogin | undefined;

	/**
	 * Checks a password.
	 * @returns the headers that begin a session
	 * @throws Refusal `unauthorized`, `logins-slowed`, `logins-busy`, `plain-credentials`
	 */
	logIn(login: string, password: string): Promise<readonly string[]>;

	/**
	 * Ends all sessions of the visitor, on every server of the store.
	 * @returns the headers that make the browser forget its own
	 */
	logOut(): Promise<readonly string[]>;
}

/** Users, tokens and rights, as far as the visitor may see and change them. */
export interface People {
	/** @throws Refusal `unauthorized` for all but admins */
	users(): Promise<readonly ShownUser[]>;
	/** Of the visitor; of everyone for an admin. @throws Refusal `unauthorized` */
	tokens(): Promise<readonly ShownToken[]>;
	/** @throws Refusal `unauthorized` without the right to read the metadata of the stream */
	whoMay(stream: StreamName): Promise<readonly Allowed[]>;
	readonly ofUsers: UserChanges;
	readonly ofTokens: TokenChanges;
}

export type UserChanges = {
	create(user: Omit<ShownUser, "isDisabled" | "updated"> & { password: string }): Promise<void>;
	setDisabled(login: string, isDisabled: boolean): Promise<void>;
	resetPassword(login: string, password: string): Promise<void>;
	remove(login: string): Promise<void>;
};

export type TokenChanges = {
	/** @returns the token's text, which nobody can see again */
	create(token: NewToken): Promise<string>;
	revoke(id: string): Promise<void>;
};

export type NewToken = Pick<ShownToken, "name" | "user" | "prefixes" | "expires"> & {
	readonly mayWrite: boolean;
};

export type ShownUser = {
	readonly login: string;
	readonly fullName: string;
	readonly groups: readonly string[];
	readonly isDisabled: boolean;
	/** Milliseconds since 1970; undefined for one of the first start. */
	readonly updated: number | undefined;
};

export type ShownToken = {
	readonly id: string;
	readonly name: string;
	readonly user: string;
	readonly rights: string;
	/** Undefined for all streams. */
	readonly prefixes: readonly string[] | undefined;
	/** Milliseconds since 1970; undefined for never. */
	readonly expires: number | undefined;
	readonly made: number;
	/** Undefined if it was not used since this server started. */
	readonly used: number | undefined;
};

/** The store as one visitor may see it. */
export interface Store extends Pick<Log, "read" | "last" | "locate">, Consumers {
	/** A list of streams: see `listing/`. */
	list(query: ListQuery): Promise<Listing>;

	/**
	 * The steps of a search. Whoever takes the first one has to take all, or to call `return`.
	 * @param msMax the time it has at most
	 */
	search(query: SearchQuery, msMax: number): AsyncGenerator<SearchStep>;

	/** The proof that the event at a position is in the log, as `varve prove` makes it. */
	proof(position: number): Promise<string>;

	facts(): Facts;

	/**
	 * Whether this visitor has a right on a stream. A screen shows no form that would be refused.
	 * @param right as `access/rights.ts` has it: `write`, `delete`, `write-metadata`, `redact` …
	 */
	may(right: string, stream: StreamName | undefined): boolean;

	readonly deeds: Deeds;
	readonly operations: Operations;
}

/** The server itself, for whoever runs it. Each refuses as the request for programs does. */
export interface Operations {
	state(): Promise<ServerState>;
	/** The last hour, oldest first. */
	recent(): readonly TimedFigure[];
	options(): readonly OptionInForce[];
	/**
	 * The newest lines of the operator log, newest first.
	 * @param level the least important ones
	 */
	lines(level: Level, limit: number): readonly RecentLine[];
	/** @param throttlePercent the share of time in which the run works */
	startScavenge(throttlePercent: number): Promise<void>;
	stopScavenge(): Promise<void>;
	startVerification(throttlePercent: number): Promise<void>;
	stopVerification(): Promise<void>;
}

/** What a screen's forms change. Each refuses as the request for programs does. */
export interface Deeds {
	/** Appends one event. */
	append(event: OfferedDeed): Promise<Appended>;
	/** Deletes a stream. */
	remove(stream: StreamName, forEver: boolean): Promise<Appended>;
	/** Replaces the metadata of a stream: `data` is the document, `type` is not read. */
	describe(document: OfferedDeed): Promise<Appended>;
	/** Erases the data of an event, and on request its metadata. */
	redact(stream: StreamName, version: number, metadata: boolean): Promise<void>;
}

export type OfferedDeed = {
	readonly stream: StreamName;
	readonly id: string;
	readonly type: string;
	readonly data: Uint8Array;
	readonly metadata: Uint8Array;
	readonly isJson: boolean;
	/** The last version the stream is expected to have; -1: none; undefined: any. */
	readonly expected: number | undefined;
};

/** How the server and its log are at a moment. Times are in ISO 8601. */
export type ServerState = {
	readonly process: {
		readonly version: string;
		readonly node: string;
		readonly started: string;
	};
	readonly writer: WriterState;
	readonly log: LogState;
	/** Absent while the system does not tell. */
	readonly disk?: RoomState;
	readonly scavenge: {
		readonly running: ScavengeProgress | undefined;
		readonly last: ScavengeRun | undefined;
	};
	readonly verification: VerificationsState;
	/** The newest first. */
	readonly backups: readonly BackupNote[];
	/** Undefined if no cache is to be told of erasures. */
	readonly caches: readonly CacheState[] | undefined;
};

export type WriterState = {
	readonly state: "writing" | "stopped" | "shutting-down";
	/** Since when it does not write, and why it stopped. */
	readonly since?: string;
	readonly reason?: string;
};

export type LogState = {
	/** Undefined if the log cannot tell. */
	readonly events: number | undefined;
	readonly streams: number | undefined;
	/** Transactions that erased content. */
	readonly erasures: number;
	readonly incarnation: number;
	readonly databaseBytes: number;
	readonly walBytes: number;
	/** The key that signed heads are checked with. */
	readonly key: string;
};

/** What the server says of itself. */
export type Facts = {
	readonly version: string;
	/** Milliseconds since 1970. */
	readonly started: number;
	/** Why nothing can be written, in words for people; undefined as long as it can. */
	readonly stopped: string | undefined;
	/** The key that signed heads are checked with. */
	readonly key: string;
	readonly eventBytesMax: number;
	readonly bodyBytesMax: number;
	/** Where a search ends. */
	readonly searchFoundMax: number;
	readonly searchMs: number;
};
