/** A stream: what happened in it, the newest first. */
import { ALL, type StreamName } from "../../../src/event.ts";
import { pageUrl } from "../../../src/http/urls.ts";
import { isDeletable, isIndexStream, isWritable } from "../../../src/indexes/joins.ts";
import type { Screen, Visit } from "../../../src/screens.ts";
import { type Frame, redirect, screenOf } from "../../frame/frame.ts";
import {
	APPEND_KEY,
	FILTER_KEY,
	type KeyOf,
	LIVE_KEY,
	OPEN_KEY,
	PAGE_KEYS,
	ROW_KEYS,
	TIME_KEY,
} from "../../frame/keys.ts";
import { type Html, html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { nameOf, streamPath } from "../../parts/name.ts";
import { agoOf, clockOf, counted, grouped } from "../../parts/numbers.ts";
import { stoppedNote } from "../../parts/state/stopped.ts";
import { visibleText } from "../../parts/visible.ts";
import { wholeOf } from "../beginnings.ts";
import { eventRows } from "../event-rows.ts";
import { listPath as subscriptionsPath } from "../subscriptions/list.ts";
import { appendPanel, conflictOf, type Refused } from "./append.ts";
import { crumbsOf } from "./crumbs.ts";
import { inWords } from "./described.ts";
import { insideOf } from "./inside.ts";
import { jumpTo } from "./jump.ts";
import { entriesPanel } from "./panel.ts";
import { isIndexOf, placeOf } from "./place.ts";
import { readShown, type Shown } from "./shown.ts";

/** @throws Refusal as a read of the stream */
export async function stream(frame: Frame, refused?: Refused): Promise<Screen> {
	const { visit } = frame;
	const place = placeOf(visit);
	const shown = await readShown(visit, place);
	const jump = visit.query.get("at");
	const to = jump === null ? undefined : jumpTo(place.stream, jump, shown.last, frame.now);
	if (to !== undefined) return redirect(visit, to);
	if (shown.last < 0 && place.stream !== ALL) return emptyStream(frame, shown, refused);
	const opened = await openedIn(frame, shown);
	const groups = await visit.store.subscriptions.countOf(place.stream);
	const isIndex = isIndexOf(place.stream);
	const rows = eventRows(frame, {
		stream: place.stream,
		entries: shown.entries,
		sizes: shown.sizes,
		isIndex,
		openPath: openPathOf(
			visit.query,
			visit.path === "/streams/:stream" ? streamPath(place.stream) : pathOf(frame),
		),
		caption: "Events",
		expected: refused && conflictOf(refused.problem)?.expected,
		...(opened ? { open: opened } : {}),
	});
	return screenOf(frame, {
		title: place.stream === ALL ? "All events" : place.stream,
		place: place.stream === ALL ? "all" : "streams",
		status: refused?.problem.status ?? 200,
		...headingOf(frame, shown, groups),
		main: entriesPanel(frame, shown, rows, jump === null ? undefined : jump),
		aside: asideOf(frame, shown, refused),
		keys: STREAM_KEYS,
	});
}

/** The form of a page for programs: an event a line, with its data. */
const LINES = "application/vnd.varve.events+ndjson";
const STREAM_KEYS: readonly KeyOf[] = [
	...ROW_KEYS,
	OPEN_KEY,
	...PAGE_KEYS,
	LIVE_KEY,
	FILTER_KEY,
	TIME_KEY,
	APPEND_KEY,
];

async function openedIn(
	{ visit }: Frame,
	{ place, entries }: Shown,
): Promise<{ version: number; inside: Part } | undefined> {
	const entry = entries.find(({ version }) => Number(version) === place.open);
	if (entry === undefined || place.open === undefined || entry.unresolved) return undefined;
	const whole = await wholeOf(visit.store, place.stream, entry);
	return { version: place.open, inside: await insideOf(visit.store, place, whole) };
}

/** The URL of this screen that opens a row in place, or with -1 closes it. */
function openPathOf(query: URLSearchParams, path: string): (version: number) => string {
	return (version) => {
		const changed = new URLSearchParams(query);
		changed.delete("at");
		if (version < 0) changed.delete("open");
		else changed.set("open", String(version));
		const text = String(changed);
		return text === "" ? path : `${path}?${text}`;
	};
}

function pathOf({ visit: { path, target } }: Frame): string {
	return path
		.replace("/streams/:stream", streamPath(target.stream))
		.replace(":from", target.from)
		.replace(":count", target.count);
}

/** @param groups how many subscriptions the stream has */
function headingOf(frame: Frame, shown: Shown, groups: number) {
	const { place, last, first, described } = shown;
	const { stream: name } = place;
	const { store } = frame.visit;
	const words = inWords(described);
	const mayDescribe = !name.startsWith("$$") && store.may("write-metadata", name);
	const edit = mayDescribe && html`<a href="${streamPath(name, "/metadata")}">Edit</a>`;
	const note = words && html`<p class="note">${words} ${edit}</p>`;
	return {
		heading: name === ALL ? "All events" : html`<span class="mono">${nameOf(name)}</span>`,
		crumbs: name === ALL ? undefined : crumbsOf(name),
		facts: html`<span><b>${grouped(last + 1 - first)}</b> ${last - first === 0 ? "event" : "events"}</span><span>last <b>${grouped(last)}</b></span>${since(frame, shown)}`,
		note: html`${stoppedNote(store.facts().stopped)}${note}`,
		actions: [subscriptionsOf(name, groups), actionsOf(frame, shown)],
	};
}

function since({ now }: Frame, { entries, place }: Shown): Part {
	const [newest] = entries;
	if (!newest || !place.isHead) return undefined;
	const time = (newest.link ?? newest.event).created;
	return html`<span>last ${agoOf(time, now)}, ${clockOf(time, now)} UTC</span>`;
}

function subscriptionsOf(stream: StreamName, groups: number): Part {
	if (groups === 0) return undefined;
	const text = counted(groups, "subscription");
	return html`<a class="button" href="${subscriptionsPath(stream)}">${text}</a>`;
}

function actionsOf({ visit: { store } }: Frame, { place, described, last }: Shown): Part {
	const { stream: name } = place;
	const hasMetadata = !name.startsWith("$$") && name !== ALL;
	// What the store lists by itself, the screens leave alone.
	const isOwn = isDeletable(name, false) && !isIndexStream(name);
	const canDelete = isOwn && store.may("delete", name);
	const text = described.version < 0 ? "Add metadata" : "Metadata";
	return [
		last >= 0 &&
			html`<a class="button" href="${streamPath(name)}?as-of=${last}" data-key="t">As of <kbd class="wide needs-script">t</kbd></a>`,
		hasMetadata && html`<a class="button" href="${streamPath(name, "/metadata")}">${text}</a>`,
		canDelete &&
			html`<a class="button" href="${streamPath(name)}?deed=truncate" data-dialog>Truncate</a>`,
		canDelete &&
			html`<a class="button" href="${streamPath(name)}?deed=delete" data-dialog>Delete</a>`,
	];
}

function asideOf({ visit }: Frame, shown: Shown, refused: Refused | undefined): Html {
	const { place, last } = shown;
	const { stream: name } = place;
	const mayAppend = isWritable(name) && visit.store.may("write", name);
	return html`${mayAppend && appendPanel(visit, name, { last, expects: last }, refused)}
<section class="panel" aria-labelledby="elsewhere"><header><h2 id="elsewhere">Read it elsewhere</h2></header><div class="body"><p class="links">${elsewhere(name)}</p></div></section>
${commandOf(visit, shown)}`;
}

/** Gets what the page shows: the events of its range, or the newest of a type. */
function commandOf(visit: Visit, { place, filtered }: Shown): Html {
	const { base } = visit;
	const { stream, range } = place;
	if (filtered) {
		const query = new URLSearchParams({ stream, type: filtered.type });
		return curlPanel(visit, `${base}/search?${query}`, accepting("application/x-ndjson"));
	}
	return curlPanel(visit, base + pageUrl("", stream, range), accepting(LINES));
}

/** Each is the stream's own URL, in another form. */
function elsewhere(name: StreamName): Part {
	const forms = [
		["Atom", "atom"],
		["JSON Feed", "json-feed"],
		["NDJSON", "ndjson"],
		["CSV", "csv"],
		["Live (SSE)", "event-stream"],
		["CloudEvents", "cloudevents"],
	] as const;
	const file = visibleText(name)
		.replace(/[^\w.-]+/g, "_")
		.slice(0, 100);
	return forms.map(([text, format]) => {
		const isFile = format === "ndjson" || format === "csv";
		const download = isFile ? html` download="${file}.${format}"` : "";
		return html`<a href="${streamPath(name)}?format=${format}"${download}>${text}</a>`;
	});
}

/** A stream that shows no events: never written to, hidden, or deleted until the next append. */
function emptyStream(frame: Frame, shown: Shown, refused: Refused | undefined): Screen {
	const { visit } = frame;
	const { place, described } = shown;
	const { stream: name } = place;
	const { isDeleted } = described.rules;
	const canBringBack = isDeleted && visit.store.may("write-metadata", name);
	const back = html`<form method="post" action="${streamPath(name)}" class="buttons"><input type="hidden" name="_token" value="${visit.token}"><input type="hidden" name="action" value="restore"><button type="submit">Bring back</button></form>`;
	const said = isDeleted
		? html`<div class="note warn"><b>Deleted.</b> Its events are hidden, and kept until a scavenge erases them. The next append brings the stream back without them; “Bring back” shows them again. ${canBringBack && back}</div>`
		: html`<p class="note">No events. The first append makes the stream.</p>`;
	const mayAppend = isWritable(name) && visit.store.may("write", name);
	return screenOf(frame, {
		title: name,
		place: "streams",
		// As programs are told: nothing can be read here.
		status: refused?.problem.status ?? 404,
		heading: html`<span class="mono">${nameOf(name)}</span>${isDeleted && html` <span class="badge warn">deleted</span>`}`,
		crumbs: crumbsOf(name),
		facts: counted(0, "event"),
		note: html`${stoppedNote(visit.store.facts().stopped)}${said}`,
		main: mayAppend
			? appendPanel(visit, name, { last: isDeleted ? -2 : -1, expects: -1 }, refused)
			: html`<section class="panel"><div class="empty"><h2>Nothing here yet</h2><p>The store itself writes this list, as soon as there is something to list.</p></div></section>`,
		aside: curlPanel(visit, visit.base + streamPath(name), accepting("application/x-ndjson")),
		keys: STREAM_KEYS,
	});
}
