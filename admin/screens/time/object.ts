/** The object that the events up to a moment make, with the event that set each key. */
import { KEYS_MAX, type LeftOut, type Member } from "../../../src/pages/as-of/merge.ts";
import { type Html, html, type Part } from "../../html.ts";
import { type Json, readJson } from "../../parts/json/json.ts";
import { preview } from "../../parts/json/preview.ts";
import { streamPath } from "../../parts/name.ts";
import { counted, grouped } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import type { Moment } from "./moment.ts";

const ROWS_MAX = 100;
/** A row is never as wide as what so many characters show. */
const VALUE_MAX = 2048;
const BEFORE_MAX = 60;
const NODES_MAX = 60;
/** A larger object is copied with the curl line. */
const COPIED_MAX = 16 * 1024;
const LEFT_OUT_SHOWN = 5;
const SAID: Readonly<Record<LeftOut, string>> = {
	erased: "was erased",
	"not shown": "leads to an event that is not shown any more",
	"not JSON": "is not a JSON object",
	"not an object": "is not a JSON object",
	"too many keys": `has more than ${grouped(KEYS_MAX)} keys`,
};

export function objectPanel(moment: Moment): Html {
	const { members, at } = moment;
	const json = jsonOf(members);
	const copy =
		json !== undefined && members.size > 0
			? html`<button type="button" class="needs-script" data-copy="#object-json" data-copy-url>Copy <kbd>c</kbd></button>`
			: "";
	const ordered = [...members].sort(([, one], [, other]) => changed(other, at) - changed(one, at));
	// What this event changed stands in the order of all, unless there are more than are shown.
	const rows = (members.size > ROWS_MAX ? ordered : [...members]).slice(0, ROWS_MAX);
	const rest = members.size - rows.length;
	const more =
		rest > 0 && html`<p class="foot">${counted(rest, "key")} more; the curl line has them all</p>`;
	const copied = copy && html`<pre id="object-json" hidden>${json}</pre>`;
	return html`<section class="panel" aria-labelledby="object"><header><h2 id="object">The object they make</h2><span class="more">later events win, key by key</span>${copy}</header>${copied}
${members.size === 0 ? nothing(moment) : tableOf(rows, moment)}
${more}${limitsOf(moment)}${leftOutOf(moment)}</section>`;
}

function changed({ setBy }: Member, at: number): number {
	return Number(setBy === at);
}

function tableOf(rows: readonly (readonly [string, Member])[], moment: Moment): Html {
	return html`<table class="made">
<caption class="away">Keys, values, and the event that set each</caption>
<colgroup><col class="key"><col><col class="by"></colgroup>
<thead><tr><th scope="col">Key</th><th scope="col">Value</th><th scope="col" class="num">Set by</th></tr></thead>
<tbody>${rows.map(([key, member]) => rowOf(key, member, moment))}</tbody></table>`;
}

function rowOf(key: string, member: Member, { stream, at }: Moment): Html {
	const { json, setBy, before } = member;
	const isNow = setBy === at;
	const isChanged = isNow && before !== json;
	const was =
		before === undefined
			? html` <span class="new">new</span>`
			: before === json
				? html` <span class="none same">same as before</span>`
				: html` <span class="badge">was ${visible(cut(before, BEFORE_MAX))}</span>`;
	const attributes = isChanged ? html` class="changed"` : "";
	return html`<tr${attributes}><th scope="row" class="mono k">${key === "" ? '""' : visible(cut(key, BEFORE_MAX))}</th><td class="mono">${shownValue(readJson(json.slice(0, VALUE_MAX), NODES_MAX))}${isNow && was}</td><td class="num"><a class="mono" href="${streamPath(stream, `/${setBy}`)}">${grouped(Number(setBy))}</a></td></tr>`;
}

/** Of a list, its length and the beginning of its first item. */
function shownValue(value: Json): Part {
	if (value.kind !== "array" || value.items.length === 0) return preview(value);
	const [item] = value.items;
	const more = value.items.length > 1 || value.isCut ? " …" : "";
	return html`<span class="none">[${value.isCut ? "…" : value.items.length}]</span> ${item && preview(item)}${more}`;
}

function cut(text: string, length: number): string {
	return text.length > length ? `${text.slice(0, length).toWellFormed()}…` : text;
}

function nothing({ at, events }: Moment): Html {
	const said =
		at < 0 ? "Nothing yet" : events.length === 0 ? "No event is shown" : "No event is an object";
	return html`<div class="empty"><h2>${said}</h2><p>Events whose data is a JSON object make one here.</p></div>`;
}

/** A bounded number of events is read. */
function limitsOf({ from, first, at, events }: Moment): Part {
	if (Number(from) <= Number(first) || events.length === 0) return undefined;
	return html`<p class="foot">Made of the newest ${counted(events.length, "event")} up to here, ${grouped(Number(from))} to ${grouped(Number(at))}. Earlier ones are left out.</p>`;
}

function leftOutOf({ events }: Moment): Part {
	const out = events.flatMap((one) => ("leftOut" in one ? [one] : []));
	if (out.length === 0) return undefined;
	const shown = out.slice(-LEFT_OUT_SHOWN);
	const rest = out.length - shown.length;
	return html`<p class="foot">${rest > 0 && `${counted(rest, "earlier event")} left out as well. `}${shown.map(
		({ entry, leftOut }) =>
			`Event ${grouped(Number(entry.version))} ${SAID[leftOut]}, and is left out. `,
	)}</p>`;
}

/** Undefined if it is too large to be copied from here. */
function jsonOf(members: ReadonlyMap<string, Member>): string | undefined {
	let text = "";
	for (const [key, { json }] of members) {
		text += `${text === "" ? "" : ",\n"}\t${JSON.stringify(key)}: ${json}`;
		if (text.length > COPIED_MAX) return undefined;
	}
	return `{\n${text}\n}`;
}
