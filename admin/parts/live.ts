/**
 * The live line of a table: new events come in place, or wait behind a button while somebody reads.
 * Without JavaScript a link shows what is newer.
 */
import type { StreamName } from "../../src/event.ts";
import { pageUrl } from "../../src/http/urls.ts";
import { type Html, html } from "../html.ts";

/** @param last the newest event that the table could show; -1 for none */
export function liveOf(stream: StreamName, last: number): Html {
	const page = { direction: "forward", from: last + 1, count: 20 } as const;
	const url = `${pageUrl("", stream, page)}?event=message&embed=content`;
	return html`<p class="live" id="live" data-url="${url}"><i class="dot"></i><b role="status">as of now</b>
<button type="button" class="chip needs-script" id="live-new" hidden></button>
<button type="button" class="quiet needs-script" id="live-pause">Pause <kbd class="wide">p</kbd></button></p>`;
}
