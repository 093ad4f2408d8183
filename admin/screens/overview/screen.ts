/** The overview: is the store well, and what happens in it now. */
import { ALL } from "../../../src/event.ts";
import type { Screen, ServerState, Store, Visit } from "../../../src/screens.ts";
import { type Frame, screenOf } from "../../frame/frame.ts";
import { LIVE_KEY, ROW_KEYS } from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import {
	accepting,
	commandLine,
	commandPanel,
	curlPanel,
	header,
	quotedWord,
} from "../../parts/curl.ts";
import { liveOf } from "../../parts/live.ts";
import { typeOf } from "../../parts/name.ts";
import { counted, grouped, spanOf } from "../../parts/numbers.ts";
import { actionForm } from "../../parts/run.ts";
import { looksLine, looksOf } from "../../parts/state/looks.ts";
import { stoppedNote, stoppedPanel } from "../../parts/state/stopped.ts";
import { readBeginnings } from "../beginnings.ts";
import { eventRows } from "../event-rows.ts";
import { hourPanel } from "./hour.ts";
import { logPanel } from "./log-panel.ts";
import { SERIES_NAMES } from "./series.ts";
import { tiles } from "./tiles.ts";

const EVENTS_SHOWN = 16;
const STRIP_EVENTS = 100;
const TYPES_SHOWN = 6;
const STRIP_WIDTH = 1000;

export async function overview(frame: Frame): Promise<Screen> {
	const { visit, head = -1, now } = frame;
	const { store } = visit;
	const newest = { stream: ALL, from: "head", direction: "backward" } as const;
	const [{ entries, sizes }, recent, state] = await Promise.all([
		readBeginnings(store, { ...newest, limit: EVENTS_SHOWN }),
		store.read({ ...newest, limit: STRIP_EVENTS, content: false }),
		stateOf(store),
	]);
	const chosen = SERIES_NAMES.find((name) => name === visit.query.get("chart"));
	const figures = state === undefined ? [] : store.operations.recent();
	const types = recent.entries.map(({ event }) => event.type);
	const chart = chosen && state && hourPanel(chosen, figures, now);
	const rows = {
		stream: ALL,
		entries,
		sizes,
		isIndex: true,
		caption: "The newest events",
	} as const;
	const events =
		entries.length === 0
			? firstSteps(visit)
			: newestPanel(frame, eventRows(frame, rows), entries.length);
	const { started, stopped } = store.facts();
	return screenOf(frame, {
		title: "Overview",
		place: "overview",
		heading: "Overview",
		facts: html`<span>Running for <b>${spanOf(now - started)}</b></span><span>${stopped === undefined ? "Writing" : "Not writing"}</span>${state && looksLine(looksOf(state, now))}`,
		actions:
			state && mayVerify(frame, state) && actionForm(visit, "start-verification", "Verify the log"),
		note: html`${state ? stoppedPanel(state.writer, now) : stoppedNote(stopped)}${tiles(frame, { newest: types, figures, state, chosen })}`,
		main: html`${chart}${events}`,
		aside: html`${logPanel(frame, state)}${typesPanel(frame, head + 1)}${curls(visit, state)}`,
		keys: [...ROW_KEYS, LIVE_KEY],
	});
}

/** Undefined if this visitor may not see the numbers of the server. */
async function stateOf(store: Store): Promise<ServerState | undefined> {
	return store.may("monitor", undefined) ? store.operations.state() : undefined;
}

function mayVerify({ visit: { store } }: Frame, { verification }: ServerState): boolean {
	return store.may("operate", undefined) && verification.running === undefined;
}

/** The figures are for whoever may see those of the server. */
function curls(visit: Visit, state: ServerState | undefined): Html {
	const newest = `${visit.base}/streams/%24all/head/backward/${EVENTS_SHOWN}`;
	const lines = accepting("application/vnd.varve.events+ndjson");
	const events = curlPanel(visit, newest, lines);
	if (state === undefined) return events;
	const of = { id: "curl-figures", title: "The last hour with curl" };
	const json = accepting("application/json");
	return html`${events}${commandPanel(visit, of, `${visit.base}/stats/recent`, json)}`;
}

function newestPanel(frame: Frame, rows: Html, shown: number): Html {
	const { head = -1 } = frame;
	return html`<section class="panel" aria-labelledby="newest" id="swap">
<header><h2 id="newest">Newest events</h2>${liveOf(ALL, head)}</header>
${rows}<div class="foot"><span>The last ${shown} of ${counted(head + 1, "event")}</span><a href="/streams/%24all">All events</a></div></section>`;
}

function typesPanel({ types }: Frame, events: number): Part {
	if (types.counted.length === 0) return undefined;
	const shown = types.counted.slice(0, TYPES_SHOWN);
	const rest = types.counted.length - shown.length;
	return html`<section class="panel" aria-labelledby="types"><header><h2 id="types">Event types</h2><span class="more">${grouped(types.counted.length)}${types.isCut ? " and more" : " in all"}</span></header>
<div class="body">${shareStrip(shown, events, types.hues)}<div class="counts">${shown.map(
		({ type, events: count }) =>
			html`<a href="/streams/${encodeURIComponent(`$et-${type}`)}">${typeOf(type, types.hues)}<span class="num">${grouped(count)}</span><span class="share-of">${share(count, events)}</span></a>`,
	)}</div>${rest > 0 && html`<a href="/streams?prefix=%24et-">${grouped(rest)} more</a>`}</div></section>`;
}

/** The shares of the commonest types, in their hues; what is left is grey. */
function shareStrip(
	shown: Frame["types"]["counted"],
	events: number,
	hues: Frame["types"]["hues"],
): Html {
	let at = 0;
	const pieces = shown.map(({ type, events: count }) => {
		const width = Math.round((STRIP_WIDTH * count) / Math.max(events, 1));
		const piece = html`<rect class="f${hues.get(type) ?? 0}" x="${at}" y="0" width="${Math.max(width - 2, 1)}" height="1"/>`;
		at += width;
		return piece;
	});
	const rest = Math.max(STRIP_WIDTH - at, 0);
	return html`<div class="share" aria-hidden="true"><svg viewBox="0 0 ${STRIP_WIDTH} 1" preserveAspectRatio="none">${pieces}<rect class="f0" x="${at}" y="0" width="${rest}" height="1"/></svg></div>`;
}

function share(count: number, all: number): string {
	return `${((100 * count) / Math.max(all, 1)).toFixed(1)}\u00a0%`;
}

function firstSteps(visit: Visit): Html {
	const type = header("Content-Type: application/json");
	const data = `-d ${quotedWord('{"total":12.50}')}`;
	const words = ["-i", "-L", type, header("ES-EventType: OrderPlaced"), data];
	const command = commandLine(visit, "curl-first", `${visit.base}/streams/order-1`, ...words);
	return html`<section class="panel"><div class="empty"><h2>The store is empty</h2>
<p>Append the first event, from a shell or from here.</p>${command}
<a class="button" href="/streams/order-1">Append the first event</a></div></section>`;
}
