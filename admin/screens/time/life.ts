/** The rail as it is drawn: its marks, the numbers above them, the ticks below. */
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { grouped } from "../../parts/numbers.ts";
import { visibleText } from "../../parts/visible.ts";
import type { Moment } from "./moment.ts";
import type { Mark, Scale } from "./scale.ts";
import { type Tick, ticksOf } from "./ticks.ts";

/** Labels stand so far apart, as parts of the rail: on a wide screen, and on a narrow one. */
const APART = 0.035;
const APART_NARROW = 0.12;

/** In percent, so that it fits any width. */
export function lifeOf(frame: Frame, moment: Moment, { marks, isByTime }: Scale): Html {
	const at = Number(moment.at);
	const current = marks.findLast(({ version }) => version <= at);
	const past = current ? percent(current.at) : "0";
	const here =
		current && html`<rect class="at" x="${past}" y="24.5" width="13" height="29" rx="3"/>`;
	return html`<svg class="life" width="100%" height="76" aria-hidden="true">
<rect class="track" x="0" y="28" width="100%" height="22" rx="3"/>
<rect class="past" x="0" y="28" width="${past}" height="22" rx="3"/>
${ticksOf(marks, isByTime).map(tick)}
${marks.map((mark) => markOf(frame, mark, at))}
${labelsOf(isByTime ? marks : [], current)}
${here}</svg>`;
}

function tick({ at, text, isNarrow }: Tick): Html {
	const x = percent(at);
	const kind = isNarrow ? "tick" : "tick wide";
	return html`<line class="rail" x1="${x}" x2="${x}" y1="50" y2="54"/><text class="${kind}" x="${x}" y="68">${text}</text>`;
}

function markOf({ types }: Frame, mark: Mark, at: number): Html {
	const hue = types.hues.get(mark.type) ?? 0;
	const later = mark.version > at ? " later" : "";
	const x = percent(mark.at);
	return html`<rect class="mk f${hue}${later}" x="${x}" y="28" width="5" height="22" data-v="${mark.version}" data-said="${saidOf(mark)}"/>`;
}

/** As a screen reader says it. */
export function saidOf({ type, time }: Mark): string {
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
	const shown = labels.map(({ mark, isNarrow }) =>
		labelAt(mark, isNarrow ? "label" : "label wide"),
	);
	return [...shown, current && labelAt(current, "label now")];
}

function labelAt({ at, version }: Mark, kind: string): Html {
	return html`<text class="${kind}" x="${percent(at)}" y="18">${grouped(version)}</text>`;
}

/** A mark has room at both ends of the rail. */
function percent(at: number): string {
	return `${(1 + 98 * at).toFixed(2)}%`;
}
