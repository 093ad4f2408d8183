/**
 * What every handler is given: the parts of the running server, and the small services of the edge.
 */
import type { Documents } from "../cache/documents.ts";
import type { Scavenger } from "../commands/scavenge/scavenger.ts";
import type { Settings } from "../config.ts";
import type { Refusal } from "../errors.ts";
import type { LastVersions } from "../following/last-versions.ts";
import type { LiveReaders } from "../following/live-readers.ts";
import type { LongPolls } from "../following/long-polls.ts";
import type { Log } from "../log/log.ts";
import type { LogTree } from "../log/tree.ts";
import type { CacheState } from "../purging/purging.ts";
import type { RememberedRequests } from "./handlers/pages/remembered.ts";

export type Context = {
	readonly log: Log;
	readonly tree: LogTree;
	readonly documents: Documents;
	readonly meanings: RememberedRequests;
	readonly longPolls: LongPolls;
	readonly live: LiveReaders;
	readonly lasts: LastVersions;
	readonly scavenger: Scavenger;
	readonly settings: Settings;
	/** Tells the operator about a fault of ours. */
	readonly report: (error: unknown) => void;
	/** How the caches in front of us are told of erasures; undefined where none is to be told. */
	readonly purging?: (() => readonly CacheState[]) | undefined;
	/** Why no requests should be sent here any more; undefined as long as they should. */
	readonly unready: () => Refusal | undefined;
};
