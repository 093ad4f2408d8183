/** The groups with partitions, and the form that makes another. */
import type { GroupList, GroupStanding } from "../../../src/groups/standing.ts";
import type { Screen, ShownProblem } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { PAGE_KEYS, ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { streamLink } from "../../parts/name.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { visible, visibleText } from "../../parts/visible.ts";
import { FORMS, groupPath, hiddenFields, offsetIn, pageLinks, tabs } from "./form.ts";

const SHOWN = 100;

/** What a form that was refused held, and why it was refused. */
export type NewRefused = {
	readonly problem: ShownProblem;
	readonly fields: {
		readonly name: string;
		readonly stream: string;
		readonly partitions: string;
		readonly key: string;
	};
};

/** GET /groups[?offset=] @throws Refusal `unauthorized` */
export async function groups(frame: Frame, refused?: NewRefused): Promise<Screen> {
	const { visit } = frame;
	const offset = offsetIn(visit.query.get("offset"));
	const list = await visit.store.groups.list({ offset, count: SHOWN });
	const mayOperate = visit.store.may("operate", undefined);
	return screenOf(frame, {
		title: "Groups",
		place: "readers",
		status: refused?.problem.status ?? 200,
		heading: "Groups with partitions",
		facts: html`<span><b>${grouped(list.total)}</b> ${list.total === 1 ? "group" : "groups"}</span>`,
		actions: tabs("groups"),
		note: refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`,
		main: html`${listPanel(list, offset, mayOperate)}${mayOperate && newPanel(frame, refused)}`,
		aside: html`${wordsPanel()}${curlPanel(visit, `${visit.base}/groups`, accepting("application/json"))}`,
		keys: [...ROW_KEYS, ...(list.total > SHOWN ? PAGE_KEYS : [])],
	});
}

function listPanel({ total, standings }: GroupList, offset: number, mayOperate: boolean): Html {
	if (standings.length === 0) return none(total, mayOperate);
	const heads = ["Lag", "Behind", "Members", "Partitions"];
	return html`<section class="panel" aria-label="The list"><table class="rows subs readers" role="table"><caption class="away">Groups, by name</caption>
<colgroup><col><col><col class="sub-status"><col class="count"><col class="count"><col class="count"><col class="count"></colgroup>
<thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Group</th><th scope="col" role="columnheader">Stream</th><th scope="col" role="columnheader">Status</th>${heads.map((text) => html`<th scope="col" role="columnheader" class="num">${text}</th>`)}</tr></thead>
<tbody role="rowgroup">${standings.map(rowOf)}</tbody></table>
<div class="foot"><span>${standings.length} of ${grouped(total)}</span>${pageLinks("/groups", offset, SHOWN, total)}</div></section>`;
}

function rowOf(standing: GroupStanding): Html {
	const { group, lag, members, partitions } = standing;
	const page = groupPath(group.name);
	return html`<tr role="row" class="row" data-page="${page}">
<td role="cell" class="title"><a class="name open" href="${page}"><bdi class="mono" title="${visibleText(group.name)}">${visible(group.name)}</bdi></a></td>
<td role="cell" class="of">${streamLink(group.definition.stream)}</td>
<td role="cell" class="status">${statusOf(standing)}</td>
<td role="cell" class="num lag">${grouped(lag.events)}</td>
<td role="cell" class="num behind">${spanOf(lag.seconds * 1000)}</td>
<td role="cell" class="num members">${unit(members.length, "member")}</td>
<td role="cell" class="num partitions">${unit(partitions.length, "partition")}</td></tr>`;
}

/** Narrow windows hide the heads of the columns, and show the unit instead. */
export function unit(count: number, noun: string): Html {
	return html`${grouped(count)}<span class="unit"> ${count === 1 ? noun : `${noun}s`}</span>`;
}

export function statusOf({ group, lag, members }: GroupStanding): Html {
	const badges: Html[] = [];
	if (lag.events === 0) badges.push(html`<span class="badge ok">all handled</span>`);
	else if (members.length === 0) badges.push(html`<span class="badge warn">nobody reads</span>`);
	else badges.push(html`<span class="badge">reads</span>`);
	if (group.next) badges.push(html`<span class="badge accent">drains</span>`);
	return html`${badges}`;
}

function none(total: number, mayOperate: boolean): Html {
	if (total > 0) {
		return html`<section class="panel"><div class="empty"><h2>No more of them</h2><p>There are ${counted(total, "group")}, and this page begins behind the last.</p></div></section>`;
	}
	const way = mayOperate
		? "The form below makes one."
		: html`Operators make one, on this page or with <code>varve group create</code>.`;
	return html`<section class="panel"><div class="empty"><h2>No group yet</h2>
<p>A group divides a stream into partitions by a key, and shares them among the programs that
are its members. Events of one key are handled in order, by one member at a time.</p>
<p>${way}</p></div></section>`;
}

function newPanel({ visit }: Frame, refused: NewRefused | undefined): Html {
	const fields = refused?.fields ?? { name: "", stream: "", partitions: "16", key: "stream" };
	const input = (name: keyof typeof fields, label: string, max: number) =>
		html`<label class="field">${label}<input class="mono" name="${name}" required maxlength="${max}" autocomplete="off" spellcheck="false" value="${fields[name]}"></label>`;
	return html`<section class="panel" aria-labelledby="new"><header><h2 id="new">New group</h2></header>
<form class="body" method="post" action="${FORMS}">${hiddenFields(visit, "create")}
<div class="pair">${input("name", "Group", 128)}${input("stream", "Stream; it need not exist", 1024)}</div>
<div class="pair">${input("partitions", "Partitions: more than there will ever be members", 4)}${input("key", "Key: stream, or a path such as $.customer.id", 512)}</div>
<p class="hint">Stream and key cannot be changed later; the number of partitions can.</p>
<p class="buttons"><button type="submit" class="main">Create</button></p></form></section>`;
}

const WORDS = [
	["Lag", "events of the stream beyond the partition that is furthest behind"],
	["Behind", "the age of the first of them"],
	["Members", "programs that have partitions now, or wait for some"],
	["Drains", "another number of partitions begins when all before it is handled"],
] as const;

function wordsPanel(): Html {
	const rows = WORDS.map(([word, meaning]) => html`<dt>${word}</dt><dd>${meaning}</dd>`);
	return html`<section class="panel" aria-labelledby="words"><header><h2 id="words">What it says</h2></header><div class="body"><dl class="facts-list">${rows}</dl></div></section>`;
}
