/** `varve sql`: asks a question in SQL, of a server or of a data directory. */
import { resolve } from "node:path";
import type { Answer } from "../../../feeds/exchange/exchange.ts";
import { mediaTypeOf } from "../../../feeds/exchange/problem.ts";
import type { SqlAnswer, SqlParameter } from "../../log/questions/question.ts";
import { standardStream } from "../../observe/standard.ts";
import type { Arguments, Option, Values } from "../../options.ts";
import { ROWS, readRows } from "../../sql/rows.ts";
import { Failure } from "../explain.ts";
import { Printer } from "../output/printer.ts";
import { note } from "../output/standard.ts";
import { request } from "../reading/request.ts";
import { CLIENT_OPTIONS, EXIT, number, optionalText, type Verb } from "../verb.ts";
import { tableOf } from "./table.ts";

const FORMATS = ["table", "json", "ndjson", "csv"] as const;
type Format = (typeof FORMATS)[number];
const SECONDS_MAX = 300;
/** Base64 and escapes make text longer than what the server counted. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

const OPTIONS: readonly Option[] = [
	{
		name: "directory",
		flag: "directory",
		kind: "text",
		default: undefined,
		placeholder: "DIR",
		perCall: true,
		help: "Ask the data directory itself, with a server on it or without, or a backup.",
	},
	{
		name: "format",
		flag: "format",
		kind: "text",
		default: undefined,
		placeholder: "FORMAT",
		perCall: true,
		help: "table, json, ndjson (an object a row) or csv. Default: table on a terminal, else ndjson.",
	},
	{
		name: "seconds",
		flag: "seconds",
		kind: "whole-number",
		default: 30,
		min: 1,
		max: SECONDS_MAX,
		perCall: true,
		help: "A statement that takes longer is ended.",
	},
	{
		name: "rows",
		flag: "rows",
		kind: "whole-number",
		default: 10_000,
		min: 1,
		max: 1_000_000,
		perCall: true,
		help: "The answer is cut behind so many rows; stderr says so.",
	},
];

export const sql: Verb = {
	name: "sql",
	summary: "Ask a question in SQL",
	operands: ["STATEMENT", "[PARAMETERS]"],
	purpose: `Prints the rows that STATEMENT gives, which begins with SELECT, WITH or VALUES, in the
		SQL of SQLite. PARAMETERS is a list in JSON of what each ? in it stands for. The tables are
		events, streams, categories and types; events shows what $all shows, or a stream: WHERE
		in_stream = 'order-42'. Values in the data are found by data ->> '$.path'. It changes nothing.
		A server answers admins only.`,
	options: [...CLIENT_OPTIONS, ...OPTIONS],
	examples: [
		`varve sql "SELECT type, count(*) FROM events GROUP BY type"`,
		`varve sql "SELECT sum(data ->> '$.amount') FROM events WHERE in_stream = ?" '["order-42"]'`,
		"varve sql --directory ./backup 'SELECT * FROM categories' --format csv",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [statement = "", list = "[]"] = operands;
	if (statement === "") {
		const example = `varve sql "SELECT type, count(*) FROM events GROUP BY type"`;
		throw new Failure(`STATEMENT is missing: ${example}`, EXIT.usage);
	}
	const format = formatIn(values);
	const directory = optionalText(values, "directory");
	const asked = { statement, parameters: parametersIn(list), values };
	const answer =
		directory === undefined ? await askServer(asked) : await askDirectory(asked, directory);
	const printer = new Printer(standardStream(1));
	await printer.print(await written(answer, format));
	await printer.flushed();
	const { rows, cutBy } = answer;
	if (cutBy !== undefined) note(`cut behind ${rows.length} rows: there are more ${cutBy}\n`);
	return EXIT.done;
}

type Asked = {
	readonly statement: string;
	readonly parameters: readonly SqlParameter[];
	readonly values: Values;
};

async function askDirectory(asked: Asked, directory: string): Promise<SqlAnswer> {
	const { questionsOf } = await import("../../log/open.ts");
	const { DEFAULT_SQL_LIMITS } = await import("../../log/questions/question.ts");
	const { statement, parameters, values } = asked;
	const limits = {
		...DEFAULT_SQL_LIMITS,
		timeMs: number(values, "seconds") * 1000,
		rowsMax: number(values, "rows"),
	};
	const question = { sql: statement, parameters };
	return questionsOf(resolve(directory)).ask(question, limits).catch(failInWords);
}

/** @throws Failure in the words of a server */
async function failInWords(error: unknown): Promise<never> {
	const { problemOf } = await import("../../http/answering/problems.ts");
	const told = problemOf(error);
	throw told && told.status !== 500 ? new Failure(told.detail) : error;
}

async function askServer({ statement, parameters, values }: Asked): Promise<SqlAnswer> {
	const body = {
		sql: statement,
		parameters,
		timeMs: number(values, "seconds") * 1000,
		rowsMax: number(values, "rows"),
	};
	const limits = {
		answerMs: (SECONDS_MAX + 30) * 1000,
		bodyBytesMax: ANSWER_BYTES_MAX,
		// The server is silent until it has all rows.
		silenceMs: (SECONDS_MAX + 30) * 1000,
	};
	return request(values, { method: "POST", path: "/admin/sql", body, limits }, rowsIn);
}

function rowsIn({ status, headers, body = new Uint8Array(0) }: Answer): SqlAnswer | undefined {
	if (status !== 200 || mediaTypeOf(headers.get("content-type")) !== "application/json") return;
	return readRows(new TextDecoder().decode(body));
}

/** @throws Failure */
function parametersIn(text: string): readonly SqlParameter[] {
	let list: unknown;
	try {
		list = JSON.parse(text);
	} catch {
		list = undefined;
	}
	if (Array.isArray(list) && list.every(isParameter)) return list;
	const example = `'["order-42",100]'`;
	throw new Failure(`PARAMETERS is no list in JSON of texts and numbers: ${example}`, EXIT.usage);
}

function isParameter(value: unknown): value is SqlParameter {
	return value === null || typeof value === "string" || typeof value === "number";
}

/** @throws Failure */
function formatIn(values: Values): Format {
	const usual = standardStream(1).isTTY ? "table" : "ndjson";
	const named = optionalText(values, "format") ?? usual;
	const format = FORMATS.find((one) => one === named);
	if (format) return format;
	throw new Failure(`--format takes ${FORMATS.join(", ")}`, EXIT.usage);
}

function written(answer: SqlAnswer, format: Format): string {
	if (format === "table") return tableOf(answer);
	return format === "json" ? `${ROWS.json(answer)}\n` : ROWS[format](answer);
}
