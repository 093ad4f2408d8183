/** A stream or the whole log as of a moment: its events until then, and the object they make. */
import { isRefusal } from "../../../src/errors.ts";
import { ALL, parseStreamName, type StreamName } from "../../../src/event.ts";
import { asOfIn, parseAsOf } from "../../../src/pages/as-of/query.ts";
import { readAsOf } from "../../../src/pages/as-of/read.ts";
import type { Screen } from "../../../src/screens.ts";
import { type Frame, redirect, screenOf } from "../../frame/frame.ts";
import { COPY_KEY, ENTER_TIME_KEY, ROW_KEYS, STEP_KEYS } from "../../frame/keys.ts";
import { html, type Part } from "../../html.ts";
import { accepting, curlPanel } from "../../parts/curl.ts";
import { nameOf, streamLink, streamPath } from "../../parts/name.ts";
import { clockOf, dateOf, grouped } from "../../parts/numbers.ts";
import { stoppedNote } from "../../parts/state/stopped.ts";
import { crumbsOf } from "../stream/crumbs.ts";
import { describedIn, inWords } from "../stream/described.ts";
import { momentOf } from "../stream/jump.ts";
import { stream as streamScreen } from "../stream/screen.ts";
import type { Moment } from "./moment.ts";
import { objectPanel } from "./object.ts";
import { railPanel } from "./rail.ts";
import { eventsPanel } from "./rows.ts";
import { readScale } from "./scale.ts";
import { logThenPanel } from "./then.ts";

/** @throws Refusal as a read of the stream, and `malformed-query` */
export async function time(frame: Frame): Promise<Screen> {
	const { visit, now } = frame;
	const stream = parseStreamName(visit.target.stream);
	const elsewhere = placeInstead(stream, (visit.query.get("as-of") ?? "").trim(), now);
	if (elsewhere !== undefined) return redirect(visit, elsewhere);
	try {
		const read = await readAsOf(visit.store, stream, parseAsOf(visit.query));
		const entry = read.events.at(-1)?.entry;
		const newest = entry?.version === read.at ? entry : undefined;
		const isByTime = visit.query.get("by") !== "number";
		return await momentScreen(frame, { ...read, stream, newest, isByTime });
	} catch (error) {
		// The stream's own screen says what became of it.
		if (isRefusal(error, "stream-not-found")) return streamScreen(frame);
		throw error;
	}
}

/** What a person types besides what programs send: `09:55`, `2026-11-29 09:55`, `-5m`. */
function placeInstead(stream: StreamName, text: string, now: number): string | undefined {
	if (text === "") return streamPath(stream);
	if (asOfIn(text)) return undefined;
	const moment = momentOf(text, now);
	if (moment === undefined) return undefined;
	return `${streamPath(stream)}?as-of=${new Date(moment).toISOString()}`;
}

async function momentScreen(frame: Frame, moment: Moment): Promise<Screen> {
	const { visit } = frame;
	const { stream, at, isObject } = moment;
	const [scale, events, note, beside] = await Promise.all([
		readScale(visit.store, moment),
		eventsPanel(frame, moment),
		noteOf(frame, moment),
		isObject ? objectPanel(moment) : logThenPanel(frame, moment),
	]);
	const url = `${visit.base}${streamPath(stream)}?${new URLSearchParams({ "as-of": asOfOf(visit.query, at) })}`;
	return screenOf(frame, {
		title: `${stream === ALL ? "All events" : stream} ${at < 0 ? "before its first event" : `as of ${at}`}`,
		place: stream === ALL ? "all" : "streams",
		crumbs:
			stream === ALL
				? html`<a href="${streamPath(ALL)}">All events</a> / as of`
				: html`${crumbsOf(stream)} / ${streamLink(stream)} / as of`,
		heading: headingOf(moment),
		facts: factsOf(frame, moment),
		actions: actionsOf(moment, asOfOf(visit.query, at)),
		note: html`${stoppedNote(visit.store.facts().stopped)}${note}`,
		main: html`${railPanel(frame, moment, scale)}<div class="moment"><div class="col">${events}${curlPanel(visit, url, accepting("application/json"))}</div><div class="col">${beside}</div></div>`,
		keys: [...ROW_KEYS, ENTER_TIME_KEY, ...STEP_KEYS, ...(isObject ? [COPY_KEY] : [])],
	});
}

/** As it was asked for, since a time says more than the number of an event. */
function asOfOf(query: URLSearchParams, at: number): string {
	return query.get("as-of") ?? String(at);
}

function headingOf({ stream, at }: Moment): Part {
	const name = stream === ALL ? "All events" : html`<span class="mono">${nameOf(stream)}</span>`;
	const what = stream === ALL ? "position" : "event";
	const when = at < 0 ? "before its first event" : `as of ${what} ${grouped(Number(at))}`;
	return html`${name} <span class="as-of">${when}</span>`;
}

function factsOf({ now }: Frame, { newest, at, first, last, stream }: Moment): Part {
	const shown = newest && (newest.link ?? newest.event);
	const [until, all] = [
		Math.max(Number(at) + 1 - Number(first), 0),
		Number(last) + 1 - Number(first),
	];
	const isToday = shown && dateOf(shown.created) === dateOf(now);
	return html`${shown && html`<span>${isToday && `${dateOf(shown.created)} `}<b>${clockOf(shown.created, now)}</b> UTC</span>`}${
		shown && stream !== ALL && html`<span>position <b>${grouped(Number(shown.position))}</b></span>`
	}<span><b>${grouped(until)}</b> of ${grouped(all)} events</span>`;
}

function actionsOf(moment: Moment, asked: string): Part {
	const { stream, newest, isByTime } = moment;
	const current = html` aria-current="true"`;
	const path = `${streamPath(stream)}?as-of=${encodeURIComponent(asked)}`;
	const position = newest && Number((newest.link ?? newest.event).position);
	return html`<span class="segments"><a href="${path}" data-step${isByTime ? current : ""}>By time</a><a href="${path}&by=number" data-step${isByTime ? "" : current}>By number</a></span>${
		stream !== ALL &&
		position !== undefined &&
		html`<a class="button" href="${streamPath(ALL)}?as-of=@${position}">The whole log as of here</a>`
	}<a class="button" href="${streamPath(stream)}">Back to now</a>`;
}

async function noteOf({ visit, now }: Frame, { stream, at, first, last }: Moment): Promise<Part> {
	if (Number(first) > 0) {
		const words = inWords(await describedIn(visit.store, stream));
		return html`<p class="note">Events before ${grouped(Number(first))} are hidden now: they expired, or were truncated, deleted or erased. They are left out here. ${words}</p>`;
	}
	if (at >= 0 || last < 0) return undefined;
	const range = { stream, from: 0, limit: 1, direction: "forward", content: false } as const;
	const [entry] = (await visit.store.read(range)).entries;
	const begun = entry && clockOf((entry.link ?? entry.event).created, now);
	return html`<p class="note">Nothing had happened by then. The first event came ${begun} UTC.</p>`;
}
