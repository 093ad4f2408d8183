/**
 * The rail: a stream's life from left to right, a mark for each event, and a slider over it. It is
 * drawn in percent, so that it fits any width.
 */
import { ALL } from "../../../src/event.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { streamPath } from "../../parts/name.ts";
import { clockOf, grouped } from "../../parts/numbers.ts";
import { visibleText } from "../../parts/visible.ts";
import { type Moment, momentPath } from "./moment.ts";
import type { Mark, Scale } from "./scale.ts";
import { ticksOf } from "./ticks.ts";

/** Labels stand so far apart, as parts of the rail: on a wide screen, and on a narrow one. */
const APART = 0.035;
const APART_NARROW = 0.12;

export function railPanel(frame: Frame, moment: Moment, scale: Scale): Html {
	const { stream, isByTime } = moment;
	const what = stream === ALL ? "position" : "event";
	const hidden = isByTime ? "" : html`<input type="hidden" name="by" value="number">`;
	return html`<section class="panel" aria-label="Where this is">
<div class="tools">${stepLinks(moment)}<span class="end"><form method="get" action="${streamPath(stream)}"><input name="as-of" type="text" size="24" placeholder="Number, @position or time" aria-label="As of a number, a position or a time (UTC)" maxlength="64" autocomplete="off">${hidden}<button>Go</button></form></span></div>
<div class="body">${binsOf(frame, moment, scale)}${slider(frame, moment, scale, what)}</div></section>`;
}

/** Without the script these links step. */
function stepLinks(moment: Moment): Html {
	const { first } = moment;
	const [at, last] = [Number(moment.at), Number(moment.last)];
	const link = (to: number, text: string, key: string) => {
		const isThere = to >= Number(first) && to <= last && to !== at;
		if (!isThere) return html`<span class="button" aria-disabled="true">${text}</span>`;
		const keyed = key === "" ? "" : html` data-key="${key}"`;
		return html`<a class="button" href="${momentPath(moment, to)}" data-step${keyed}>${text}</a>`;
	};
	return html`<span class="buttons">${link(Number(first), "First", "")}${link(at - 1, "← Before", "ArrowLeft")}${link(at + 1, "After →", "ArrowRight")}${link(last, "Last", "")}</span>`;
}

function slider(frame: Frame, moment: Moment, { marks, isByTime }: Scale, what: string): Part {
	const [oldest, newest] = [marks[0], marks.at(-1)];
	if (!oldest || !newest) return undefined;
	const at = Number(moment.at);
	const current = marks.findLast(({ version }) => version <= at);
	const said = current
		? `${what} ${current.version}, ${saidOf(current)}`
		: "before the first event";
	const isOneMoment = moment.isByTime && !isByTime && marks.length > 1;
	const svg = html`<svg class="life" width="100%" height="76" aria-hidden="true">
<rect class="track" x="0" y="28" width="100%" height="22" rx="3"/>
<rect class="past" x="0" y="28" width="${current ? percent(current.at) : 0}" height="22" rx="3"/>
${ticksOf(marks, isByTime).map(({ at: place, text }) => html`<line class="rail" x1="${percent(place)}" x2="${percent(place)}" y1="50" y2="54"/><text class="tick" x="${percent(place)}" y="68">${text}</text>`)}
${marks.map((mark) => markOf(frame, mark, at))}
${labelsOf(isByTime ? marks : [], current)}
${current && html`<rect class="at" x="${percent(current.at)}" y="24.5" width="13" height="29" rx="3"/>`}</svg>`;
	return html`<div class="slider" data-url="${streamPath(moment.stream)}?as-of=" data-by="${moment.isByTime ? "" : "&by=number"}" data-what="${what}">${svg}<input type="range" id="moment" class="needs-script" aria-label="As of ${what}" min="${oldest.version}" max="${newest.version}" step="1" value="${current?.version ?? oldest.version}" aria-valuetext="${said}"></div>${isOneMoment && html`<p class="hint">All of these are of one moment, so the rail goes by number.</p>`}`;
}

function markOf({ types }: Frame, mark: Mark, at: number): Html {
	const hue = types.hues.get(mark.type) ?? 0;
	const later = mark.version > at ? " later" : "";
	return html`<rect class="mk f${hue}${later}" x="${percent(mark.at)}" y="28" width="5" height="22" data-v="${mark.version}" data-said="${saidOf(mark)}"/>`;
}

function saidOf({ type, time }: Mark): string {
	return `${visibleText(type)}, ${new Date(time).toISOString().replace("T", " ")}`;
}

/** The number of the current event, and of as many others as there is room for. */
function labelsOf(marks: readonly Mark[], current: Mark | undefined): Part {
	const labels: { mark: Mark; isNarrow: boolean }[] = [];
	let [wide, narrow] = [-1, -1];
	for (const mark of marks) {
		const fits = (apart: number, before: number) =>
			mark.at - before >= apart && (!current || Math.abs(mark.at - current.at) >= apart);
		if (mark === current || !fits(APART, wide)) continue;
		const isNarrow = fits(APART_NARROW, narrow);
		labels.push({ mark, isNarrow });
		wide = mark.at;
		if (isNarrow) narrow = mark.at;
	}
	return html`${labels.map(({ mark, isNarrow }) => html`<text class="${isNarrow ? "label" : "label wide"}" x="${percent(mark.at)}" y="18">${grouped(mark.version)}</text>`)}${
		current &&
		html`<text class="label now" x="${percent(current.at)}" y="18">${grouped(current.version)}</text>`
	}`;
}

/** All of a long stream by number, in parts; the frame is what the rail below shows. */
function binsOf(frame: Frame, moment: Moment, { bins, marks }: Scale): Part {
	const [oldest, newest] = [marks[0], marks.at(-1)];
	if (!bins || !oldest || !newest) return undefined;
	const last = Number(moment.last);
	const share = (version: number) => `${((100 * version) / (last + 1)).toFixed(2)}%`;
	const width = share(newest.version - oldest.version + 1);
	const parts = bins.map(
		(type, index) =>
			html`<rect class="f${frame.types.hues.get(type) ?? 0}" x="${((100 * index) / bins.length).toFixed(2)}%" y="3" width="${(100 / bins.length).toFixed(2)}%" height="14"/>`,
	);
	return html`<svg class="bins" width="100%" height="20" data-last="${last}" aria-hidden="true">${parts}<rect class="here" x="${share(oldest.version)}" y="1" width="${width}" height="18" rx="2"/></svg>
<p class="hint">All ${grouped(last + 1)} events in ${bins.length} parts. The rail below shows ${grouped(oldest.version)} to ${grouped(newest.version)}, from ${clockOf(oldest.time, frame.now)} to ${clockOf(newest.time, frame.now)} UTC.</p>`;
}

/** A mark has room at both ends of the rail. */
function percent(at: number): string {
	return `${(1 + 98 * at).toFixed(2)}%`;
}
