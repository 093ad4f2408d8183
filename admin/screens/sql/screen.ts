/** Questions in SQL: a form, and the rows of the last statement. Nothing here changes anything. */
import type { SqlAnswer } from "../../../src/log/questions/question.ts";
import type { Screen, ShownProblem, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { commandPanel, loginOf, quotedWord } from "../../parts/curl.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { rowsTable } from "./rows.ts";

const EXAMPLES = [
	["Events of each type", "SELECT name, events FROM types ORDER BY events DESC"],
	[
		"Events of each day",
		"SELECT substr(created, 1, 10) AS day, count(*) AS events FROM events\nGROUP BY day ORDER BY day DESC",
	],
	[
		"Largest streams of a category",
		"SELECT name, events FROM streams\nWHERE category = 'order' ORDER BY events DESC LIMIT 20",
	],
	[
		"A value in the data of one stream",
		"SELECT version, type, data ->> '$.amount' AS amount FROM events\nWHERE in_stream = 'order-42'",
	],
] as const;
const TABLES = [
	["events", "position, number, stream, version, id, type, created, created_ms, data, metadata"],
	["streams", "name, category, kind, last_version, events, is_deleted"],
	["categories", "name, events"],
	["types", "name, events"],
] as const;
const STATEMENT_MAX = 65_536;

type Asked = { readonly answer?: SqlAnswer; readonly problem?: ShownProblem };

/** @throws a fault of the server */
export async function sql(frame: Frame): Promise<Screen> {
	const { visit } = frame;
	const statement = (visit.query.get("sql") ?? "").slice(0, STATEMENT_MAX);
	const { answer, problem } = statement.trim() === "" ? {} : await ask(frame, statement);
	const download = answer && `/admin/sql?sql=${encodeURIComponent(statement)}&format=csv`;
	return screenOf(frame, {
		title: "SQL",
		place: "operations",
		status: problem?.status ?? 200,
		crumbs: html`<a href="/admin">Operations</a>`,
		heading: "SQL",
		actions:
			download && html`<a class="button" href="${download}" download="rows.csv">Download CSV</a>`,
		main: html`<section class="panel" aria-label="The statement">${form(statement, problem)}</section>${answer && result(answer)}`,
		aside: html`${tablesPanel()}${examplesPanel()}${command(visit, statement)}`,
	});
}

async function ask({ visit }: Frame, statement: string): Promise<Asked> {
	try {
		return { answer: await visit.ask({ sql: statement, parameters: [] }) };
	} catch (error) {
		const problem = visit.explain(error);
		if (problem === undefined || problem.status >= 500) throw error;
		return { problem };
	}
}

function form(statement: string, problem: ShownProblem | undefined): Html {
	const wrong = problem && html` aria-invalid="true" aria-describedby="wrong"`;
	return html`<form class="sql-form" method="get" action="/admin/sql">
<label class="field" for="statement">One statement that begins with SELECT, WITH or VALUES</label>
<textarea class="mono" id="statement" name="sql" rows="6" maxlength="${STATEMENT_MAX}" spellcheck="false" autocomplete="off" required${wrong}>${statement}</textarea>
${problem && html`<p class="hint bad" role="alert" id="wrong">${visible(problem.detail)}</p>`}
<p class="buttons"><button type="submit" class="main">Ask</button> <span class="hint">It reads what reads show, changes nothing, and is ended after 10 s.</span></p></form>`;
}

function result(answer: SqlAnswer): Html {
	const { rows, cutBy } = answer;
	const count = rows.length === 1 ? "1 row" : `${grouped(rows.length)} rows`;
	const cut: Part = cutBy && html` There are more rows: the download has up to 10,000.`;
	return html`<section class="panel" aria-labelledby="rows"><header><h2 id="rows">${count}</h2></header>
${rows.length > 0 && rowsTable(answer)}
<p class="foot"><span>${rows.length === 0 ? "No row fits." : "A long value is cut here; the download has all of it."}${cut}</span></p></section>`;
}

function tablesPanel(): Html {
	const rows = TABLES.map(
		([name, columns]) => html`<div><dt><code>${name}</code></dt><dd>${columns}</dd></div>`,
	);
	return html`<section class="panel" aria-labelledby="tables"><header><h2 id="tables">Tables</h2></header>
<div class="body"><dl class="sql-tables">${rows}</dl>
<p class="hint"><code>WHERE in_stream = 'order-42'</code> reads one stream, or an index stream such as <code>$ce-order</code>; <code>from_number</code> and <code>to_number</code> read a part of it.</p></div></section>`;
}

function examplesPanel(): Html {
	const rows = EXAMPLES.map(
		([text, statement]) =>
			html`<li><a href="/admin/sql?sql=${encodeURIComponent(statement)}">${text}</a></li>`,
	);
	return html`<section class="panel" aria-labelledby="examples"><header><h2 id="examples">Examples</h2></header>
<div class="body"><ul class="plain sql-examples">${rows}</ul></div></section>`;
}

function command(visit: Visit, statement: string): Html {
	const asked = statement.trim() === "" ? "SELECT name, events FROM types" : statement;
	const about = { id: "curl", title: "This question with curl" };
	const line = asked.replace(/\s+/g, " ");
	return commandPanel(
		visit,
		about,
		`${visit.base}/admin/sql`,
		"-G",
		...loginOf(visit),
		`--data-urlencode ${quotedWord(`sql=${line}`)}`,
	);
}
