/** The options in force, with where each value came from. */
import type { OptionInForce } from "../../../src/config.ts";
import { type Html, html, type Part } from "../../html.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

const SOURCES: Readonly<Record<OptionInForce["source"], string>> = {
	default: "default",
	file: "file",
	environment: "environment",
	argument: "command line",
	program: "program",
};

/** @param isAll whether the defaults are shown, too */
export function optionsPanel(options: readonly OptionInForce[], isAll: boolean): Html {
	const set = options.filter(({ source }) => source !== "default");
	const shown = isAll ? options : set;
	const choices = html`<span class="segments"><a href="/admin#options"${isAll ? "" : html` aria-current="true"`}>Set here ${grouped(set.length)}</a><a href="/admin?options=all#options"${isAll ? html` aria-current="true"` : ""}>All ${grouped(options.length)}</a></span>`;
	return html`<section class="panel" aria-labelledby="options"><header><h2 id="options">Options</h2>${choices}</header>
${shown.length === 0 ? html`<p class="foot">Each option has its default.</p>` : table(shown)}</section>`;
}

function table(shown: readonly OptionInForce[]): Html {
	return html`<table class="rows options" role="table"><caption class="away">Options in force</caption><colgroup><col class="option"><col><col class="source"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Option</th><th scope="col" role="columnheader">Value</th><th scope="col" role="columnheader">From</th></tr></thead>
<tbody role="rowgroup">${shown.map(rowOf)}</tbody></table>`;
}

function rowOf({ option, value, source, isWaiting }: OptionInForce): Html {
	const isSecret = option.shown !== undefined && value !== "";
	return html`<tr role="row" class="row"><td role="cell" class="mono">--${option.flag}</td>
<td role="cell" class="wide-cell">${isSecret ? html`<span class="badge">set, not shown</span>` : shownOf(value)}${isWaiting && html` <span class="badge warn">another value waits for the next start</span>`}<small>${option.help}</small></td>
<td role="cell">${SOURCES[source]}</td></tr>`;
}

function shownOf(value: string): Part {
	return value === ""
		? html`<span class="none">none</span>`
		: html`<span class="mono">${visible(value)}</span>`;
}
