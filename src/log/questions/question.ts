/** Questions in SQL about a log: what is asked, within which limits, and what comes back. */

/** A value that SQLite can bind: a blob is not among them, as JSON has none. */
export type SqlParameter = string | number | null;

export type SqlQuestion = {
	/** One statement that begins with SELECT, WITH or VALUES. */
	readonly sql: string;
	/** For `?`, in their order. */
	readonly parameters: readonly SqlParameter[];
};

export type SqlLimits = {
	/** After this long the process that answers is ended. */
	readonly timeMs: number;
	/** The answer is cut behind so many rows, and says so. */
	readonly rowsMax: number;
	/** The same, for the bytes of its rows: about what they have, more in JSON or Base64. */
	readonly bytesMax: number;
	/** What the process may take beyond what it had before it began. */
	readonly memoryBytesMax: number;
};

const MIB = 1024 * 1024;

export const DEFAULT_SQL_LIMITS: SqlLimits = {
	timeMs: 10_000,
	rowsMax: 10_000,
	bytesMax: 16 * MIB,
	// A sort of a million events with their data.
	memoryBytesMax: 256 * MIB,
};

/** A person waits no longer, and two such questions take the machine for so long. */
export const SQL_TIME_MS_MAX = 300_000;
export const SQL_ROWS_MAX = 1_000_000;
/** What fits on some pages. */
export const SQL_BYTES_MAX = 64 * 1024;

export type SqlAnswer = {
	readonly columns: readonly string[];
	/** Each value as JSON, a whole number with all its digits; a blob is `{"base64":"…"}`. */
	readonly rows: readonly (readonly string[])[];
	/** Present if there were more rows than that: which limit they met. */
	readonly cutBy?: "rows" | "bytes";
};

/** Answers questions over one log, each in a process of its own. */
export interface LogQuestions {
	/**
	 * The answer shows what reads of the log show at that moment. It changes nothing.
	 * @throws Refusal `invalid-sql`, `sql-too-slow`, `sql-too-large`, `sql-busy`; the reason of the
	 *   signal
	 */
	ask(question: SqlQuestion, limits: SqlLimits, signal?: AbortSignal): Promise<SqlAnswer>;
}
