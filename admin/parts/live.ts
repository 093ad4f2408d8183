/**
 * The live line of a table: new events come in place, or wait behind a button while somebody reads.
 * Without JavaScript the page shows what is new when it is loaded again.
 */
import type { StreamName } from "../../src/event.ts";
import { type Html, html } from "../html.ts";

/** @param last the newest event that the table could show; -1 for none */
export function liveOf(stream: StreamName, last: number): Html {
	return html`<p class="live" id="live" data-url="/log/changes" data-stream="${stream}" data-last="${last}"><i class="dot"></i><b role="status">as of now</b><span class="hint" id="live-rate"></span>
<button type="button" class="chip needs-script" id="live-new" hidden></button>
<button type="button" class="quiet needs-script" id="live-pause">Pause <kbd class="wide">p</kbd></button></p>`;
}
