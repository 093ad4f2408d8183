/** How a subscriber of the hub stands, in a word. */
import type { HubStanding } from "../../../src/push/hub/shown.ts";
import { type Html, html } from "../../html.ts";

export function badgesOf({ heldUp, circuit, lagEvents, lastAttempt }: HubStanding): Html {
	if (heldUp !== "") return html`<span class="badge bad">held up</span>`;
	if (circuit !== "closed") return html`<span class="badge bad">circuit ${circuit}</span>`;
	if (lagEvents === 0) return html`<span class="badge ok">all sent</span>`;
	if (lastAttempt && lastAttempt.word !== "delivered")
		return html`<span class="badge warn">tries again</span>`;
	return html`<span class="badge accent">sends</span>`;
}
