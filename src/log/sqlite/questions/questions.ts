/** Asks questions in processes of their own, a few at once. */
import { Refusal } from "../../../errors.ts";
import type { LogQuestions, SqlAnswer, SqlLimits, SqlQuestion } from "../../questions/question.ts";
import { ReadableLog } from "../files/medium.ts";
import type { LogReads } from "./asked.ts";
import { answerInProcess } from "./process.ts";

/** More would take the machine from those who append. */
const AT_ONCE_MAX = 2;

/** Of a log in a data directory: the process reads its file. */
export class SqliteQuestions implements LogQuestions {
	readonly #directory: string;
	readonly #turns = new Turns();

	/** @param directory the data directory of the log */
	constructor(directory: string) {
		this.#directory = directory;
	}

	ask(question: SqlQuestion, limits: SqlLimits, signal?: AbortSignal): Promise<SqlAnswer> {
		return this.#turns.take(signal, async () => {
			const readable = new ReadableLog(this.#directory);
			try {
				return await answerInProcess({ file: readable.file, question, limits }, signal);
			} finally {
				readable.close();
			}
		});
	}
}

/** Of any log that this server has open: the process asks it for each read. */
export class AskedQuestions implements LogQuestions {
	readonly #reads: LogReads;
	readonly #turns = new Turns();

	constructor(reads: LogReads) {
		this.#reads = reads;
	}

	ask(question: SqlQuestion, limits: SqlLimits, signal?: AbortSignal): Promise<SqlAnswer> {
		const job = { file: undefined, question, limits };
		return this.#turns.take(signal, () => answerInProcess(job, signal, this.#reads));
	}
}

class Turns {
	#running = 0;

	/** @throws Refusal `sql-busy` */
	async take(signal: AbortSignal | undefined, work: () => Promise<SqlAnswer>): Promise<SqlAnswer> {
		signal?.throwIfAborted();
		if (this.#running === AT_ONCE_MAX)
			throw new Refusal("sql-busy", { atOnceMax: AT_ONCE_MAX, retryAfterSeconds: 1 });
		this.#running++;
		try {
			return await work();
		} finally {
			this.#running--;
		}
	}
}
