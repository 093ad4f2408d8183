/** The overview: is the store well, and what happens in it now. */
import { ALL } from "../../src/event.ts";
import { STREAMS } from "../../src/indexes/joins.ts";
import type { Screen } from "../../src/screens.ts";
import { type Frame, screenOf } from "../frame/frame.ts";
import { LIVE_KEY, ROW_KEYS } from "../frame/keys.ts";
import { type Html, html, type Part } from "../html.ts";
import { accepting, curlPanel, quotedWord } from "../parts/curl.ts";
import { liveOf } from "../parts/live.ts";
import { typeOf } from "../parts/name.ts";
import { counted, dateOf, grouped, spanOf } from "../parts/numbers.ts";
import { strip } from "../parts/strip.ts";
import { eventRows } from "./event-rows.ts";

const EVENTS_SHOWN = 16;
const STRIP_EVENTS = 100;
const TYPES_SHOWN = 6;

export async function overview(frame: Frame): Promise<Screen> {
	const { visit, head = -1, now } = frame;
	const { store, base } = visit;
	const facts = store.facts();
	const newest = { stream: ALL, from: "head", direction: "backward" } as const;
	const [{ entries }, recent, streams] = await Promise.all([
		store.read({ ...newest, limit: EVENTS_SHOWN, content: true }),
		store.read({ ...newest, limit: STRIP_EVENTS, content: false }),
		store.last(STREAMS),
	]);
	const types = recent.entries.map(({ event }) => event.type);
	const main =
		entries.length === 0
			? firstSteps(base)
			: newestPanel(
					frame,
					eventRows(frame, {
						stream: ALL,
						entries,
						isIndex: true,
						caption: "The newest events",
					}),
					entries.length,
				);
	return screenOf(frame, {
		title: "Overview",
		place: "overview",
		heading: "Overview",
		facts: html`<span>Running for <b>${spanOf(now - facts.started)}</b></span><span>${facts.stopped === undefined ? "Writing" : "Not writing"}</span>`,
		note: html`${stoppedNote(facts.stopped)}${tiles(frame, types, Number(streams) + 1)}`,
		main,
		aside: html`${logPanel(frame)}${typesPanel(frame, head + 1)}${curlPanel(`${base}/streams/%24all`, accepting("application/x-ndjson"))}`,
		keys: [...ROW_KEYS, LIVE_KEY],
	});
}

/** Why nothing is written, and what to do about it; the other pages go on. */
export function stoppedNote(stopped: string | undefined): Part {
	if (stopped === undefined) return undefined;
	if (stopped === "shutting-down") {
		return html`<p class="note bad" role="alert">The server is shutting down. It finishes the requests that run.</p>`;
	}
	return html`<p class="note bad" role="alert"><b>Writing has stopped.</b> The disk failed, or the log is damaged. Reads go on. To write again, mend the disk and start the server again; <code>varve verify</code> names what is damaged. The server's log has the cause.</p>`;
}

/** The figures of load stand here, behind these two, once they are measured. */
function tiles(frame: Frame, types: readonly string[], streams: number): Html {
	const { head = -1, types: known } = frame;
	return html`<div class="tiles">
<div class="tile"><h2>Head of the log</h2><p class="figure">${head < 0 ? "0" : grouped(head)} <small>${head < 0 ? "events" : "position"}</small></p>
${strip(types.toReversed(), known.hues)}<p class="cap"><span>last ${counted(types.length, "event")} by type</span><span>now</span></p></div>
<div class="tile"><h2>Streams</h2><p class="figure">${grouped(streams)} <small>ever written to</small></p><p class="cap"><a href="/streams">All streams</a></p></div>
<div class="tile"><h2>Event types</h2><p class="figure">${grouped(known.counted.length)}${known.isCut ? "+" : ""}</p><p class="cap"><a href="/streams?prefix=%24et-">All types</a></p></div>
</div>`;
}

function newestPanel(frame: Frame, rows: Html, shown: number): Html {
	const { head = -1 } = frame;
	return html`<section class="panel" aria-labelledby="newest" id="swap">
<header><h2 id="newest">Newest events</h2>${liveOf(ALL, head)}</header>
${rows}<div class="foot"><span>The last ${shown} of ${counted(head + 1, "event")}</span><a href="/streams/%24all">All events</a></div></section>`;
}

/** What the server knows of its log; disk, backups and verification stand here once it does. */
function logPanel({ visit, head = -1 }: Frame): Html {
	const { key, stopped, started } = visit.store.facts();
	const [name, id] = key.split("+");
	const time = new Date(started).toISOString();
	const text = `${dateOf(started)}, ${time.slice(11, 19)} UTC`;
	const when = html`<time datetime="${time}">${text}</time>`;
	const state =
		stopped === undefined
			? html`<span class="badge ok">writing</span>`
			: html`<span class="badge bad">not writing</span>`;
	return html`<section class="panel" aria-labelledby="log"><header><h2 id="log">The log</h2>${state}</header><div class="body"><dl class="facts-list">
<dt>Events</dt><dd>${grouped(head + 1)}</dd>
<dt>Started</dt><dd>${when}</dd>
<dt>Signed head</dt><dd><a href="/log/checkpoint">for ${counted(head + 1, "event")}</a><small class="mono">${name}+${id}</small></dd></dl></div></section>`;
}

function typesPanel({ types }: Frame, events: number): Part {
	if (types.counted.length === 0) return undefined;
	const shown = types.counted.slice(0, TYPES_SHOWN);
	const rest = types.counted.length - shown.length;
	return html`<section class="panel" aria-labelledby="types"><header><h2 id="types">Event types</h2><span class="more">${grouped(types.counted.length)}${types.isCut ? " and more" : " in all"}</span></header>
<div class="body"><div class="counts">${shown.map(
		({ type, events: count }) =>
			html`<a href="/streams/${encodeURIComponent(`$et-${type}`)}">${typeOf(type, types.hues)}<span class="num">${grouped(count)}</span><span class="share-of">${share(count, events)}</span></a>`,
	)}</div>${rest > 0 && html`<a href="/streams?prefix=%24et-">${grouped(rest)} more</a>`}</div></section>`;
}

function share(count: number, all: number): string {
	return `${((100 * count) / Math.max(all, 1)).toFixed(1)} %`;
}

function firstSteps(base: string): Html {
	const command = [
		`curl -i -L ${quotedWord(`${base}/streams/order-1`)}`,
		"-H 'Content-Type: application/json'",
		"-H 'ES-EventType: OrderPlaced'",
		`-d '{"total":12.50}'`,
	];
	return html`<section class="panel"><div class="empty"><h2>The store is empty</h2>
<p>Append the first event, from a shell or from here.</p><pre class="code" tabindex="0">${command.join(" \\\n  ")}</pre>
<a class="button" href="/streams/order-1">Append the first event</a></div></section>`;
}
