/** The server as the overview and the operations show it. */
import type { Run as ScavengeRun } from "../commands/scavenge/journal.ts";
import type { ScavengeProgress } from "../commands/scavenge/scavenger.ts";
import type { RoomState } from "../log/room/room.ts";
import type { StandbyState } from "../observe/numbers/log-activity.ts";
import type { CacheState } from "../purging/purging.ts";
import type { BackupNote } from "../upkeep/backup-notes.ts";
import type { VerificationsState } from "../upkeep/verifications.ts";

/** How the server and its log are at a moment. Times are in ISO 8601. */
export type ServerState = Health & {
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

/** These parts say whether the server does its work. */
type Health = {
	readonly process: {
		readonly version: string;
		readonly node: string;
		readonly started: string;
	};
	readonly writer: WriterState;
	readonly log: LogState;
	/** Absent while the system does not tell. */
	readonly disk?: RoomState;
	/** Absent if nothing is. */
	readonly stuck?: StuckState;
};

/** Counts what stands still until an operator acts, among a thousand consumers of each kind. */
export type StuckState = {
	/** Projections that have stopped with a fault. */
	readonly faultedProjections: number;
	/** Messages that are parked, of subscriptions that were used since the server started. */
	readonly parkedMessages: number;
	/** Events that are parked, of the webhooks that were used since, or have stopped. */
	readonly parkedEvents: number;
	/** Webhooks that send nothing, since their target failed again and again, or is gone. */
	readonly openWebhooks: number;
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
	/** Undefined if nobody says. */
	readonly databaseBytes: number | undefined;
	readonly walBytes: number | undefined;
	/** Absent of a log in a file. */
	readonly standby?: StandbyState;
	/** The key that signed heads are checked with. */
	readonly key: string;
};
