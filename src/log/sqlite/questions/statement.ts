/**
 * Runs the statement of a question, and writes its rows. It runs on a database in memory that holds
 * the tables of `tables.ts` and nothing else. Of the statements that SQLite knows, those that only
 * read are let through: no ATTACH, no PRAGMA, no VACUUM INTO.
 */
import Database from "better-sqlite3";
import { Refusal } from "../../../errors.ts";
import type { SqlAnswer, SqlLimits, SqlQuestion } from "../../questions/question.ts";
import type { ReadsAtOnce } from "./reads.ts";
import { provideTables, usesContent } from "./tables.ts";

const NUMBER_BYTES = 8;
/** Each stands in each row of lines of JSON. */
const COLUMN_NAME_BYTES_MAX = 1024;
const NAMED_PLACE = /named parameter/i;
/** What may come before the first word of a statement. */
const LEADING = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/;
const READING = /^(?:select|with|values)\b/i;

/**
 * @param reads of the log
 * @throws Refusal `invalid-sql`, `sql-too-large`; an error of the log
 */
export function answerQuestion(
	reads: ReadsAtOnce,
	question: SqlQuestion,
	limits: SqlLimits,
): SqlAnswer {
	const database = new Database(":memory:");
	try {
		database.pragma("temp_store = memory");
		database.pragma("trusted_schema = off");
		const reading = { reads, content: true };
		provideTables(database, reading);
		const statement = prepare(database, question.sql);
		reading.content = needsContent(database, question);
		return answerOf(statement.raw().safeIntegers(), question, limits);
	} catch (error) {
		throw explained(error, limits);
	} finally {
		reads.close();
		database.close();
	}
}

/** @throws Refusal `invalid-sql` */
function prepare(database: Database.Database, sql: string): Database.Statement {
	if (!READING.test(sql.replace(LEADING, "")))
		throw invalid("it has to begin with SELECT, WITH or VALUES");
	const statement = database.prepare(sql);
	if (!statement.reader || !statement.readonly) throw invalid("it may only read");
	return statement;
}

function needsContent(database: Database.Database, { sql, parameters }: SqlQuestion): boolean {
	const program = database.prepare(`EXPLAIN ${sql}`).all(...parameters);
	return usesContent(program as { opcode: string; p2: number }[]);
}

function answerOf(
	statement: Database.Statement,
	{ parameters }: SqlQuestion,
	{ rowsMax, bytesMax }: SqlLimits,
): SqlAnswer {
	const columns = statement.columns().map(({ name }) => name);
	const nameBytes = columns.map((name) => Buffer.byteLength(name));
	if (nameBytes.some((length) => length > COLUMN_NAME_BYTES_MAX))
		throw invalid(`the name of a column has more than ${COLUMN_NAME_BYTES_MAX} bytes`);
	const rows: string[][] = [];
	let bytes = 0;
	for (const values of statement.iterate(...parameters) as Iterable<readonly unknown[]>) {
		if (rows.length === rowsMax) return { columns, rows, cutBy: "rows" };
		for (const [index, value] of values.entries()) {
			bytes += (nameBytes[index] ?? 0) + (isLong(value) ? value.length : NUMBER_BYTES);
		}
		if (bytes > bytesMax) return { columns, rows, cutBy: "bytes" };
		const row = values.map(jsonOf);
		rows.push(row);
	}
	return { columns, rows };
}

/** What is not to be copied before it is known to fit. */
function isLong(value: unknown): value is string | Buffer {
	return typeof value === "string" || Buffer.isBuffer(value);
}

/** A whole number is written with all its digits, and a number that JSON does not have as text. */
function jsonOf(value: unknown): string {
	if (typeof value === "bigint") return String(value);
	if (Buffer.isBuffer(value)) return JSON.stringify({ base64: value.toString("base64") });
	if (typeof value === "number" && !Number.isFinite(value)) return JSON.stringify(String(value));
	return JSON.stringify(value);
}

function explained(error: unknown, { memoryBytesMax }: SqlLimits): unknown {
	if (!(error instanceof Error)) return error;
	const code = "code" in error ? String(error.code) : "";
	if (code === "SQLITE_NOMEM" || code === "SQLITE_TOOBIG")
		return new Refusal("sql-too-large", { memoryBytesMax });
	// A statement that SQLite does not take, values that do not fit its places, two statements.
	const isTheirs = /^SQLITE_(?:ERROR|MISMATCH|RANGE)/.test(code) || error instanceof RangeError;
	if (error instanceof TypeError && NAMED_PLACE.test(error.message))
		return invalid("a place for a value is written ?, without a number or a name");
	return isTheirs ? invalid(lowered(error.message)) : error;
}

function lowered(message: string): string {
	const text = message.replace(/\.$/, "");
	return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

function invalid(reason: string): Refusal<"invalid-sql"> {
	return new Refusal("invalid-sql", { reason });
}
