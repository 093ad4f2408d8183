/**
 * A data directory as a server has it: the log, and the tree over it.
 *
 * A damaged page makes its own rows unreadable, and no others (decision 44). If an append cannot
 * read the rows it builds upon, or nothing can tell whether the log was rewound, the server still
 * serves the rest. It then writes nothing, so that the damage stays as it is.
 */
import type { Refusal } from "../../errors.ts";
import type { MeasuredLog } from "../../observe/numbers/log-activity.ts";
import type { HiddenReads, Leadership, Log, LogLimits } from "../log.ts";
import type { LogMoves } from "../moving/moves.ts";
import type { LogQuestions } from "../questions/question.ts";
import { readOnlyLog } from "../read-only.ts";
import type { LogTree } from "../tree.ts";
import { writerStopped } from "./appending/queue.ts";
import { type OnStop, openSqliteLog, type SqliteOptions } from "./log.ts";
import { SqliteMoves } from "./moving/moves.ts";
import { SqliteQuestions } from "./questions/questions.ts";
import { openLogTree } from "./tree/log-tree.ts";

export type OpenedLog = {
	readonly log: Log;
	/** For purging, and nobody else. */
	readonly hidden: HiddenReads;
	readonly tree: LogTree;
	readonly measured: MeasuredLog;
	readonly moves: LogMoves;
	readonly questions: LogQuestions;
	readonly leadership: Leadership;
	/** Why the log is only read, if it is: see `SqliteOptions.onStop`. */
	readonly stopped: Refusal<"writer-stopped"> | undefined;
};

/**
 * Opens the log of a data directory and its tree.
 * @throws Refusal as `openSqliteLog`, and `history-rewound`
 */
export async function openDirectory(
	directory: string,
	limits: LogLimits,
	options: SqliteOptions = {},
): Promise<OpenedLog> {
	let stopped: Refusal<"writer-stopped"> | undefined;
	const onStop: OnStop = (refusal) => {
		stopped = refusal;
		options.onStop?.(refusal);
	};
	const log = await openSqliteLog(directory, limits, { ...options, onStop });
	try {
		const tree = openLogTree(directory);
		const questions = new SqliteQuestions(directory);
		const parts = { hidden: log.hidden, tree, measured: log, questions };
		if (stopped || tree.damage === undefined) {
			const moves = new SqliteMoves(directory, (span) => log.import(span));
			return { ...parts, log, moves, stopped, leadership: ledAlone(log) };
		}
		const refusal = writerStopped(`the log is damaged: ${tree.damage}`);
		onStop(refusal);
		const moves = new SqliteMoves(directory, () => Promise.reject(refusal));
		const readOnly = readOnlyLog(log, refusal);
		const leadership = ledAlone(readOnly);
		return { ...parts, log: readOnly, moves, stopped: refusal, leadership };
	} catch (error) {
		await log.close();
		throw error;
	}
}

/** A data directory has one server. */
function ledAlone(log: Log): Leadership {
	return { isLeading: true, leader: undefined, log, onChange: () => () => undefined };
}
