/**
 * Opens a log: the one place that knows the engines. Today every log is a data directory of the
 * SQLite engine.
 */
import type { LogLimits } from "./log.ts";
import type { LogQuestions } from "./questions/question.ts";
import type { SqliteOptions } from "./sqlite/log.ts";
import { type OpenedLog, openDirectory } from "./sqlite/open.ts";
import { SqliteQuestions } from "./sqlite/questions/questions.ts";

export type { Upgrade } from "./sqlite/files/upgrade.ts";
export type { OnStop } from "./sqlite/log.ts";
export type { OpenedLog } from "./sqlite/open.ts";
export type OpenOptions = SqliteOptions;

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
	return openDirectory(directory, limits, options);
}

/** Questions in SQL about the log of a data directory, with a server on it or without. */
export function questionsOf(directory: string): LogQuestions {
	return new SqliteQuestions(directory);
}

// For the verbs of the command line, on a data directory that they have not opened as a log.
export { raiseIncarnation, readIncarnation } from "./sqlite/files/incarnation.ts";
export { readLogTree } from "./sqlite/tree/log-tree.ts";
export { verifyDirectory } from "./sqlite/verify/verifier.ts";
