/** What the log held at a moment, beside a stream that holds the events of several. */
import { ALL } from "../../../src/event.ts";
import { STREAMS } from "../../../src/indexes/joins.ts";
import { findAsOf } from "../../../src/pages/as-of/place.ts";
import type { Frame } from "../../frame/frame.ts";
import { type Html, html } from "../../html.ts";
import { streamPath } from "../../parts/name.ts";
import { grouped } from "../../parts/numbers.ts";
import type { Moment } from "./moment.ts";

export async function logThenPanel({ visit: { store } }: Frame, moment: Moment): Promise<Html> {
	const { newest } = moment;
	const position = newest === undefined ? -1 : Number((newest.link ?? newest.event).position);
	const streams = await streamsThen(store, position);
	const whole = `${streamPath(ALL)}?as-of=@${position}`;
	const listed = html`<a href="${streamPath(STREAMS)}?as-of=${streams - 1}">${grouped(streams)}</a>`;
	const all =
		position >= 0 && moment.stream !== ALL
			? html`<dt>The whole log</dt><dd><a href="${whole}">as of position ${grouped(position)}</a></dd>`
			: "";
	return html`<section class="panel" aria-labelledby="then"><header><h2 id="then">The log then</h2></header><div class="body"><dl class="facts-list">
<dt>Events</dt><dd>${grouped(position + 1)}</dd><dt>Streams</dt><dd>${streams === 0 ? "0" : listed}</dd>${all}</dl>
<p class="hint">These are events of several streams, so they make no object.
Each row leads to its stream as of that event.</p></div></section>`;
}

/** How many streams clients had appended to. */
async function streamsThen(store: Frame["visit"]["store"], position: number): Promise<number> {
	if (position < 0) return 0;
	return Number((await findAsOf(store, STREAMS, { kind: "position", position })).at) + 1;
}
