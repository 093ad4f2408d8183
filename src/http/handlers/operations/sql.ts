/**
 * The rows that a statement in SQL gives, over what the log shows. POST takes it as a document; GET
 * takes it in the query, without parameters, so that a question can be a link.
 *
 *     {"sql":"SELECT type, count(*) FROM events GROUP BY type","parameters":[]}
 */
import { mediaType } from "../../../../feeds/media.ts";
import { Refusal } from "../../../errors.ts";
import {
	DEFAULT_SQL_LIMITS,
	SQL_BYTES_MAX,
	SQL_ROWS_MAX,
	SQL_TIME_MS_MAX,
	type SqlLimits,
	type SqlParameter,
	type SqlQuestion,
} from "../../../log/questions/question.ts";
import { ROWS } from "../../../sql/rows.ts";
import { type Answer, textAnswer } from "../../answering/answer.ts";
import { clientGone, type Exchange } from "../../answering/exchange.ts";
import { type Document, readDocument, textIn } from "../../request/bodies/document.ts";
import { negotiateType } from "../../request/negotiation.ts";

const TYPES = [
	mediaType("application/json", "json"),
	mediaType("application/x-ndjson", "ndjson"),
	mediaType("text/csv", "csv"),
];
const NO_STORE = ["Cache-Control", "no-store", "Vary", "Accept"];

type Queried = { readonly query: string };

/** POST /admin/sql. @throws Refusal as `answerTo`, `readDocument` and `negotiateType` */
export async function answerSql(exchange: Exchange, { query }: Queried): Promise<Answer> {
	const type = negotiateType(exchange.req, query, TYPES);
	const document = await readDocument(exchange.req, exchange.context.settings.bodyBytesMax);
	return answerTo(exchange, document, type);
}

/** GET /admin/sql. @throws Refusal `malformed-query`, and as `answerTo` and `negotiateType` */
export async function answerSqlLink(exchange: Exchange, { query }: Queried): Promise<Answer> {
	const type = negotiateType(exchange.req, query, TYPES);
	const asked = new URLSearchParams(query);
	const parameters = asked.get("parameters");
	if (parameters !== null) {
		const reason = "a link takes none; POST the statement with its parameters.";
		const value = parameters.slice(0, 64);
		throw new Refusal("malformed-query", { parameter: "parameters", value, reason });
	}
	const number = (name: string) => (asked.has(name) ? Number(asked.get(name)) : undefined);
	const limits = ["timeMs", "rowsMax"].map((name) => [name, number(name)] as const);
	const document: Document = new Map<string, unknown>([["sql", asked.get("sql")], ...limits]);
	return answerTo(exchange, document, type);
}

/** @throws Refusal as `LogQuestions.ask` */
async function answerTo(
	exchange: Exchange,
	document: Document,
	{ contentType, format }: (typeof TYPES)[number],
): Promise<Answer> {
	const [question, limits] = [questionIn(document), limitsIn(document)];
	const answer = await exchange.context.questions.ask(question, limits, clientGone(exchange));
	const cut = answer.cutBy === undefined ? [] : ["Varve-Cut-By", answer.cutBy];
	const headers = [...NO_STORE, ...cut];
	// It tells of all streams.
	return {
		...textAnswer(200, contentType, ROWS[format](answer), headers),
		isForOwnOrigin: true,
	};
}

function questionIn(document: Document): SqlQuestion {
	const sql = textIn(document, "sql") ?? "";
	if (Buffer.byteLength(sql) > SQL_BYTES_MAX)
		throw invalid(`it has more than ${SQL_BYTES_MAX} bytes`);
	return { sql, parameters: parametersIn(document.get("parameters") ?? []) };
}

function parametersIn(value: unknown): readonly SqlParameter[] {
	if (Array.isArray(value) && value.every(isParameter)) return value;
	throw invalid("parameters is a list of texts, numbers and nulls");
}

function isParameter(value: unknown): value is SqlParameter {
	return value === null || typeof value === "string" || typeof value === "number";
}

function limitsIn(document: Document): SqlLimits {
	const { timeMs, rowsMax, ...others } = DEFAULT_SQL_LIMITS;
	return {
		...others,
		timeMs: numberIn(document, "timeMs", { usual: timeMs, max: SQL_TIME_MS_MAX }),
		rowsMax: numberIn(document, "rowsMax", { usual: rowsMax, max: SQL_ROWS_MAX }),
	};
}

function numberIn(
	document: Document,
	name: string,
	{ usual, max }: { readonly usual: number; readonly max: number },
): number {
	const value = document.get(name) ?? usual;
	if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= max)
		return value;
	throw invalid(`${name} is a whole number from 1 to ${max}`);
}

function invalid(reason: string): Refusal<"invalid-sql"> {
	return new Refusal("invalid-sql", { reason });
}
