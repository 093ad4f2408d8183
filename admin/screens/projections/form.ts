/** The parts of the forms about projections, and the paths of their pages. */
import { projectionUrl } from "../../../src/http/urls.ts";
import type { Standing } from "../../../src/projections/status.ts";
import type { Visit } from "../../../src/screens.ts";
import { type Html, html } from "../../html.ts";

/** Where the forms are sent. */
export const FORMS = "/ui/projections";

export function projectionPath(name: string, below = ""): string {
	return `${projectionUrl("", name)}${below}`;
}

/** @param name of the projection that the form is about, if there is one yet */
export function hiddenFields({ token }: Visit, action: string, name?: string): Html {
	const about = name !== undefined && html`<input type="hidden" name="name" value="${name}">`;
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}">${about}`;
}

export function queryField(label: string, query: string, rows: number): Html {
	return html`<label class="field">${label}<textarea class="mono" name="query" rows="${rows}" required spellcheck="false" autocapitalize="off">${"\n"}${query}</textarea></label>
<p class="hint" role="status" data-checks-query data-url="/projections/steps?count=0"></p>`;
}

/** The contract's words for it, as badges. */
export function statusOf({ status, isSystem, progress }: Standing): Html {
	if (isSystem) return html`<span class="badge ok">by the log</span>`;
	if (status.startsWith("Faulted")) return html`<span class="badge bad">faulted</span>`;
	if (status === "Completed") return html`<span class="badge ok">completed</span>`;
	if (status !== "Running") return html`<span class="badge">${status.toLowerCase()}</span>`;
	if (progress.lag === 0) return html`<span class="badge ok">at the head</span>`;
	return html`<span class="badge warn">catches up</span>`;
}

export function percentOf({ progress: { next, end, lag } }: Standing): string {
	if (lag === 0 || end === 0) return "100 %";
	return `${Math.floor((100 * next) / end)} %`;
}
