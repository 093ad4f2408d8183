/**
 * The rail: a stream's life from left to right, a mark for each event, and a slider over it. It is
 * drawn in percent, so that it fits any width.
 */
import { ALL } from "../../../src/event.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html, type Part } from "../../html.ts";
import { streamPath } from "../../parts/name.ts";
import { clockOf, grouped } from "../../parts/numbers.ts";
import { lifeOf, saidOf } from "./life.ts";
import { type Moment, momentPath } from "./moment.ts";
import type { Scale } from "./scale.ts";

export function railPanel(frame: Frame, moment: Moment, scale: Scale): Html {
	const { stream, isByTime } = moment;
	const what = stream === ALL ? "position" : "event";
	const hidden = isByTime ? "" : html`<input type="hidden" name="by" value="number">`;
	const svg = lifeOf(frame, moment, scale);
	return html`<section class="panel" aria-label="Where this is">
<div class="tools">${stepLinks(moment)}<span class="end"><form method="get" action="${streamPath(stream)}"><input name="as-of" type="text" size="24" placeholder="Number, @position or time" aria-label="As of a number, a position or a time (UTC)" maxlength="64" autocomplete="off">${hidden}<button>Go</button></form></span></div>
<div class="body">${binsOf(frame, moment, scale)}${slider(moment, scale, svg, what)}</div>
</section>`;
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
	const links = [
		link(Number(first), "First", ""),
		link(at - 1, "← Before", "ArrowLeft"),
		link(at + 1, "After →", "ArrowRight"),
		link(last, "Last", ""),
	];
	return html`<span class="buttons">${links}</span>`;
}

function slider(moment: Moment, { marks, isByTime }: Scale, svg: Html, what: string): Part {
	const [oldest, newest] = [marks[0], marks.at(-1)];
	if (!oldest || !newest) return undefined;
	const current = marks.findLast(({ version }) => version <= moment.at);
	const said = current
		? `${what} ${current.version}, ${saidOf(current)}`
		: "before the first event";
	const by = moment.isByTime ? "" : "&by=number";
	const isOneMoment = moment.isByTime && !isByTime && marks.length > 1;
	const hint =
		isOneMoment &&
		html`<p class="hint">All of these are of one moment, so the rail goes by number.</p>`;
	return html`<div class="slider" data-url="${streamPath(moment.stream)}?as-of=" data-by="${by}" data-what="${what}">${svg}<input type="range" id="moment" class="needs-script" aria-label="As of ${what}" min="${oldest.version}" max="${newest.version}" step="1" value="${current?.version ?? oldest.version}" aria-valuetext="${said}"></div>${hint}`;
}

/** All of a long stream by number, in parts; the frame is what the rail below shows. */
function binsOf(frame: Frame, moment: Moment, { bins, marks }: Scale): Part {
	const [oldest, newest] = [marks[0], marks.at(-1)];
	if (!bins || !oldest || !newest) return undefined;
	const last = Number(moment.last);
	const share = (version: number) => `${((100 * version) / (last + 1)).toFixed(2)}%`;
	const width = share(newest.version - oldest.version + 1);
	const wide = (100 / bins.length).toFixed(2);
	const parts = bins.map((type, index) => {
		const hue = frame.types.hues.get(type) ?? 0;
		const x = ((100 * index) / bins.length).toFixed(2);
		return html`<rect class="f${hue}" x="${x}%" y="3" width="${wide}%" height="14"/>`;
	});
	const times = [oldest, newest].map(({ time }) => clockOf(time, frame.now));
	const shown = `${grouped(oldest.version)} to ${grouped(newest.version)}`;
	return html`<svg class="bins" width="100%" height="20" data-last="${last}" aria-hidden="true">${parts}<rect class="here" x="${share(oldest.version)}" y="1" width="${width}" height="18" rx="2"/></svg>
<p class="hint">All ${grouped(last + 1)} events in ${bins.length} parts.
The rail below shows ${shown}, from ${times[0]} to ${times[1]} UTC.</p>`;
}
