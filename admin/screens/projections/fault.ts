/** What stopped a script: its message, its place in the query, and the event that caused it. */
import type { StreamName } from "../../../src/event.ts";
import { eventUrl } from "../../../src/http/urls.ts";
import type { Fault } from "../../../src/projections/script/script.ts";
import { describeFault } from "../../../src/projections/status.ts";
import { type Html, html } from "../../html.ts";
import { grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

/** @param query in which the line is shown */
export function faultFacts(fault: Fault, query: string): Html {
	const { event, line, column, during } = fault;
	const cause =
		event &&
		html`<dt>Event</dt><dd><a class="mono" href="${eventUrl("", event.stream as StreamName, event.number)}">${event.number}@${visible(event.stream)}</a><small>${visible(event.type)}, position ${grouped(event.position)}</small></dd>`;
	const code = line === undefined ? "" : (query.split("\n")[line - 1]?.trim() ?? "");
	const place =
		line !== undefined &&
		html`<dt>Place</dt><dd>line ${line}${column !== undefined && html`, column ${column}`}${code !== "" && html`<small><code>${visible(code.slice(0, 200))}</code></small>`}</dd>`;
	return html`<pre class="code" tabindex="0" aria-label="The fault">${visible(describeFault(fault))}</pre><dl class="facts-list">${place}${during !== undefined && html`<dt>In</dt><dd class="mono">${visible(during)}</dd>`}${cause}</dl>`;
}
