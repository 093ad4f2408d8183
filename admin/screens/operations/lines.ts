/** The newest lines of the operator log. What stands in them may have come from anywhere. */
import { LEVELS, type Level } from "../../../src/observe/operator-log.ts";
import type { RecentLine } from "../../../src/observe/recent-lines.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { clockOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

export const LINES_SHOWN = 50;
const FACT_CHARACTERS = 300;
const FACTS_SHOWN = 12;
const NAMES: Readonly<Record<Level, string>> = {
	error: "Errors",
	warn: "Warnings, too",
	info: "All lines",
};
const TONES: Readonly<Record<Level, string>> = { error: "bad", warn: "warn", info: "" };

export function linesPanel(frame: Frame, lines: readonly RecentLine[], level: Level): Html {
	const choices = LEVELS.map(
		(one) =>
			html`<a href="/admin?level=${one}#lines"${one === level ? html` aria-current="true"` : ""}>${NAMES[one]}</a>`,
	);
	return html`<section class="panel" aria-labelledby="lines"><header><h2 id="lines">Operator log</h2><span class="segments">${choices}</span></header>
${lines.length === 0 ? html`<p class="foot">No such line since the server started.</p>` : table(frame, lines)}
<p class="foot">The newest ${lines.length} that are kept in memory.
All of them go to standard error.</p></section>`;
}

function table(frame: Frame, lines: readonly RecentLine[]): Html {
	return html`<table class="rows lines" role="table"><caption class="away">Lines of the operator log, newest first</caption><colgroup><col class="time"><col class="level"><col></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Time, UTC</th><th scope="col" role="columnheader">Level</th><th scope="col" role="columnheader">What happened</th></tr></thead>
<tbody role="rowgroup">${lines.map((line) => rowOf(frame, line))}</tbody></table>`;
}

function rowOf({ now }: Frame, { time, level, message, facts }: RecentLine): Html {
	return html`<tr role="row" class="row"><td role="cell" class="time">${clockOf(Date.parse(time), now)}</td>
<td role="cell"><span class="badge ${TONES[level]}">${level}</span></td>
<td role="cell" class="said wide-cell"><b>${visible(cut(message))}</b>${factsOf(facts)}</td></tr>`;
}

function factsOf(facts: RecentLine["facts"]): Part {
	const all = Object.entries(facts);
	if (all.length === 0) return undefined;
	const texts = all.slice(0, FACTS_SHOWN).map(([name, value]) => {
		return `${name}=${cut(typeof value === "string" ? value : JSON.stringify(value))}`;
	});
	return html`<small>${visible(texts.join("  "))}${all.length > FACTS_SHOWN && " …"}</small>`;
}

function cut(text: string): string {
	return text.length <= FACT_CHARACTERS ? text : `${text.slice(0, FACT_CHARACTERS)}…`;
}
