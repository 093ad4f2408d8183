/** The parts of the forms about webhooks, and the paths of their pages. */
import { webhookUrl } from "../../../src/http/urls.ts";
import type { Visit } from "../../../src/screens.ts";
import { type Html, html, type Part } from "../../html.ts";

/** Where the forms are sent. */
export const FORMS = "/ui/webhooks";

export function webhookPath(name: string): string {
	return webhookUrl("", name);
}

/** @param name of the webhook that the form is about, if there is one yet */
export function hiddenFields({ token }: Visit, action: string, name?: string): Html {
	const about = name !== undefined && html`<input type="hidden" name="name" value="${name}">`;
	return html`<input type="hidden" name="_token" value="${token}"><input type="hidden" name="action" value="${action}">${about}`;
}

/** A button that is a form by itself. */
export function buttonForm(visit: Visit, action: string, name: string, text: Part): Html {
	return html`<form method="post" action="${FORMS}">${hiddenFields(visit, action, name)}<button type="submit">${text}</button></form>`;
}

export function settingsField(label: string, text: string, rows: number): Html {
	return html`<label class="field">${label}<textarea name="settings" rows="${rows}" spellcheck="false">${"\n"}${text}</textarea></label>`;
}
