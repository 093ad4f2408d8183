/**
 * Questions in the language of projections: a query, and what comes of it over all events that
 * there are. The script of the page sends the query to `POST /search` and shows what comes while it
 * runs; without it, the form shows what a few seconds give.
 */
import type { QuestionStep } from "../../../src/projections/asking/question.ts";
import { LIMITS } from "../../../src/projections/script/script.ts";
import type { Screen, ShownProblem, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { STOP_KEY } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { commandPanel, header, loginOf, quotedWord } from "../../parts/curl.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { FORMS, hiddenFields } from "../projections/form.ts";
import { questionPath, waysToSearch } from "../search/ways.ts";
import { aside } from "./aside.ts";
import { Found, foundPanels, stateLine } from "./found.ts";

/** Without the script, nobody sees anything before it ends. */
const SLICE_MS = 5000;
const EXAMPLE = `fromAll().when({
  $init() { return {}; },
  $any(state, event) { state[event.eventType] = (state[event.eventType] || 0) + 1; },
})`;
/** @param asked runs this query, and shows what comes of it */
export async function question(frame: Frame, asked?: string): Promise<Screen> {
	const { visit } = frame;
	const query = asked ?? visit.query.get("query") ?? EXAMPLE;
	const mayAsk = visit.store.may("authenticated", undefined);
	const { found, problem } = asked === undefined ? {} : await run(visit, asked);
	return screenOf(frame, {
		title: "Search by a query",
		place: "search",
		status: problem?.status ?? 200,
		heading: "Search",
		actions: waysToSearch(true),
		main: html`<section class="panel" aria-label="The question">${mayAsk ? form(frame, query, problem) : stranger()}${stateLine(found)}</section>${foundPanels(found, query)}`,
		aside: html`${aside()}${command(visit)}`,
		keys: [{ ...STOP_KEY, text: "stop the query", on: /id="question-stop"/ }],
	});
}

async function run(
	{ store, explain }: Visit,
	query: string,
): Promise<{ found?: Found; problem?: ShownProblem }> {
	const found = new Found();
	try {
		const steps = store.projections.ask(query, SLICE_MS);
		for await (const step of steps satisfies AsyncIterable<QuestionStep>) found.take(step);
		return { found };
	} catch (error) {
		const problem = explain(error);
		if (problem === undefined || problem.status >= 500) throw error;
		return { problem };
	}
}

function form({ visit }: Frame, query: string, problem: ShownProblem | undefined): Html {
	const rows = Math.min(24, Math.max(8, query.split("\n").length + 1));
	const wrong = problem && html` aria-invalid="true"`;
	const seconds = Math.round(visit.store.facts().searchMs / 1000);
	const alert = html`<p class="hint bad" role="alert" id="wrong"${!problem && html` hidden`}>${problem && visible(problem.detail)}</p>`;
	const hint = html`<span class="hint sent">It reads what you may read, writes nothing, and ends after ${grouped(seconds)} s.</span>`;
	return html`<form class="sql-form" id="question" method="post" action="${FORMS}" data-url="/search?partitions=100">${hiddenFields(visit, "ask")}
<label class="field" for="query">A query in the language of projections</label>
<textarea class="mono" id="query" name="query" rows="${rows}" maxlength="${LIMITS.sourceBytes}" required spellcheck="false" autocapitalize="off" autocomplete="off" aria-describedby="wrong"${wrong}>${"\n"}${query}</textarea>
${alert}
<p class="buttons">${hint}
<button type="button" class="needs-script" id="question-stop" hidden>Stop <kbd class="wide">Esc</kbd></button>
<button type="submit" class="main" id="question-run">Run <kbd class="wide needs-script">Ctrl Enter</kbd></button></p></form>`;
}

function stranger(): Part {
	return html`<div class="empty"><h2>Who asks?</h2>
<p>A query reads what its author may read, so it takes a login.</p>
<p class="buttons"><a class="button" href="/login?to=${encodeURIComponent(questionPath())}">Log in</a></p></div>`;
}

function command(visit: Visit): Html {
	const about = { id: "curl", title: "A query with curl" };
	const type = header("Content-Type: application/javascript");
	return html`${commandPanel(visit, about, `${visit.base}/search`, "-N", ...loginOf(visit), type, `--data-binary ${quotedWord("@query.js")}`)}`;
}
