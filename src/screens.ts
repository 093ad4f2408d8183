/**
 * The interface between the server and its admin UI: a screen is a resource as a page for people,
 * in HTML. `admin/` makes the screens, and sees of the server what stands here. The server runs and
 * builds without it.
 */
import type { OptionInForce } from "./config.ts";
import type { StreamName } from "./event.ts";
import type { Listing } from "./listing/list.ts";
import type { ListQuery } from "./listing/query.ts";
import type { Appended, Log } from "./log/log.ts";
import type { SqlAnswer, SqlQuestion } from "./log/questions/question.ts";
import type { TimedFigure } from "./observe/numbers/recent.ts";
import type { Level } from "./observe/operator-log.ts";
import type { RecentLine } from "./observe/recent-lines.ts";
import type { Consumers } from "./screens/consumers.ts";
import type { Facts } from "./screens/facts.ts";
import type { IssuerLogin } from "./screens/issuer.ts";
import type { People } from "./screens/people.ts";
import type { ServerState } from "./screens/state.ts";
import type { SearchQuery } from "./searching/query.ts";
import type { SearchStep } from "./searching/search.ts";

export type { Facts } from "./screens/facts.ts";
export type {
	NewToken,
	People,
	ShownToken,
	ShownUser,
	TokenChanges,
	UserChanges,
} from "./screens/people.ts";
export type { LogState, ServerState, WriterState } from "./screens/state.ts";

export interface Screens {
	/** The screen of a resource; undefined if it has none, and programs' answer is the only one. */
	show(visit: Visit): Promise<Screen | undefined>;

	/** Does what a form says, which has been checked to come from a screen of this server. */
	submit(visit: Visit, form: URLSearchParams): Promise<Screen>;

	/** The screen of a refusal: what was wrong, and the ways on. */
	refused(visit: Visit, problem: ShownProblem): Promise<Screen>;

	/** A static file, whose name changes with its content; undefined if there is none. */
	file(name: string): Promise<StaticFile | undefined>;
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
	/** Answers a question in SQL. @throws Refusal as `LogQuestions.ask`, `unauthorized` */
	ask(question: SqlQuestion): Promise<SqlAnswer>;
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
	readonly id: string;
	readonly from: string;
	readonly count: string;
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
	/** What a program of the visitor shows in place of the session. */
	readonly shows: "nothing" | "password" | "token" | "certificate";
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
