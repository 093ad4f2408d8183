/**
 * The context of every handler: the parts of the running server, and the small services of the
 * edge. `serving.ts` makes it.
 */
import type { Access } from "../access/access.ts";
import type { Needed } from "../access/rights.ts";
import type { Documents } from "../cache/documents.ts";
import type { Scavenger } from "../commands/scavenge/scavenger.ts";
import type { OptionsInForce, Settings } from "../config.ts";
import type { Refusal } from "../errors.ts";
import type { Lags } from "../following/lag.ts";
import type { LastVersions } from "../following/last-versions.ts";
import type { LiveReaders } from "../following/live-readers.ts";
import type { LongPolls } from "../following/long-polls.ts";
import type { Groups } from "../groups/groups.ts";
import type { StreamLists } from "../listing/list.ts";
import type { Leadership, Log } from "../log/log.ts";
import type { LogMoves } from "../log/moving/moves.ts";
import type { LogQuestions } from "../log/questions/question.ts";
import type { Room } from "../log/room/room.ts";
import type { LogTree } from "../log/tree.ts";
import type { MeasuredLog } from "../observe/numbers/log-activity.ts";
import type { RecentFigures } from "../observe/numbers/recent.ts";
import type { RequestNumbers } from "../observe/numbers/requests.ts";
import type { StatTree } from "../observe/numbers/stat-tree.ts";
import type { RequestTracing } from "../observe/otlp/tracing.ts";
import type { RecentLines } from "../observe/recent-lines.ts";
import type { RequestLog } from "../observe/requests.ts";
import type { Positions } from "../positions/positions.ts";
import type { Projections } from "../projections/projections.ts";
import type { CacheState } from "../purging/purging.ts";
import type { Pushes } from "../push/pushes.ts";
import type { Screens } from "../screens.ts";
import type { Searches } from "../searching/searches.ts";
import type { Subscriptions } from "../subscriptions/subscriptions.ts";
import type { Upkeep } from "../upkeep/upkeep.ts";
import type { AuthenticationContext } from "./authentication/open.ts";
import type { SocketNumbers } from "./sockets/connections.ts";

export type Context = LogContext &
	AccessContext &
	FollowingContext &
	OperatorContext &
	NumbersContext &
	ReadersContext & {
		readonly settings: Settings;
		readonly documents: Documents;
		readonly lists: StreamLists;
		readonly searches: Searches;
		readonly projections: Projections;
		readonly pushes: Pushes;
		/** The admin UI; undefined if the server runs without it. */
		readonly screens: Screens | undefined;
		/** Milliseconds since 1970. */
		readonly startedMs: number;
	};

/** What an engine has besides its log. */
export type EngineContext = {
	/** Which of several nodes does what only one may do. */
	readonly leadership: Leadership;
	/** Answers questions in SQL. */
	readonly questions: LogQuestions;
};

/** Shared by all servers over one log. */
export type LogContext = EngineContext & {
	readonly log: Log;
	/** What the log tells of its work. */
	readonly measured: MeasuredLog;
	readonly tree: LogTree;
	readonly moves: LogMoves;
	/** Lets appends in, as long as the disk has room for them. */
	readonly room: Room;
	readonly scavenger: Scavenger;
	/** Verifications of the log, and what is known of its backups. */
	readonly upkeep: Upkeep;
};

/** Who sends a request, and what they may do. */
export type AccessContext = AuthenticationContext & {
	readonly access: Access;
	/** What a client needs for a request that a cache asks about; see `lanes/needs.ts`. */
	readonly neededBy: (method: string, url: string) => Needed | undefined;
};

/** How requests learn of commits. */
export type FollowingContext = {
	readonly longPolls: LongPolls;
	readonly liveReaders: LiveReaders;
	readonly lastVersions: LastVersions;
};

/** What the server keeps for readers. */
export type ReadersContext = {
	readonly lags: Lags;
	readonly subscriptions: Subscriptions;
	readonly positions: Positions;
	readonly groups: Groups;
};

export type OperatorContext = {
	/** Told of every error that ends a request; tells the operator of those that are our faults. */
	readonly report: (error: unknown) => void;
	/** A line for each request, if the operator wants them. */
	readonly requests: RequestLog;
	/** Why no requests should be sent here any more; undefined as long as they should. */
	readonly unready: () => Refusal | undefined;
	/** Since when, in milliseconds since 1970. */
	readonly unreadyMs: () => number | undefined;
	/** How the caches in front of us are told of erasures; undefined if none is to be told. */
	readonly purging: () => readonly CacheState[] | undefined;
	/** The newest lines of the operator log. */
	readonly lines: RecentLines;
	readonly options: OptionsInForce;
};

/** What is counted of one server; `numbers/` makes metrics of it. */
export type NumbersContext = {
	readonly requestNumbers: RequestNumbers;
	readonly sockets: () => SocketNumbers;
	/** The last hour, for charts. */
	readonly recent: RecentFigures;
	/** At most a second old. */
	readonly stats: () => Promise<StatTree>;
	/** Undefined if nobody is told of requests one by one. */
	readonly tracing: () => RequestTracing | undefined;
};
