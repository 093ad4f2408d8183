/** One group: how it stands, its members, its partitions, and how it is divided. */
import { parseGroupName } from "../../../src/groups/definition.ts";
import type { GroupStanding, PartitionStanding } from "../../../src/groups/standing.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible } from "../../parts/visible.ts";
import { startForm } from "../start.ts";
import { FORMS, groupPath, hiddenFields } from "./form.ts";
import { statusOf, unit } from "./groups.ts";

const MEMBERS_SHOWN = 100;

/** GET /groups/{group} @throws Refusal `unauthorized`, `group-not-found`, `invalid-group` */
export async function group(frame: Frame, problem?: ShownProblem): Promise<Screen> {
	const { visit } = frame;
	const { store, target, base } = visit;
	const name = parseGroupName(target.group);
	const standing = await store.groups.standing(name);
	const mayOperate = store.may("operate", undefined);
	return screenOf(frame, {
		title: name,
		place: "readers",
		status: problem?.status ?? 200,
		crumbs: html`<a href="/groups">Groups</a>`,
		heading: html`<span class="mono">${visible(name)}</span>`,
		facts: html`<span>of ${streamLink(standing.group.definition.stream)}</span>${statusOf(standing)}`,
		note: problem && html`<p class="note bad" role="alert">${visible(problem.detail)}</p>`,
		main: html`${tiles(standing)}${membersPanel(standing)}${partitionsPanel(standing)}`,
		aside: html`${settingsPanel(frame, standing, mayOperate)}${mayOperate && deletionPanel(frame, name)}${curlPanel(visit, base + groupPath(name), accepting("application/json"))}`,
	});
}

function tiles({ lag, at, members, partitions }: GroupStanding): Html {
	const unowned = partitions.filter(({ member }) => member === undefined).length;
	const shown = [
		["Lag", grouped(lag.events), "events beyond the partition furthest behind"],
		["Behind", spanOf(lag.seconds * 1000), "the age of the first of them"],
		["Handled to", at < 0 ? "none" : grouped(at), "in all partitions"],
		["Members", grouped(members.length), "have partitions, or wait for some"],
		["Free", grouped(unowned), "partitions that no member has"],
	] as const;
	return html`<div class="tiles numbers">${shown.map(([title, value, meaning]) => html`<div class="tile"><h2>${title}</h2><p class="figure">${value}</p><p class="hint">${meaning}</p></div>`)}</div>`;
}

function membersPanel({ members }: GroupStanding): Html {
	const shown = members.slice(0, MEMBERS_SHOWN);
	const rows = shown.map(
		({ name, login, partitions, leftMs }) =>
			html`<tr role="row" class="row"><td role="cell" class="wide-cell"><bdi class="mono">${visible(name)}</bdi>${login !== "" && html` <span class="hint">of ${visible(login)}</span>`}</td><td role="cell" class="num">${unit(partitions, "partition")}</td><td role="cell" class="num">${spanOf(leftMs)}<span class="unit"> of its lease left</span></td></tr>`,
	);
	const more = members.length - shown.length;
	const body =
		rows.length === 0
			? html`<p class="foot">No member reads now.</p>`
			: html`<table class="rows consumers" role="table"><caption class="away">Members</caption><colgroup><col><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Member</th><th scope="col" role="columnheader" class="num">Partitions</th><th scope="col" role="columnheader" class="num">Lease left</th></tr></thead><tbody role="rowgroup">${rows}</tbody></table>${more > 0 && html`<p class="foot">and ${grouped(more)} more</p>`}`;
	return html`<section class="panel" aria-labelledby="members"><header><h2 id="members">Members</h2><span class="badge">${grouped(members.length)}</span></header>${body}</section>`;
}

function partitionsPanel({ partitions }: GroupStanding): Html {
	return html`<section class="panel" aria-labelledby="partitions"><header><h2 id="partitions">Partitions</h2><span class="badge">${grouped(partitions.length)}</span></header>
<table class="rows shares" role="table"><caption class="away">Partitions, by number</caption><colgroup><col class="no"><col><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader" class="num">No.</th><th scope="col" role="columnheader">Member</th><th scope="col" role="columnheader" class="num">Handled to</th><th scope="col" role="columnheader" class="num">Lag</th><th scope="col" role="columnheader" class="num">Generation</th></tr></thead>
<tbody role="rowgroup">${partitions.map(partitionRow)}</tbody></table></section>`;
}

function partitionRow(one: PartitionStanding): Html {
	const { partition, member, at, lagEvents, generation, isLeaving } = one;
	const owner =
		member === undefined
			? html`<span class="hint">free</span>`
			: html`<bdi class="mono">${visible(member)}</bdi>${isLeaving && html` <span class="badge accent">leaves</span>`}`;
	return html`<tr role="row" class="row"><td role="cell" class="no num mono">${grouped(partition)}</td><td role="cell" class="wide-cell">${owner}</td><td role="cell" class="num reached">${at < 0 ? "none" : grouped(at)}</td><td role="cell" class="num lag">${grouped(lagEvents)}</td><td role="cell" class="num generation">${member === undefined ? "–" : grouped(generation)}</td></tr>`;
}

function settingsPanel({ visit }: Frame, standing: GroupStanding, mayOperate: boolean): Html {
	const { definition, layout, next, name } = standing.group;
	const { key, filter, leaseMilliseconds } = definition;
	const lines: readonly Part[] = [
		html`The key is ${key === "stream" ? "the stream" : html`<b class="mono">${visible(key)}</b>`}.`,
		filter
			? html`Only events whose ${filter.context === "streamid" ? "stream" : "type"} ${filter.type === "prefix" ? "begins with" : "matches"} <b class="mono">${visible(filter.data)}</b>.`
			: "All events of the stream.",
		`${counted(layout.partitions, "partition")} from number ${grouped(layout.from)} on.`,
		...(next
			? [
					`${counted(next.partitions, "partition")} from number ${grouped(next.from)} on, once everything before it is handled.`,
				]
			: []),
		`A member that is silent for ${spanOf(leaseMilliseconds)} loses what it has.`,
	];
	const form = html`<details><summary>Change the number of partitions</summary>
<form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "change", name)}
<label class="field">Partitions<input class="mono" name="partitions" inputmode="numeric" required maxlength="4" autocomplete="off" value="${definition.partitions}"></label>
<p class="hint">It begins when everything up to now is handled, so that each key stays in order.</p>
<p class="buttons"><button type="submit">Change</button></p></form></details>`;
	return html`<section class="panel" aria-labelledby="settings"><header><h2 id="settings">Settings</h2></header><div class="body"><ul class="says">${lines.map((line) => html`<li>${line}</li>`)}</ul>${mayOperate && form}${mayOperate && startForm(FORMS, hiddenFields(visit, "reset", name), STARTS)}</div></section>`;
}

const STARTS = [
	"All partitions go on there, also if they have passed it: then events are handled again.",
	"Members keep what they have. What they say of the place before counts no more.",
];

function deletionPanel({ visit }: Frame, name: string): Html {
	return html`<section class="panel" aria-labelledby="delete"><header><h2 id="delete">Delete</h2></header><div class="body"><details><summary>Delete this group</summary><form class="deed" method="post" action="${FORMS}">${hiddenFields(visit, "delete", name)}
<ul class="says"><li>Its checkpoints are gone; the events of the stream stay.</li><li>Its members are refused, and stop.</li></ul>
<label class="field"><span>To do it, type the group <b class="mono">${visible(name)}</b></span><input class="mono" name="confirm" required autocomplete="off" spellcheck="false"></label>
<p class="buttons"><button type="submit" class="danger">Delete</button></p></form></details></div></section>`;
}
