/** What a search found, as rows: the value that was asked for stands first. */
import { eventUrl } from "../../../src/http/urls.ts";
import type { ValueCondition } from "../../../src/searching/condition.ts";
import type { Hit } from "../../../src/searching/search.ts";
import type { Value } from "../../../src/searching/values.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { quoted, readJson } from "../../parts/json/json.ts";
import { preview, previewOf, textOf } from "../../parts/json/preview.ts";
import { streamLink, typeOf } from "../../parts/name.ts";
import { clockOf, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";

const PREVIEW_BYTES = 4096;
const PREVIEW_NODES = 60;
/** Besides the value that was asked for; a search may show many rows. */
const MEMBERS_SHOWN = 4;
const VALUE_MAX = 120;

export function foundTable(
	frame: Frame,
	hits: readonly Hit[],
	value: ValueCondition | undefined,
): Html {
	const rows = hits.map((hit) => rowOf(frame, hit, value));
	return html`<table class="rows" role="table"><caption class="away">Events found</caption>
<colgroup><col class="no"><col class="type"><col class="stream"><col><col class="time"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">Position</th><th scope="col" role="columnheader">Type</th><th scope="col" role="columnheader">Stream</th><th scope="col" role="columnheader">Data</th><th scope="col" role="columnheader" class="num">Time, UTC</th></tr></thead>
<tbody role="rowgroup" id="search-rows">${rows}</tbody></table>`;
}

function rowOf({ types, now }: Frame, hit: Hit, condition: ValueCondition | undefined): Html {
	const { event, link } = hit.entry;
	const path = eventUrl("", event.stream, event.version);
	return html`<tr role="row" class="row" data-page="${path}">
<td role="cell" class="no num"><a href="${path}" class="mono">${grouped(Number(event.position))}</a></td>
<td role="cell" class="type">${typeOf(event.type, types.hues)}</td>
<td role="cell" class="stream"><span class="entry">${streamLink(event.stream)}<span class="at">/${event.version}</span></span></td>
<td role="cell" class="data found">${dataOf(hit, condition)}</td>
<td role="cell" class="time">${clockOf((link ?? event).created, now)}</td></tr>`;
}

function dataOf({ entry, value }: Hit, condition: ValueCondition | undefined): Part {
	const { event } = entry;
	if (value === undefined || condition === undefined) return previewOf(event, MEMBERS_SHOWN);
	const found = html`<span class="k">${visible(condition.text.replace(/^\$\.?/, ""))}</span>:<mark>${visible(textOfValue(value))}</mark>`;
	const json = readJson(textOf(event.data, PREVIEW_BYTES) ?? "", PREVIEW_NODES);
	if (json.kind !== "object") return found;
	const [only, ...deeper] = condition.path;
	const name = deeper.length === 0 && only?.kind === "name" ? only.name : undefined;
	const members = json.members.filter(({ key }) => key !== name);
	return html`${found} ${preview({ ...json, members }, MEMBERS_SHOWN)}`;
}

function textOfValue({ kind, text }: Value): string {
	if (kind === "object") return "{…}";
	if (kind === "array") return "[…]";
	const cut = text.length > VALUE_MAX ? `${text.slice(0, VALUE_MAX)}…` : text;
	return kind === "string" ? quoted(cut) : cut;
}
