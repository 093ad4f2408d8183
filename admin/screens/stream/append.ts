/** The panel that appends an event, and what it says if that was refused. */
import { randomUUID } from "node:crypto";
import { GRID } from "../../../feeds/geometry.ts";
import type { StreamName } from "../../../src/event.ts";
import { pageUrl } from "../../../src/http/urls.ts";
import type { ShownProblem, Visit } from "../../../src/screens.ts";
import { type Html, html, type Part } from "../../html.ts";
import { streamPath } from "../../parts/name.ts";
import { limitOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

/** The fields as they were sent, to be sent again. */
export type AppendFields = {
	readonly type: string;
	readonly data: string;
	readonly metadata: string;
	readonly id: string;
	/** "" for any. */
	readonly expected: string;
};

export type Refused = { readonly fields: AppendFields; readonly problem: ShownProblem };

/**
 * @param last the stream's last version; -1 if it shows no events
 * @param expects the version that an append with an expectation has to name
 */
export function appendPanel(
	visit: Visit,
	stream: StreamName,
	{ last, expects }: { readonly last: number; readonly expects: number },
	refused?: Refused,
): Html {
	const fields = refused?.fields ?? {
		type: "",
		data: "",
		metadata: "",
		id: randomUUID(),
		expected: String(expects),
	};
	const conflict = refused && conflictOf(refused.problem);
	const expected = conflict === undefined ? fields.expected : String(conflict.current);
	const { eventBytesMax } = visit.store.facts();
	return html`<section class="panel" aria-labelledby="append-title" id="append"><header><h2 id="append-title">Append an event</h2><kbd class="wide needs-script">a</kbd></header>
<form class="body" method="post" action="${streamPath(stream)}" data-append>
${refused && wrong(stream, refused.problem, conflict)}
<input type="hidden" name="_token" value="${visit.token}"><input type="hidden" name="action" value="append"><input type="hidden" name="id" value="${fields.id}">
<label class="field">Type<input name="type" required maxlength="1020" value="${fields.type}" spellcheck="false" autocomplete="off"></label>
<label class="field">Data · JSON<textarea name="data" rows="6" spellcheck="false" aria-describedby="data-hint">${"\n"}${fields.data}</textarea></label>
<p class="hint" id="data-hint" role="status" data-checks="data">At most ${limitOf(eventBytesMax)} with its metadata</p>
<details${fields.metadata === "" ? "" : html` open`}><summary class="hint">Metadata, id</summary>
<label class="field">Metadata · JSON<textarea name="metadata" rows="3" spellcheck="false">${"\n"}${fields.metadata}</textarea></label><p class="hint" data-checks="metadata"></p>
<p class="hint">The id is <span class="mono">${fields.id}</span>. Sent again, the event is not written twice.</p></details>
<label class="field">Only if the last event is<span class="buttons"><input class="mono" name="expected" inputmode="numeric" pattern="-?\\d*" size="8" value="${expected}" placeholder="any" title="The server appends only if the last event has this number. -1: the stream must be empty. Left empty: the server does not check." aria-label="Only if the last event is">
<button type="submit" class="main">Append${expects === last ? html` as ${last + 1}` : ""}</button></span></label></form></section>`;
}

export type Conflict = { readonly current: number; readonly expected: number };

export function conflictOf({ type, current, expected }: ShownProblem): Conflict | undefined {
	if (!type.endsWith(":wrong-expected-version")) return undefined;
	return { current: Number(current), expected: Number(expected) };
}

function wrong(stream: StreamName, problem: ShownProblem, conflict: Conflict | undefined): Part {
	if (conflict === undefined) return alert(visible(problem.detail));
	const { current, expected } = conflict;
	const is = current < 0 ? "has no events" : `is at ${current} now`;
	const said = `The stream ${is}, you expected ${expected < 0 ? "none" : expected}. Nothing was written.`;
	return alert(html`${said} ${between(stream, current, expected)}`);
}

/** It has the focus, so that a narrow window shows it, and not the list above the form. */
function alert(said: Part): Html {
	return html`<p class="note bad" role="alert" tabindex="-1" autofocus>${said}</p>`;
}

/** What came between, which the list beside the form marks, as far as it shows it. */
function between(stream: StreamName, current: number, expected: number): Part {
	const count = current - expected;
	if (count <= 0) return undefined;
	const numbers =
		count === 1
			? `Event ${current} came between, and is marked.`
			: `Events ${expected + 1} to ${current} came between, and are marked.`;
	if (count <= GRID) return numbers;
	const first = { direction: "forward", from: expected + 1, count: GRID } as const;
	return html`${numbers} <a href="${pageUrl("", stream, first)}">The first of them</a>`;
}
