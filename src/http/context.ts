/**
 * The context of every handler: the parts of the running server, and the small services of the
 * edge. `serving.ts` makes it.
 */
import type { Documents } from "../cache/documents.ts";
import type { Scavenger } from "../commands/scavenge/scavenger.ts";
import type { Settings } from "../config.ts";
import type { Refusal } from "../errors.ts";
import type { LastVersions } from "../following/last-versions.ts";
import type { LiveReaders } from "../following/live-readers.ts";
import type { LongPolls } from "../following/long-polls.ts";
import type { Log } from "../log/log.ts";
import type { LogMoves } from "../log/moving/moves.ts";
import type { Room } from "../log/room/room.ts";
import type { LogTree } from "../log/tree.ts";
import type { RequestLog } from "../observe/requests.ts";
import type { CacheState } from "../purging/purging.ts";

export type Context = LogContext &
	FollowingContext &
	OperatorContext & {
		readonly settings: Settings;
		readonly documents: Documents;
	};

/** Shared by all servers over one log. */
export type LogContext = {
	readonly log: Log;
	readonly tree: LogTree;
	readonly moves: LogMoves;
	/** Lets appends in, as long as the disk has room for them. */
	readonly room: Room;
	readonly scavenger: Scavenger;
};

/** How requests learn of commits. */
export type FollowingContext = {
	readonly longPolls: LongPolls;
	readonly liveReaders: LiveReaders;
	readonly lastVersions: LastVersions;
};

export type OperatorContext = {
	/** Told of every error that ends a request; tells the operator of those that are our faults. */
	readonly report: (error: unknown) => void;
	/** A line for each request, if the operator wants them. */
	readonly requests: RequestLog;
	/** Why no requests should be sent here any more; undefined as long as they should. */
	readonly unready: () => Refusal | undefined;
	/** How the caches in front of us are told of erasures; undefined if none is to be told. */
	readonly purging: () => readonly CacheState[] | undefined;
};
