/**
 * Opens a log: the one place that knows the engines. Today every log is a data directory of the
 * SQLite engine.
 */
import type { Refusal } from "../errors.ts";
import type { HiddenReads, Log, LogLimits } from "./log.ts";
import type { SqliteOptions } from "./sqlite/log.ts";
import { openStore } from "./sqlite/store.ts";
import type { LogTree } from "./tree.ts";

export type { Upgrade } from "./sqlite/files/upgrade.ts";
export type { OnStop } from "./sqlite/log.ts";
export type OpenOptions = SqliteOptions;

export type OpenedLog = {
	readonly log: Log;
	/** For purging, and nobody else. */
	readonly hidden: HiddenReads;
	readonly tree: LogTree;
	/** Why the log is only read, if it is: see `OpenOptions.onStop`. */
	readonly stopped: Refusal<"writer-stopped"> | undefined;
};

/**
 * Opens the log of a data directory, creating what is missing.
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`,
 * `history-rewound`
 */
export function openLog(
	directory: string,
	limits: LogLimits,
	options: OpenOptions = {},
): Promise<OpenedLog> {
	return openStore(directory, limits, options);
}

// What the verbs of the command line do with a data directory that no server of theirs has open.
export { raiseIncarnation, readIncarnation } from "./sqlite/files/incarnation.ts";
export { readLogTree } from "./sqlite/tree/log-tree.ts";
export { verifyDirectory } from "./sqlite/verify/verifier.ts";
