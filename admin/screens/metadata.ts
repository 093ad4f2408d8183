/** The metadata of a stream: as a form of the rules the store knows, and as the JSON that it is. */
import { parseStreamName, type StreamName } from "../../src/event.ts";
import type { Screen, ShownProblem } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { type Html, html } from "../html.ts";
import { accepting, curlPanel } from "../parts/curl.ts";
import { type Json, writeJson } from "../parts/json/json.ts";
import { describableOf } from "../parts/json/rules.ts";
import { nameOf, streamPath } from "../parts/name.ts";
import { visible } from "../parts/visible.ts";
import { whoMayPanel } from "./people/who-may.ts";
import { crumbsOf } from "./stream/crumbs.ts";
import { describedIn, inWords, membersOf, namesIn } from "./stream/described.ts";

export type MetadataRefused = { readonly problem: ShownProblem; readonly text: string };

const NUMBERS = [
	["$maxAge", "Keep for, in seconds", "no limit"],
	["$maxCount", "Keep at most, in events", "no limit"],
	["$tb", "Hide events before number", "none"],
	["$cacheControl", "Caches may keep the head for, in seconds", "not at all"],
] as const;
const ROLES = [
	["$r", "Read"],
	["$w", "Write"],
	["$d", "Delete"],
	["$mr", "Read metadata"],
	["$mw", "Write metadata"],
] as const;

/** @throws Refusal `invalid-stream-name`, and as a read */
export async function metadata(frame: Frame, refused?: MetadataRefused): Promise<Screen> {
	const { visit } = frame;
	const stream = describableOf(parseStreamName(visit.target.stream));
	const described = await describedIn(visit.store, stream);
	const words =
		inWords(described) ?? "Nothing is set: all events are kept, and shown to all who may read.";
	const text = refused?.text ?? described.text;
	return screenOf(frame, {
		title: `Metadata of ${stream}`,
		place: "streams",
		status: refused?.problem.status ?? 200,
		crumbs: html`${crumbsOf(stream)} / <a href="${streamPath(stream)}" class="mono">${nameOf(stream)}</a>`,
		heading: html`Metadata of <span class="mono">${nameOf(stream)}</span>`,
		note: html`<p class="note">${words}</p>${refused && html`<p class="note bad" role="alert">${visible(refused.problem.detail)}</p>`}`,
		main: html`${formPanel(frame, stream, described.text, Number(described.version))}${jsonPanel(frame, stream, text, Number(described.version))}`,
		aside: html`${await whoMayPanel(visit.people, stream)}${history(stream)}${curlPanel(visit, `${visit.base}${streamPath(stream, "/metadata")}`, accepting("application/json"))}`,
	});
}

function formPanel({ visit }: Frame, stream: StreamName, text: string, version: number): Html {
	const members = membersOf(text);
	const acl = members.get("$acl");
	const roles = (key: string) =>
		acl?.kind === "object" ? namesIn(acl.members.find((member) => member.key === key)?.value) : [];
	return html`<section class="panel" aria-labelledby="rules"><header><h2 id="rules">Rules</h2><span class="more">other keys stay as they are</span></header>
<form class="body" method="post" action="${streamPath(stream)}">${hidden(visit.token, "describe", version)}
<div class="pair"><div class="panel-less">${NUMBERS.map(([key, words, none]) => html`<label class="field">${words}<input class="mono" name="${key}" inputmode="numeric" pattern="\\d*" placeholder="${none}" value="${scalar(members.get(key))}"></label>`)}</div>
<div class="panel-less">${ROLES.map(([key, words]) => html`<label class="field">${words}<input class="mono" name="acl${key}" placeholder="everyone who may" spellcheck="false" value="${roles(key).join(", ")}"></label>`)}</div></div>
<p class="hint">Names of users and groups, with commas between them.</p>
<p class="buttons"><button type="submit" class="main">Write the rules</button></p></form></section>`;
}

function jsonPanel({ visit }: Frame, stream: StreamName, text: string, version: number): Html {
	return html`<section class="panel" aria-labelledby="json"><header><h2 id="json">As JSON</h2></header>
<form class="body" method="post" action="${streamPath(stream)}">${hidden(visit.token, "describe-json", version)}
<label class="field"><span class="away">Metadata</span><textarea name="data" rows="10" spellcheck="false">${"\n"}${text}</textarea></label><p class="hint" data-checks="data" role="status"></p>
<p class="buttons"><button type="submit">Write the document</button></p></form></section>`;
}

function hidden(token: string, action: string, version: number): Html {
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}"><input type="hidden" name="expected" value="${version}">`;
}

function history(stream: StreamName): Html {
	return html`<section class="panel" aria-labelledby="history"><header><h2 id="history">Where it is kept</h2></header><div class="body"><p class="hint">Metadata is the newest event of a stream of its own: <a href="${streamPath(`$$${stream}`)}" class="mono">${nameOf(`$$${stream}`)}</a>. Each change is an event.</p></div></section>`;
}

function scalar(value: Json | undefined): string {
	return value === undefined ? "" : value.kind === "string" ? value.text : writeJson(value);
}
