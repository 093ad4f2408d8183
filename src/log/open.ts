/**
 * Opens a log: the one place that knows the engines. A log is a data directory of the SQLite
 * engine, or a schema in a PostgreSQL database.
 */
import type { Refusal } from "../errors.ts";
import type { LogLimits } from "./log.ts";
import type { CopySource } from "./moving/source.ts";
import { isStoreAddress } from "./postgres/address.ts";
import type { StandbyMode } from "./postgres/start/standby.ts";
import type { LogQuestions } from "./questions/question.ts";
import type { OnStop as OnWriterStop, SqliteOptions } from "./sqlite/log.ts";
import { openDirectorySource } from "./sqlite/moving/source.ts";
import { type OpenedLog, openDirectory } from "./sqlite/open.ts";
import { AskedQuestions, SqliteQuestions } from "./sqlite/questions/questions.ts";

export type { Upgrade } from "./sqlite/files/upgrade.ts";
export type { OpenedLog } from "./sqlite/open.ts";

export type OpenOptions = Omit<SqliteOptions, "onStop"> &
	StoreOptions & {
		readonly onStop?: OnStop;
	};

/** Called once: the writer of a data directory has stopped, or a database holds another history. */
export type OnStop = (
	refusal: Parameters<OnWriterStop>[0] | Refusal<"database-unreachable">,
) => void;

/** Of a log in a database; without `store`, it is in the data directory. */
export type StoreOptions = {
	/** `postgres://user:password@host/database`. */
	readonly store?: string | undefined;
	/** The address of this node, for those that are told who leads. */
	readonly node?: string;
	/** The same database, but round a pooler; by default, `store`. */
	readonly storeSession?: string | undefined;
	/** A streaming replica of it, for reads. */
	readonly readStore?: string | undefined;
	/** Connections for reads. */
	readonly storeConnections?: number;
	/** Whether to take a database that may lose what it has acknowledged. */
	readonly storeUnsafe?: boolean;
	/** What to do while its commits wait for no standby. */
	readonly standby?: StandbyMode;
	/** Told of what the operator of a database should know. */
	readonly tell?: (level: "info" | "warn" | "error", text: string) => void;
};

/**
 * Opens a log, creating what is missing.
 * @param directory of the log, or of what a node keeps beside a log in a database
 * @throws Refusal `data-directory-in-use`, `data-directory-unusable`, `newer-schema`, `disk-full`,
 * `history-rewound`; of a database `invalid-option`, `database-unusable`
 */
export async function openLog(
	directory: string,
	limits: LogLimits,
	options: OpenOptions = {},
): Promise<OpenedLog> {
	const {
		store,
		storeSession,
		storeConnections,
		storeUnsafe,
		readStore,
		standby,
		node,
		tell,
		clock,
		onStop,
	} = options;
	if (store === undefined) return openDirectory(directory, limits, options);
	// Most servers have no use for its driver.
	const { openPostgres } = await import("./postgres/open.ts");
	const { log, tree, moves, leadership } = await openPostgres(store, directory, limits, {
		...(clock && { clock }),
		...(onStop && { onStop }),
		...(tell && { tell }),
		...(node !== undefined && { node }),
		...(storeSession !== undefined && { session: storeSession }),
		...(readStore !== undefined && { replica: readStore }),
		...(storeConnections !== undefined && { connectionsMax: storeConnections }),
		...(standby !== undefined && { standby }),
		...(storeUnsafe !== undefined && { allowsUnsafe: storeUnsafe }),
	});
	const { hidden } = log;
	const parts = { log, hidden, tree, measured: log, moves, leadership };
	return { ...parts, questions: new AskedQuestions(log), stopped: undefined };
}

// For the verbs of the command line, on a database; its driver is loaded when it is needed.
export const storeTools = () => import("./postgres/tools.ts");

/**
 * Opens a log to be copied, in a data directory or a database; servers may run on it.
 * @throws Refusal `data-directory-unusable`, `newer-schema`, `database-unusable`
 */
export async function openSource(place: string): Promise<CopySource> {
	return isStoreAddress(place)
		? (await storeTools()).openStoreSource(place)
		: openDirectorySource(place);
}

/** Questions in SQL about the log of a data directory, with a server on it or without. */
export function questionsOf(directory: string): LogQuestions {
	return new SqliteQuestions(directory);
}

// For the verbs of the command line, on a data directory that they have not opened as a log.
export { raiseIncarnation, readIncarnation } from "./sqlite/files/incarnation.ts";
export { readLogTree } from "./sqlite/tree/log-tree.ts";
export { verifyDirectory } from "./sqlite/verify/verifier.ts";
